"""What the hub asks of a CPO: start charging at one of our EVSEs, or keep one for a User (sections 5.4 and 5.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from django_scopes import scope

from roamdesk.charging.models import Command, Evse
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.said import Origin, SessionIds
from roamdesk.charging.roaming.services import (
    Hindrance,
    OrderRefused,
    order_cancellation,
    order_reservation,
    order_start,
    settle_cancellation,
    settle_reservation,
    settle_start,
)
from roamdesk.desks.models import Desk
from roamdesk.oicp.codes import Code
from roamdesk.oicp.cpo_side import evse_of
from roamdesk.oicp.mapping import authorisation_of
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.patience import outcome_of
from roamdesk.oicp.refusing import CallRefused, status_of, the_identification
from roamdesk.oicp.wire.charging import (
    Acknowledgement,
    AuthorizeRemoteStart,
    RemoteReservationStart,
    RemoteReservationStop,
)

DURATION_MINUTES, LONGEST_MINUTES = 15, 99  # of a reservation: where the MSP names none, and at most

CODE_OF_HINDRANCE: dict[Hindrance, Code] = {
    Hindrance.NO_TOKEN: Code.DATA_ERROR,
    Hindrance.OTHER_SESSION: Code.SESSION_INVALID,
    Hindrance.NOT_CONNECTED: Code.EVSE_SILENT,
    Hindrance.OUT_OF_SERVICE: Code.EVSE_OUT_OF_SERVICE,
    Hindrance.IN_USE: Code.IN_USE,
    Hindrance.RESERVED: Code.ALREADY_RESERVED,
    Hindrance.NO_RESERVATION: Code.SESSION_INVALID,
}
# A station says no without a reason in 1.6, since 2.x perhaps with one of these; else its state tells.
_CODE_OF_REASON = {"NoCable": Code.NO_VEHICLE, "TxInProgress": Code.IN_USE, "TxStarted": Code.IN_USE}
_CODE_OF_STATUS = {
    "Available": Code.NO_VEHICLE, "Charging": Code.IN_USE, "SuspendedEV": Code.IN_USE, "SuspendedEVSE": Code.IN_USE,
    "Finishing": Code.IN_USE, "Reserved": Code.IN_USE, "Faulted": Code.EVSE_OUT_OF_SERVICE,
    "Unavailable": Code.EVSE_OUT_OF_SERVICE,
}  # fmt: skip


def remote_start(desk: Desk, hub: HubConnection, message: AuthorizeRemoteStart, origin: Origin) -> Acknowledgement:
    """Order the station to start, once for one session, and say what it answered. Raises CallRefused, EvidenceRefused.

    What the hub is told is what holds: a station that accepts after we said no may not charge.
    """
    evse = evse_of(desk, message.EvseID or "")
    the_identification(message.Identification)
    said = authorisation_of(message, origin)
    with _hindrances():
        start = order_start(desk, evse, said)
    outcome = outcome_of(start.command_id)
    ids = SessionIds(said.ids.hub, said.ids.cpo or start.tag, said.ids.msp)
    if not settle_start(desk, start, outcome, replace(said, ids=ids), origin.at):
        raise _refused(desk, start.command_id, evse, _code_of_start)
    return _done(message, ids.cpo)


def start_reservation(
    desk: Desk, hub: HubConnection, message: RemoteReservationStart, origin: Origin
) -> Acknowledgement:
    """Have the station keep the EVSE, and say what it answered. Raises CallRefused, EvidenceRefused."""
    evse = evse_of(desk, message.EvseID or "")
    the_identification(message.Identification)
    minutes = DURATION_MINUTES if message.Duration is None else message.Duration
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise CallRefused(Code.DATA_ERROR, f"/Duration: 1 to {LONGEST_MINUTES} minutes allowed")
    with _hindrances():
        kept = order_reservation(desk, evse, authorisation_of(message, origin), timedelta(minutes=minutes))
    outcome_of(kept.command_id)
    if not settle_reservation(desk, kept, origin.at):
        raise _refused(desk, kept.command_id, evse, _code_of_reservation)
    return _done(message, message.CPOPartnerSessionID or kept.tag)


def end_reservation(desk: Desk, hub: HubConnection, message: RemoteReservationStop, origin: Origin) -> Acknowledgement:
    """Have the station give the EVSE free. Raises CallRefused, EvidenceRefused."""
    evse = evse_of(desk, message.EvseID or "")
    with _hindrances():
        kept = order_cancellation(desk, evse, message.SessionID or "", message.ProviderID or "", origin.at)
    if kept.cancellation_id is not None:
        outcome_of(kept.cancellation_id)
        if not settle_cancellation(desk, kept):
            raise _refused(desk, kept.cancellation_id, evse, _code_of_start)
    return _done(message, message.CPOPartnerSessionID or kept.tag)


@contextmanager
def _hindrances() -> Iterator[None]:
    try:
        yield
    except OrderRefused as problem:
        raise CallRefused(CODE_OF_HINDRANCE[problem.hindrance], f"{problem}"[:1].upper() + f"{problem}."[1:]) from None


def _done(message: AuthorizeRemoteStart | RemoteReservationStart | RemoteReservationStop, ours: str) -> Acknowledgement:
    return Acknowledgement(
        Result=True, StatusCode=status_of(Code.SUCCESS), SessionID=message.SessionID, CPOPartnerSessionID=ours,
        EMPPartnerSessionID=message.EMPPartnerSessionID,
    )  # fmt: skip


def _refused(desk: Desk, command_id: int, evse: Evse, code_of: Callable[[str, str, str], Code]) -> CallRefused:
    with scope(desk=desk):
        command = Command.objects.get(pk=command_id)
        evse.refresh_from_db(fields=["status"])
    outcome = command.outcome or Outcome.NO_ANSWER
    says = ": ".join(filter(None, [f"The station: {outcome.replace('_', ' ')}", command.detail]))
    return CallRefused(code_of(outcome, command.detail, evse.status), says)


def _code_of_reservation(outcome: str, detail: str, status: str) -> Code:
    """A station rejects, or does not know the call, where it reserves nothing at all."""
    unknown_there = outcome == Outcome.CALL_ERROR and detail.startswith(("NotImplemented", "NotSupported"))
    if outcome == Outcome.REJECTED or unknown_there:
        return Code.SERVICE_NOT_AVAILABLE
    if outcome in (Outcome.FAULTED, Outcome.UNAVAILABLE):
        return Code.EVSE_OUT_OF_SERVICE
    if outcome == Outcome.OCCUPIED:
        return Code.ALREADY_RESERVED if status == "Reserved" else Code.IN_USE
    return _code_of_start(outcome, detail, status)


def _code_of_start(outcome: str, detail: str, status: str) -> Code:
    """Silence, and an acceptance that came too late, is a station that was not reached."""
    if outcome in (Outcome.CALL_ERROR, Outcome.NOT_SUPPORTED, Outcome.NOT_POSSIBLE):
        return Code.SYSTEM_ERROR
    if outcome != Outcome.REJECTED:
        return Code.EVSE_SILENT
    reason = detail.partition(":")[0]
    return _CODE_OF_REASON.get(reason) or _CODE_OF_STATUS.get(status) or Code.SYSTEM_ERROR
