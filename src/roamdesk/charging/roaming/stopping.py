"""The remote stop of an MSP: ask the CPO, through the hub, to end a session of one's own. It is no Unlock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import transaction
from django_scopes import scope, scopes_disabled
from procrastinate.contrib.django import app

from roamdesk.charging.commanding import CommandRefused, command_answered, command_sent, is_first
from roamdesk.charging.models import Command, Evse, Session
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming import ports
from roamdesk.charging.roaming.ports import StopAnswer, StopOrder
from roamdesk.charging.roaming.recording import record_authorisation
from roamdesk.charging.roaming.said import Authorisation, Origin, SessionIds, Step
from roamdesk.desks.models import Desk

_log = structlog.get_logger(__name__)


def can_stop(desk: Desk, session_id: int) -> bool:
    """Whether this desk can ask for the end of this session, as its MSP."""
    return _stoppable(desk, session_id) is not None and ports.backend_for(desk) is not None


def queue_remote_stop(
    desk: Desk, session_id: int, evse: Evse, *, about: str, key: str, requested_by: str, at: datetime
) -> Command:
    """Order the stop in the caller's transaction; a worker takes it to the hub. One ``key`` gives one command.

    Raises CommandRefused where no hub is reached, or the session is none of ours or closed.
    """
    session = _stoppable(desk, session_id)
    if session is None:
        raise CommandRefused("No open session of ours is known at the hub. Stop with the card, or phone the CPO.")
    if ports.backend_for(desk) is None:
        raise CommandRefused("This desk is connected with no hub. Stop with the card, or phone the CPO.")
    order = Command(
        desk=desk, evse=evse, session=session, kind=Command.Kind.REMOTE_STOP, about=about, key=key,
        token_key=session.token_key, requested_by=requested_by, queued_at=at,
    )  # fmt: skip
    with transaction.atomic(savepoint=False):
        if not is_first(order):
            return Command.objects.select_related("evse", "desk").get(desk=desk, key=key)
        app.configure_task("charging.carry_out_stop", allow_unknown=True, queue="hub").defer(command_id=order.pk)
    return order


def carry_out_stop(command_id: int, clock: Callable[[], datetime]) -> str:
    """Take a queued stop to the hub and store the answer; its outcome. Twice for one command is once."""
    with scopes_disabled():
        command = Command.objects.select_related("session", "evse", "desk").get(pk=command_id)
    with scope(desk=command.desk):
        order = _order(command)
        if not command_sent(command, message_id="", request=f"Remote stop of {order.session_id}", at=clock()):
            return ""
        answer = _asked(command.desk, order)
        Command.objects.filter(pk=command.pk).exclude(request=answer.request).update(
            request=answer.request, message_id=answer.reference[:36]
        )
        if answer.outcome is Outcome.ACCEPTED:
            record_authorisation(command.desk, _evidence(order, answer, clock()))
        stored = command_answered(command, answer.outcome, response=answer.response, detail=answer.detail, at=clock())
    return stored.outcome


def _stoppable(desk: Desk, session_id: int) -> Session | None:
    """Ours as an MSP: at no station of ours, known at the hub, and not yet closed by a CDR."""
    if not desk.plays_msp:
        return None
    sessions = Session.objects.filter(desk=desk, pk=session_id, ended_at__isnull=True, station__isnull=True)
    return sessions.exclude(hub_key="").exclude(evse__station__isnull=False).first()


def _order(command: Command) -> StopOrder:
    session = command.session
    if session is None:
        return StopOrder("", command.evse.evse_id)
    said = session.evidence.exclude(evse_id="").order_by("received_at").values_list("evse_id", flat=True).first()
    return StopOrder(session.session_id, said or command.evse.evse_id, session.cpo_session_id, session.msp_session_id)


def _evidence(order: StopOrder, answer: StopAnswer, at: datetime) -> Authorisation:
    ids = SessionIds(order.session_id, order.cpo_session_id, order.msp_session_id)
    origin = Origin(at, answer.request, answer.reference, sent_by_us=True)
    return Authorisation(ids, Step.REMOTE_STOP, origin, evse_id=order.evse_id)


def _asked(desk: Desk, order: StopOrder) -> StopAnswer:
    """What the hub said. A call that broke off may have arrived: nobody knows."""
    backend = ports.backend_for(desk)
    if backend is None:
        return StopAnswer(Outcome.NOT_POSSIBLE, "The desk is connected with no hub any more.")
    try:
        return backend.stop(desk, order)
    except Exception:
        _log.exception("roaming.stop_failed", desk=desk.slug)
        return StopAnswer(Outcome.NO_ANSWER, "The call to the hub broke off.")
