"""What the hub asks of a CPO: stop a session at one of our EVSEs. Starts and reservations stand in ``cpo_starts``."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.db.models import QuerySet
from django_scopes import scope

from roamdesk.charging.commanding import CommandRefused, queue_command
from roamdesk.charging.models import Command, Evidence, Evse, RemoteStart, Session
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.recording import session_key
from roamdesk.charging.roaming.said import Origin
from roamdesk.charging.roaming.services import EvidenceRefused, record_authorisation, withdraw_start
from roamdesk.desks.models import Desk
from roamdesk.identifiers import EvseId, IdentifierError, ProviderId, label_key
from roamdesk.oicp.codes import Code
from roamdesk.oicp.mapping import authorisation_of
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.patience import OPEN, outcome_of
from roamdesk.oicp.refusing import CallRefused, status_of
from roamdesk.oicp.wire.charging import (
    Acknowledgement,
    AuthorizeRemoteStop,
)

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
    evse = evse_of(desk, message.EvseID or "")
    session = _session(desk, message)
    if session.evse_id is not None and session.evse_id != evse.pk:
        raise CallRefused(Code.SESSION_INVALID, f"The session is not at {message.EvseID}.")
    # A start whose transaction has not begun is taken back: its tag is good no more.
    outcome = "" if withdraw_start(desk, session, origin.at) else _stop(desk, evse, session, message, origin.at)
    if outcome not in ("", Outcome.ACCEPTED):
        raise CallRefused(CODES.get(outcome, Code.SYSTEM_ERROR), f"The station: {outcome.replace('_', ' ')}.")
    record_authorisation(desk, authorisation_of(message, origin))
    return Acknowledgement(
        Result=True, StatusCode=status_of(Code.SUCCESS), SessionID=message.SessionID,
        CPOPartnerSessionID=message.CPOPartnerSessionID or session.cpo_session_id or None,
        EMPPartnerSessionID=message.EMPPartnerSessionID,
    )  # fmt: skip


def evse_of(desk: Desk, evse_id: str) -> Evse:
    """The EVSE that the hub names, at a station of ours. Raises CallRefused."""
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
        if not _running(evse, session).exists():
            raise CallRefused(Code.SESSION_INVALID, "No session is running at this EVSE.")
        command = _running_stop(evse, session) or _order(desk, evse, session, message, at)
    return outcome_of(command.pk)


def _running(evse: Evse, session: Session) -> QuerySet[Session]:
    """The hub's session itself where a start of ours led to it, or its station named it; else what runs there."""
    running = Session.objects.filter(evse=evse, station__isnull=False, ended_at__isnull=True)
    started = RemoteStart.objects.filter(desk=evse.desk_id, hub_key=session.hub_key).exists()
    return running.filter(pk=session.pk) if started or session.station_id is not None else running


def _running_stop(evse: Evse, session: Session) -> Command | None:
    """The order that an earlier, equal call gave and that is not answered yet: one stop, however often asked."""
    open_ones = Command.objects.filter(evse=evse, kind=Command.Kind.REMOTE_STOP, about=_about(session), state__in=OPEN)
    found: Command | None = open_ones.first()
    return found


def _order(desk: Desk, evse: Evse, session: Session, message: AuthorizeRemoteStop, at: datetime) -> Command:
    try:
        return queue_command(
            desk, evse, Command.Kind.REMOTE_STOP, about=_about(session), key=f"hub-stop:{uuid4().hex}",
            requested_by=f"{message.ProviderID} through the hub"[:80], at=at, token=session.token_key,
            session=session if session.station_id is not None else None,
        )  # fmt: skip
    except CommandRefused as problem:
        raise CallRefused(Code.SYSTEM_ERROR, str(problem)) from None


def _about(session: Session) -> str:
    return f"session:{session.pk}"
