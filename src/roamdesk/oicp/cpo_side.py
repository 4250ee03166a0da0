"""What the hub asks of a CPO: stop a session at one of our EVSEs, start or reserve one (which this desk does not)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from django_scopes import scope

from roamdesk.charging.commanding import CommandRefused, queue_command
from roamdesk.charging.models import Command, Evidence, Evse, Session
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.recording import session_key
from roamdesk.charging.roaming.said import Origin
from roamdesk.charging.roaming.services import EvidenceRefused, record_authorisation
from roamdesk.desks.models import Desk
from roamdesk.identifiers import EvseId, IdentifierError, ProviderId, label_key
from roamdesk.oicp.codes import Code
from roamdesk.oicp.mapping import authorisation_of
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.refusing import CallRefused, status_of
from roamdesk.oicp.wire.charging import (
    Acknowledgement,
    AuthorizeRemoteStart,
    AuthorizeRemoteStop,
    RemoteReservationStart,
    RemoteReservationStop,
)

PATIENCE_SECONDS = 40.0  # the hub waits 60
LOOK_EVERY = 0.1

CODES: dict[str, Code] = {
    Outcome.NOT_CONNECTED: Code.EVSE_SILENT,
    Outcome.NO_ANSWER: Code.EVSE_SILENT,
    Outcome.CONNECTION_LOST: Code.EVSE_SILENT,
    Outcome.UNREADABLE: Code.EVSE_SILENT,
    Outcome.BUSY: Code.EVSE_SILENT,
    Outcome.NOT_POSSIBLE: Code.SESSION_INVALID,
    Outcome.REJECTED: Code.SYSTEM_ERROR,
}


def remote_stop(desk: Desk, hub: HubConnection, message: AuthorizeRemoteStop, origin: Origin) -> Acknowledgement:
    """Order the station to stop, and say what it answered. Raises CallRefused."""
    evse = _evse(desk, message.EvseID or "")
    session = _session(desk, message)
    if session.evse_id is not None and session.evse_id != evse.pk:
        raise CallRefused(Code.SESSION_INVALID, f"The session is not at {message.EvseID}.")
    outcome = _stop(desk, evse, session, message, origin.at)
    if outcome != Outcome.ACCEPTED:
        raise CallRefused(CODES.get(outcome, Code.SYSTEM_ERROR), f"The station: {outcome.replace('_', ' ')}.")
    record_authorisation(desk, authorisation_of(message, origin))
    return Acknowledgement(
        Result=True, StatusCode=status_of(Code.SUCCESS), SessionID=message.SessionID,
        CPOPartnerSessionID=message.CPOPartnerSessionID or session.cpo_session_id or None,
        EMPPartnerSessionID=message.EMPPartnerSessionID,
    )  # fmt: skip


def remote_start(
    desk: Desk, hub: HubConnection, message: AuthorizeRemoteStart | RemoteReservationStart, origin: Origin
) -> Acknowledgement:
    """This desk starts and reserves nothing. Raises CallRefused, always."""
    _evse(desk, message.EvseID or "")
    raise CallRefused(Code.SERVICE_NOT_AVAILABLE, "This support desk takes no remote start and no reservation.")


def end_reservation(desk: Desk, hub: HubConnection, message: RemoteReservationStop, origin: Origin) -> Acknowledgement:
    """Nothing is ever reserved here, so no reservation is known. Raises CallRefused, always."""
    _evse(desk, message.EvseID or "")
    raise CallRefused(Code.SESSION_INVALID, "No such reservation is known here.")


def _evse(desk: Desk, evse_id: str) -> Evse:
    try:
        key = label_key(EvseId.parse(evse_id).as_given)
    except IdentifierError as problem:
        raise CallRefused(Code.UNKNOWN_EVSE, str(problem)) from None
    with scope(desk=desk):
        found = list(Evse.objects.filter(desk=desk, id_key=key, station__isnull=False)[:2])
    if len(found) != 1:
        raise CallRefused(Code.UNKNOWN_EVSE, f"{evse_id} is at no station of {desk.name}.")
    return found[0]


def _session(desk: Desk, message: AuthorizeRemoteStop) -> Session:
    """The hub's session, open and the asking MSP's."""
    try:
        key = session_key(message.SessionID or "")
    except EvidenceRefused as problem:
        raise CallRefused(Code.SESSION_INVALID, str(problem)) from None
    with scope(desk=desk):
        session: Session | None = Session.objects.filter(desk=desk, hub_key=key).first()
        if session is None:
            raise CallRefused(Code.SESSION_INVALID, "No such session is known here.")
        said = Evidence.objects.filter(session=session).exclude(provider_id="").values_list("provider_id", flat=True)
        providers = {_provider(one) for one in said}
    if session.ended_at is not None:
        raise CallRefused(Code.SESSION_INVALID, "The session is closed.")
    if providers and _provider(message.ProviderID or "") not in providers:
        raise CallRefused(Code.SESSION_INVALID, "The session is another provider's.")
    return session


def _provider(text: str) -> str:
    try:
        return ProviderId.parse(text).key
    except IdentifierError:
        return text


def _stop(desk: Desk, evse: Evse, session: Session, message: AuthorizeRemoteStop, at: datetime) -> str:
    with scope(desk=desk):
        if not Session.objects.filter(evse=evse, station__isnull=False, ended_at__isnull=True).exists():
            raise CallRefused(Code.SESSION_INVALID, "No session is running at this EVSE.")
        command = _running_stop(evse, session) or _order(desk, evse, session, message, at)
        return _outcome_of(command.pk)


def _running_stop(evse: Evse, session: Session) -> Command | None:
    """The order that an earlier, equal call gave and that is not answered yet: one stop, however often asked."""
    open_ones = Command.objects.filter(evse=evse, kind=Command.Kind.REMOTE_STOP, about=_about(session), state__in=_OPEN)
    found: Command | None = open_ones.first()
    return found


_OPEN = (Command.State.QUEUED, Command.State.SENT)


def _order(desk: Desk, evse: Evse, session: Session, message: AuthorizeRemoteStop, at: datetime) -> Command:
    try:
        return queue_command(
            desk, evse, Command.Kind.REMOTE_STOP, about=_about(session), key=f"hub-stop:{uuid4().hex}",
            requested_by=f"{message.ProviderID} through the hub"[:80], at=at, token=session.token_key,
        )  # fmt: skip
    except CommandRefused as problem:
        raise CallRefused(Code.SYSTEM_ERROR, str(problem)) from None


def _about(session: Session) -> str:
    return f"session:{session.pk}"


def _outcome_of(pk: int, now: Callable[[], float] = time.monotonic) -> str:
    until = now() + PATIENCE_SECONDS
    while True:
        state, outcome = Command.objects.values_list("state", "outcome").get(pk=pk)
        if state not in _OPEN:
            return str(outcome)
        if now() >= until:
            return Outcome.NO_ANSWER.value
        time.sleep(LOOK_EVERY)
