"""What the hub asks of a CPO: start charging at one of our EVSEs (section 5.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from django_scopes import scope

from roamdesk.charging.models import Command, Evse
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.said import Origin, SessionIds
from roamdesk.charging.roaming.services import Hindrance, StartRefused, order_start, settle_start
from roamdesk.desks.models import Desk
from roamdesk.oicp.codes import Code
from roamdesk.oicp.cpo_side import evse_of
from roamdesk.oicp.mapping import authorisation_of
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.patience import outcome_of
from roamdesk.oicp.refusing import CallRefused, status_of, the_identification
from roamdesk.oicp.wire.charging import Acknowledgement, AuthorizeRemoteStart

CODE_OF_HINDRANCE: dict[Hindrance, Code] = {
    Hindrance.NO_TOKEN: Code.DATA_ERROR,
    Hindrance.OTHER_SESSION: Code.SESSION_INVALID,
    Hindrance.NOT_CONNECTED: Code.EVSE_SILENT,
    Hindrance.OUT_OF_SERVICE: Code.EVSE_OUT_OF_SERVICE,
    Hindrance.IN_USE: Code.IN_USE,
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
    try:
        start = order_start(desk, evse, said)
    except StartRefused as problem:
        raise CallRefused(CODE_OF_HINDRANCE[problem.hindrance], f"{problem}.".capitalize()) from None
    outcome = outcome_of(start.command_id)
    ids = SessionIds(said.ids.hub, said.ids.cpo or start.tag, said.ids.msp)
    if not settle_start(desk, start, outcome, replace(said, ids=ids), datetime.now(UTC)):
        raise _refused(desk, start.command_id, evse)
    return Acknowledgement(
        Result=True, StatusCode=status_of(Code.SUCCESS), SessionID=message.SessionID, CPOPartnerSessionID=ids.cpo,
        EMPPartnerSessionID=message.EMPPartnerSessionID,
    )  # fmt: skip


def _refused(desk: Desk, command_id: int, evse: Evse) -> CallRefused:
    with scope(desk=desk):
        command = Command.objects.get(pk=command_id)
        evse.refresh_from_db(fields=["status"])
    outcome = command.outcome or Outcome.NO_ANSWER
    says = ": ".join(filter(None, [f"The station: {outcome.replace('_', ' ')}", command.detail]))
    return CallRefused(_code_of(outcome, command.detail, evse.status), says)


def _code_of(outcome: str, detail: str, status: str) -> Code:
    """Silence, and an acceptance that came too late, is a station that was not reached."""
    if outcome in (Outcome.CALL_ERROR, Outcome.NOT_SUPPORTED, Outcome.NOT_POSSIBLE):
        return Code.SYSTEM_ERROR
    if outcome != Outcome.REJECTED:
        return Code.EVSE_SILENT
    reason = detail.partition(":")[0]
    return _CODE_OF_REASON.get(reason) or _CODE_OF_STATUS.get(status) or Code.SYSTEM_ERROR
