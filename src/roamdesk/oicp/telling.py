"""What a CPO tells the hub of the sessions that it was asked to start: notifications and the charge detail record."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from roamdesk.charging.models import RemoteStart, Session
from roamdesk.charging.roaming.said import Origin
from roamdesk.charging.roaming.services import (
    give_up_telling,
    note_told,
    record_cdr,
    record_notification,
    tell_later,
)
from roamdesk.charging.roaming.telling import desks_with_news, meter_of, news_of
from roamdesk.desks.models import Desk
from roamdesk.oicp.answers import Outcome, Verdict
from roamdesk.oicp.client import HubClient
from roamdesk.oicp.codes import Code
from roamdesk.oicp.connecting import ConnectionRefused, hub_client
from roamdesk.oicp.journal import one_push_at_a_time
from roamdesk.oicp.mapping import charge_record_of, notification_of
from roamdesk.oicp.operations import CHARGING_NOTIFICATIONS
from roamdesk.oicp.transport import CredentialsUnusable
from roamdesk.oicp.wire.charging import Acknowledgement
from roamdesk.oicp.wire.instants import written
from roamdesk.oicp.wire.parts import ContractIdentification, IdentificationType, MifareIdentification
from roamdesk.oicp.wire.records import ChargeDetailRecord, ChargingNotificationEnd, ChargingNotificationStart
from roamdesk.oicp.wire.writing import encode

logger = logging.getLogger(__name__)

Message: TypeAlias = ChargingNotificationStart | ChargingNotificationEnd | ChargeDetailRecord
Told = RemoteStart.Told


def tell_hub(now: datetime) -> int:
    """Tell what is due, of every desk; how many were told. What the hub did not get is told again later."""
    return sum(_tell_of(desk, now) for desk in desks_with_news(now))


def _tell_of(desk: Desk, now: datetime) -> int:
    """One process at a time: whoever waited finds less to tell."""
    told = 0
    with one_push_at_a_time(desk, CHARGING_NOTIFICATIONS):
        try:
            with hub_client(desk) as client:
                while news := news_of(desk, now):
                    told += sum(_tell(client, start, what, now) for start, what in news)
        except (ConnectionRefused, CredentialsUnusable) as problem:
            logger.warning("%s: the hub is not told of its sessions: %s", desk.slug, problem)
    return told


def _tell(client: HubClient, start: RemoteStart, what: RemoteStart.Told, now: datetime) -> bool:
    """Whether the hub has it now."""
    message = _WRITERS[what](start, client.operator_id, now)
    outcome = _sent(client, message)
    if outcome.accepted:
        _keep(start.desk, message, Origin(now, encode(message).decode(), outcome.process_id, sent_by_us=True))
        note_told(start, what)
    elif not _is_final(outcome):
        tell_later(start, now)
    elif what is Told.RECORD:
        logger.warning("session %s: the hub confirms no record of it: %s", start.hub_session_id, outcome.says)
        give_up_telling(start)
    else:
        # A notification may be missing (section 5.12): what follows is told all the same.
        note_told(start, what)
    return outcome.accepted


def _sent(client: HubClient, message: Message) -> Outcome[Acknowledgement]:
    if isinstance(message, ChargeDetailRecord):
        return client.send_charge_detail_record(message)
    return client.notify(message)


def _is_final(outcome: Outcome[Acknowledgement]) -> bool:
    """A repeat would change nothing: the hub's no, a rule of ours, or a record that it may have stored before.

    An HTTP error is not its no: a certificate that ran out is renewed.
    """
    refused = outcome.verdict is Verdict.REFUSED and outcome.http_status == 200
    said_no = refused or outcome.verdict is Verdict.WRONG_DATA
    breaks_a_rule = outcome.verdict is Verdict.NOT_SENT and bool(outcome.findings)
    return said_no or breaks_a_rule or outcome.code == Code.SESSION_INVALID


def _keep(desk: Desk, message: Message, origin: Origin) -> None:
    if isinstance(message, ChargeDetailRecord):
        record_cdr(desk, charge_record_of(message, origin))
    else:
        record_notification(desk, notification_of(message, origin))


def _begun(start: RemoteStart, operator_id: str, now: datetime) -> ChargingNotificationStart:
    session = _session(start)
    return ChargingNotificationStart(
        Type="Start", OperatorID=operator_id, ChargingStart=_local(start, session.started_at), **_names(start)
    )


def _ended(start: RemoteStart, operator_id: str, now: datetime) -> ChargingNotificationEnd:
    session = _session(start)
    return ChargingNotificationEnd(
        Type="End", OperatorID=operator_id, ChargingStart=_local(start, session.started_at),
        ChargingEnd=_local(start, _end(session, now)), **_energy(session), **_names(start),
    )  # fmt: skip


def _record(start: RemoteStart, operator_id: str, now: datetime) -> ChargeDetailRecord:
    session = _session(start)
    began, ended = _local(start, session.started_at), _local(start, _end(session, now))
    return ChargeDetailRecord(
        SessionStart=began, SessionEnd=ended, ChargingStart=began, ChargingEnd=ended, HubOperatorID=operator_id,
        HubProviderID=start.provider_id or None, **_energy(session), **_names(start),
    )  # fmt: skip


_WRITERS: dict[RemoteStart.Told, Callable[[RemoteStart, str, datetime], Message]] = {
    Told.BEGUN: _begun,
    Told.ENDED: _ended,
    Told.RECORD: _record,
}


def _session(start: RemoteStart) -> Session:
    if start.session is None:
        raise ValueError("Nothing is told of a start whose transaction has not begun.")
    return start.session


def _names(start: RemoteStart) -> dict[str, Any]:
    session = _session(start)
    return {
        "SessionID": start.hub_session_id, "EvseID": start.evse.evse_id, "Identification": _identification(start),
        "CPOPartnerSessionID": session.cpo_session_id or start.tag,
        "EMPPartnerSessionID": session.msp_session_id or None,
    }  # fmt: skip


def _energy(session: Session) -> dict[str, Any]:
    begin, end = meter_of(session) or (None, None)
    return {"ConsumedEnergy": session.energy_kwh, "MeterValueStart": begin, "MeterValueEnd": end}


def _end(session: Session, now: datetime) -> datetime:
    """A station whose clock is fast ends in the future, which the hub refuses."""
    return max(session.started_at, min(session.ended_at or now, now))


def _identification(start: RemoteStart) -> IdentificationType:
    """As the MSP named its User."""
    if start.contract_id:
        return IdentificationType(RemoteIdentification=ContractIdentification(EvcoID=start.contract_id))
    return IdentificationType(RFIDMifareFamilyIdentification=MifareIdentification(UID=start.token_key))


def _local(start: RemoteStart, at: datetime) -> str:
    """With the offset that holds at the desk at that moment (section 3)."""
    return written(at.astimezone(ZoneInfo(start.desk.zone)))
