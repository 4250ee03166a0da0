"""Commands to stations: a row is the order, whoever holds the station's connection carries it out.

Queued → sent → answered is the usual way. Silence is unknown, never a failure, and a late answer counts (A17).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django_scopes import scope, scopes_disabled

from roamdesk.charging import ports
from roamdesk.charging.models import Command, Evse, Session, Station
from roamdesk.charging.ports import Outcome
from roamdesk.desks.models import Desk
from roamdesk.desks.prepared import read, rows

CHANNEL = "roamdesk_commands"
PICKED_UP_WITHIN = timedelta(seconds=5)
BY_HUB_WITHIN = timedelta(seconds=90)  # for a worker to take it, and again for the hub to answer
ANSWER_MARGIN = timedelta(seconds=10)

AT_MOST = 500

Result = TypeVar("Result")
_log = structlog.get_logger(__name__)

State = Command.State
TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SENT, State.NOT_SENT}),
    State.SENT: frozenset({State.ANSWERED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.ANSWERED}),
    State.ANSWERED: frozenset(),
    State.NOT_SENT: frozenset(),
}
_STATE_OF_SILENCE = {
    Outcome.NOT_CONNECTED: State.NOT_SENT,
    Outcome.NOT_POSSIBLE: State.NOT_SENT,
    Outcome.BUSY: State.NOT_SENT,
    Outcome.NO_ANSWER: State.UNKNOWN,
    Outcome.CONNECTION_LOST: State.UNKNOWN,
    Outcome.UNREADABLE: State.UNKNOWN,
}

_COLUMNS = [str(field.column) for field in Command._meta.concrete_fields if not field.primary_key]
_ALL = ", ".join(f'"{name}"' for name in _COLUMNS)
QUEUE = f"""INSERT INTO charging_command ({_ALL}) VALUES ({", ".join(f"%({name})s" for name in _COLUMNS)})
    ON CONFLICT (desk_id, key) DO NOTHING RETURNING id""".encode()
CLAIM = b"""UPDATE charging_command
    SET state = 'sent', message_id = %(message_id)s, request = %(request)s, sent_at = %(at)s
    WHERE id = %(pk)s AND state = 'queued' RETURNING state, message_id, request, sent_at"""
SETTLE = f"""UPDATE charging_command SET state = %(state)s, outcome = %(outcome)s, detail = %(detail)s,
    response = %(response)s, late = %(late)s OR state = 'unknown', announced = %(announced)s,
    answered_at = coalesce(%(answered_at)s, answered_at)
    WHERE id = %(pk)s AND state = ANY(%(before)s) RETURNING id, {_ALL}""".encode()


class CommandRefused(ValueError):
    """This order cannot be given; nothing was sent. The text says what to do instead."""


def queue_command(
    desk: Desk,
    evse: Evse,
    kind: str,
    *,
    about: str,
    key: str,
    requested_by: str,
    at: datetime,
    token: str = "",
    session: Session | None = None,
) -> Command:
    """Order a station to act, in the caller's transaction; one ``key`` gives one command (S15).

    ``token`` is the normalised token of the User: where it is known, no other User's session is ended for it.
    With ``session`` a stop ends the transaction of that one only.
    A station that is not connected gets nothing: the command is NOT_SENT at once, and the listeners hear it.
    Raises CommandRefused when the EVSE is not at a station of ours, or the kind is none.
    """
    if kind not in Command.Kind.values:
        raise CommandRefused(f"{kind!r} is no command. Choose one of {', '.join(Command.Kind.values)}.")
    # Read anew: the caller may have read it before the station came or went.
    station = read(Station, evse.station_id) if evse.station_id and evse.desk_id == desk.pk else None
    if station is None:
        raise CommandRefused(f"{evse} is at no station of ours. Ask its operator by phone.")
    order = Command(
        desk=desk, station=station, evse=evse, kind=kind, about=about, key=key, token_key=token,
        requested_by=requested_by, queued_at=at, session=session,
    )  # fmt: skip
    with transaction.atomic(savepoint=False):
        if not is_first(order):
            return Command.objects.select_related("station", "evse", "desk").get(desk=desk, key=key)
        if not station.is_connected:
            _finish(order, Outcome.NOT_CONNECTED, at, detail=_last_seen(order))
        else:
            _wake(order)
    return order


def is_first(order: Command) -> bool:
    """Write the order unless its desk has one with this key; whoever writes the same key waits meanwhile."""
    for (pk,) in rows(QUEUE, {name: getattr(order, name) for name in _COLUMNS}):
        order.pk, order._state.adding, order._state.db = pk, False, connection.alias
    return order.pk is not None


def command_sent(command: Command, *, message_id: str, request: str, at: datetime) -> bool:
    """Call before the request goes out. False: the command was withdrawn meanwhile, so do not send it."""
    values = {"pk": command.pk, "message_id": message_id[:36], "request": request, "at": at}
    for row in rows(CLAIM, values):
        command.state, command.message_id, command.request, command.sent_at = row
        return True
    return False


def command_answered(
    command: Command,
    outcome: Outcome,
    *,
    response: str = "",
    detail: str = "",
    at: datetime,
    late: bool = False,
) -> Command:
    """Store the station's word, or that there is none, and tell the listeners in the same transaction.

    The first answer counts; silence never replaces an answer, and an answer after silence is late. A listener
    that fails does not lose the answer: it is stored alone, and ``expire_commands`` announces it again.
    """

    def store(announce: bool) -> Command:
        with transaction.atomic():
            stored = _settled(command, outcome, response, detail, at, late, announce)
            if stored is None:
                return Command.objects.select_related("station", "evse", "desk").get(pk=command.pk)
            if announce:
                _announce(stored)
        return stored

    return _told(command.pk, store)


def _settled(
    command: Command, outcome: Outcome, response: str, detail: str, at: datetime, late: bool, announce: bool
) -> Command | None:
    """The command with its outcome, written; None where it has a better one. Waits for whoever settles it too."""
    state = _becomes(outcome)
    values = {"pk": command.pk, "state": state.value, "outcome": outcome.value, "detail": detail[:500]}
    values |= {"response": response, "late": late, "announced": announce}
    values |= {"answered_at": at if state == State.ANSWERED else None}
    values |= {"before": [each.value for each, after in TRANSITIONS.items() if state in after]}
    for row in rows(SETTLE, values):
        settled: Command = Command.from_db(connection.alias, ["id", *_COLUMNS], row)
        settled._state.fields_cache.update(command._state.fields_cache)
        return settled
    return None


def expire_commands(now: datetime, *, timeout: timedelta | None = None) -> int:
    """Give up what nobody picked up, and call unknown what a vanished holder left unanswered; how many.

    ``timeout`` is how long the holder waits for a station, by default COMMAND_TIMEOUT of the settings (30 s).
    """
    patience = timeout or timedelta(seconds=float(getattr(settings, "COMMAND_TIMEOUT", 30)))
    at_station, by_hub = Q(station__isnull=False), Q(station__isnull=True)
    overdue = (
        at_station & Q(state=State.QUEUED, queued_at__lt=now - PICKED_UP_WITHIN)
        | at_station & Q(state=State.SENT, sent_at__lt=now - patience - ANSWER_MARGIN)
        | by_hub & Q(state=State.QUEUED, queued_at__lt=now - BY_HUB_WITHIN)
        | by_hub & Q(state=State.SENT, sent_at__lt=now - BY_HUB_WITHIN)
    )
    # A clock serves every desk; each row names its own.
    with scopes_disabled():
        late = list(Command.objects.filter(overdue).values_list("pk", flat=True)[:AT_MOST])
        expired = sum(_expire(pk, overdue, now) for pk in late)
        for pk in Command.objects.filter(announced=False).values_list("pk", flat=True)[:AT_MOST]:
            _announce_again(pk)
    return expired


def _expire(pk: int, overdue: Q, now: datetime) -> bool:
    def give_up(announce: bool) -> bool:
        with transaction.atomic():
            row = Command.objects.select_for_update(skip_locked=True, of=("self",)).filter(overdue, pk=pk)
            command = row.select_related("station", "evse", "desk").first()
            if command is None:
                return False
            waiting = command.state == State.QUEUED
            outcome = Outcome.NOT_CONNECTED if waiting else Outcome.NO_ANSWER
            detail = _last_seen(command) if waiting else "Nobody waits for the answer any more."
            _finish(command, outcome, now, detail=detail, announce=announce)
            return True

    return _told(pk, give_up)


def _told(pk: int, store: Callable[[bool], Result]) -> Result:
    """Store and announce in one transaction; when a listener fails, store and leave the announcement over."""
    try:
        return store(True)
    except Exception:
        _log.exception("command.listener_failed", command=pk)
        return store(False)


def _announce_again(pk: int) -> None:
    try:
        with transaction.atomic():
            unheard = Command.objects.select_for_update(skip_locked=True, of=("self",)).filter(announced=False)
            command = unheard.select_related("station", "evse", "desk").filter(pk=pk).first()
            if command is not None:
                command.announced = True
                command.save(update_fields=["announced"])
                _announce(command)
    except Exception:
        _log.exception("command.listener_failed", command=pk)


def _announce(command: Command) -> None:
    with scope(desk=command.desk):
        ports.command_finished(command)


def _becomes(outcome: Outcome) -> Command.State:
    return _STATE_OF_SILENCE.get(outcome, State.ANSWERED)


def _finish(command: Command, outcome: Outcome, at: datetime, *, detail: str, announce: bool = True) -> None:
    command.state = _becomes(outcome)
    command.outcome = outcome
    command.detail = detail[:500]
    if command.state == State.ANSWERED:
        command.answered_at = at
    command.announced = announce
    command.save(update_fields=["state", "outcome", "detail", "late", "response", "answered_at", "announced"])
    if announce:
        _announce(command)


def _last_seen(command: Command) -> str:
    if command.station is None:
        return "Nobody took it to the hub."
    seen = command.station.last_seen_at
    return f"Last seen {seen:%d/%m/%Y %H:%M} UTC." if seen else "Never seen."


def _wake(command: Command) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"{command.station_id}:{command.pk}"])
    backend = ports.backend_for(command)
    if backend:
        backend.wake(command)
