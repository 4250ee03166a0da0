"""What a desk tells the hub: EVSE data from a file, states of our stations, tokens for a hub that answers for us."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_scopes import scope

from roamdesk.charging.models import Evse, Token
from roamdesk.desks.models import Desk
from roamdesk.identifiers import EvseId, IdentifierError, OperatorId
from roamdesk.oicp.answers import Outcome
from roamdesk.oicp.connecting import ConnectionRefused, connection_of, hub_client
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.wire import Unreadable
from roamdesk.oicp.wire.authentication import (
    AuthenticationDataRecordType,
    ProviderAuthenticationDataType,
    PushAuthenticationData,
)
from roamdesk.oicp.wire.charging import Acknowledgement
from roamdesk.oicp.wire.evse import (
    EvseDataRecordType,
    EvseStatusRecordType,
    OperatorEvseDataType,
    OperatorEvseStatusType,
    PushEvseData,
    PushEvseStatus,
)
from roamdesk.oicp.wire.parts import ContractIdentification, IdentificationType, MifareIdentification
from roamdesk.oicp.wire.reading import document_of, read_document

AT_A_TIME = 1000


class PushRefused(ValueError):
    """Nothing, or not all, was pushed. The text says what and why."""


@dataclass(frozen=True)
class Pushed:
    sent: int
    says: str


def push_evse_data(desk: Desk, file: Path, action: str, *, empty_is_meant: bool = False) -> Pushed:
    """Push the records of a JSON file: a list of EVSE data records as section 6.4 of the specification has them.

    A full load of nothing takes every EVSE out of roaming: `empty_is_meant` says that this is wanted. A full load
    goes out whole, anything else in parts. Raises PushRefused, ConnectionRefused, CredentialsUnusable.
    """
    hub = _as_cpo(desk)
    records = records_in(file)
    if not records and not (action == "fullLoad" and empty_is_meant):
        raise PushRefused(f"{file} holds no record. A full load of nothing would take every EVSE out of roaming.")
    parts = [tuple(records)] if action == "fullLoad" else list(batches(records))
    with hub_client(desk) as client:
        for part in parts:
            data = OperatorEvseDataType(
                OperatorID=hub.operator_id, OperatorName=desk.name[:100], EvseDataRecord=list(part)
            )
            _check(client.push_evse_data(PushEvseData(ActionType=action, OperatorEvseData=data)))
    return Pushed(len(records), f"{len(records)} EVSE data records: the hub accepted them ({action}).")


def records_in(file: Path) -> list[EvseDataRecordType | None]:
    """Raises PushRefused where the file holds no list of records."""
    try:
        document = document_of(b'{"records":' + file.read_bytes() + b"}")["records"]
    except OSError as problem:
        raise PushRefused(f"{file} cannot be read: {problem.strerror}.") from None
    except Unreadable as problem:
        raise PushRefused(f"{file}: {problem}") from None
    if not isinstance(document, list) or not all(isinstance(record, dict) for record in document):
        raise PushRefused(f"{file} holds no list of EVSE data records.")
    return [read_document(EvseDataRecordType, record).message for record in document]


def push_statuses(desk: Desk, action: str) -> Pushed:
    """Push the state of every EVSE at our stations. Raises PushRefused, ConnectionRefused, CredentialsUnusable."""
    hub = _as_cpo(desk)
    records = list(_statuses(desk, hub))
    if not records:
        raise PushRefused(f"{desk} has no EVSE of {hub.operator_id} at a station of its own.")
    with hub_client(desk) as client:
        data = OperatorEvseStatusType(
            OperatorID=hub.operator_id, OperatorName=desk.name[:100], EvseStatusRecord=list(records)
        )
        _check(client.push_evse_status(PushEvseStatus(ActionType=action, OperatorEvseStatus=data)))
    return Pushed(len(records), f"{len(records)} states: the hub accepted them ({action}).")


STATUSES = {
    "available": "Available", "preparing": "Occupied", "charging": "Occupied", "suspendedev": "Occupied",
    "suspendedevse": "Occupied", "finishing": "Occupied", "occupied": "Occupied", "reserved": "Reserved",
    "faulted": "OutOfService", "unavailable": "OutOfService",
}  # fmt: skip


def status_for_hub(evse: Evse) -> str:
    """As CPOs map a station's words (section 7); a station that is away is out of service."""
    if evse.station is None or not evse.station.is_connected:
        return "OutOfService"
    return STATUSES.get(evse.status.lower(), "Unknown")


def _statuses(desk: Desk, hub: HubConnection) -> Iterator[EvseStatusRecordType]:
    ours = OperatorId.parse(hub.operator_id).key
    with scope(desk=desk):
        evses = list(Evse.objects.filter(desk=desk, station__isnull=False).select_related("station").order_by("pk"))
    for evse in evses:
        try:
            fits = hub.with_subs or EvseId.parse(evse.evse_id).operator_key == ours
        except IdentifierError:
            continue
        if fits:
            yield EvseStatusRecordType(EvseID=evse.evse_id, EvseStatus=status_for_hub(evse))


def push_tokens(desk: Desk) -> Pushed:
    """Leave every card and contract that is not blocked with the hub, in place of what was there (full load).

    Raises PushRefused, ConnectionRefused, CredentialsUnusable.
    """
    hub = connection_of(desk)
    if not hub.provider_id:
        raise ConnectionRefused(f"{desk} is not connected as MSP (EMP): only an MSP leaves tokens with the hub.")
    with scope(desk=desk):
        tokens = list(Token.objects.filter(desk=desk, blocked_at__isnull=True).exclude(kind=Token.Kind.APP))
    if not tokens:
        raise PushRefused(f"{desk} has no token. A full load of nothing would refuse every User.")
    data = ProviderAuthenticationDataType(
        ProviderID=hub.provider_id, AuthenticationDataRecord=[_token(token) for token in tokens]
    )
    with hub_client(desk) as client:
        push = PushAuthenticationData(ActionType="fullLoad", ProviderAuthenticationData=data)
        _check(client.push_authentication_data(push))
    return Pushed(len(tokens), f"{len(tokens)} tokens: the hub accepted them in place of those before.")


def _token(token: Token) -> AuthenticationDataRecordType:
    if token.kind == Token.Kind.RFID:
        return AuthenticationDataRecordType(
            Identification=IdentificationType(RFIDMifareFamilyIdentification=MifareIdentification(UID=token.key))
        )
    contract = ContractIdentification(EvcoID=token.contract_id or token.value)
    return AuthenticationDataRecordType(Identification=IdentificationType(RemoteIdentification=contract))


def batches(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (records[start : start + AT_A_TIME] for start in range(0, len(records), AT_A_TIME))


def _check(outcome: Outcome[Acknowledgement]) -> None:
    if not outcome.accepted:
        reference = f" Process-ID: {outcome.process_id}" if outcome.process_id else ""
        raise PushRefused(f"{outcome.verdict.value.capitalize()}: {outcome.says}{reference}")


def _as_cpo(desk: Desk) -> HubConnection:
    hub = connection_of(desk)
    if not hub.operator_id:
        raise ConnectionRefused(f"{desk} is not connected as CPO: only a CPO pushes EVSEs. See: roamdesk oicp connect")
    return hub
