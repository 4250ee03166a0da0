"""The outbox: rows wait here until the relay answered for every address.

Each step is one short transaction; the conversation with the relay happens between them. Whoever sends holds
a token: only its holder may pass the final dot, so a worker that was thought dead cannot send a second time.
See docs/decisions/0007-outbox.md.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django_scopes import scopes_disabled
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from roamdesk.correspondence import ports, sending
from roamdesk.correspondence.models import Fate, Message

LEASE = timedelta(seconds=60)
ANSWER_MARGIN = timedelta(seconds=30)
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (15, 30, 60, 120, 300, 600, 900))
SWEEP_AT_MOST = 500

State = Message.State
TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset(
        {State.SENDING, State.ACCEPTED, State.UNKNOWN, State.REFUSED, State.BOUNCED, State.WITHDRAWN}
    ),
    State.SENDING: frozenset({State.QUEUED, State.ACCEPTED, State.UNKNOWN, State.REFUSED, State.BOUNCED}),
    State.UNKNOWN: frozenset({State.QUEUED, State.ACCEPTED, State.REFUSED, State.BOUNCED, State.ANSWERED}),
    State.ACCEPTED: frozenset({State.BOUNCED, State.ANSWERED}),
    State.REFUSED: frozenset({State.QUEUED}),
    State.BOUNCED: frozenset({State.ANSWERED}),
    State.ANSWERED: frozenset(),
    State.WITHDRAWN: frozenset(),
}
_UNSETTLED = frozenset({State.SENDING, State.QUEUED, State.UNKNOWN})

Clock = Callable[[], datetime]
Decision = Callable[[Message], State | None]

_log = structlog.get_logger(__name__)


def state_of(fates: dict[str, str]) -> State:
    """A message waits while one address is pending; then the worst known, then the least certain address speaks."""
    found = set(fates.values())
    if Fate.PENDING in found:
        return State.QUEUED
    if Fate.BOUNCED in found:
        return State.BOUNCED
    if found & {Fate.UNKNOWN, Fate.HANDED}:
        return State.UNKNOWN
    return State.ACCEPTED if Fate.ACCEPTED in found else State.REFUSED


def back_off(attempts: int) -> timedelta:
    """How long to wait after that many attempts: 15 s at first, 15 min at most."""
    return BACK_OFF[min(max(attempts, 1), len(BACK_OFF)) - 1]


def defer_sending(message: Message) -> bool:
    """Queue the job in the caller's transaction, for the time it is due; false when one waits already.

    What was published to a thousand partners goes after all else.
    """
    job = app.configure_task(
        "correspondence.send_message",
        queue="mail",
        queueing_lock=f"message:{message.pk}",
        allow_unknown=True,
        schedule_at=message.next_attempt_at,
        priority=-1 if message.about.startswith("acknowledgement:") else 0,
    )
    try:
        with transaction.atomic():
            job.defer(message_id=message.pk)
    except AlreadyEnqueued:
        return False
    return True


def attempt(message_id: int, now: datetime) -> Message.State:
    """Try once to hand a due message to the relay; its state afterwards.

    Call it outside of a transaction. A message that is not due, or that another worker holds, is left alone.
    """
    if transaction.get_connection().in_atomic_block:
        raise RuntimeError("attempt() talks to the relay: call it outside of a transaction.")
    started = time.monotonic()

    def clock() -> datetime:
        return now + timedelta(seconds=time.monotonic() - started)

    # A job serves every desk; the row names its own.
    with scopes_disabled():
        message = _claim(message_id, now)
        if message is None:
            return State(Message.objects.values_list("state", flat=True).get(pk=message_id))
        try:
            handover = _converse(message, clock)
        except sending.FencedOff:
            _log.warning("mail.fenced_off", message=message_id)
            return State(Message.objects.values_list("state", flat=True).get(pk=message_id))
        return _settle(message, handover, clock())


def sweep(now: datetime) -> int:
    """Take up what a dead worker left, announce what was not heard, defer what is due; how many."""
    # A job serves every desk; each row names its own.
    with scopes_disabled():
        touched = sum(_recover(pk, now) for pk in _ids(state=State.SENDING, leased_until__lt=now))
        touched += sum(_announce_again(pk) for pk in _ids(announced=False))
        due = Message.objects.filter(state=State.QUEUED, next_attempt_at__lte=now)
        return touched + sum(defer_sending(row) for row in due.only("pk", "next_attempt_at", "about")[:SWEEP_AT_MOST])


def _ids(**which: object) -> list[int]:
    return list(Message.objects.filter(Q(**which)).values_list("pk", flat=True)[:SWEEP_AT_MOST])


def _claim(message_id: int, now: datetime) -> Message | None:
    with transaction.atomic():
        message: Message | None = (
            Message.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("desk")
            .filter(pk=message_id, state=State.QUEUED, next_attempt_at__lte=now)
            .first()
        )
        if message is None:
            return None
        message.state = State.SENDING
        message.attempts += 1
        message.attempt_token = uuid.uuid4().hex
        message.leased_until = now + LEASE
        message.save(update_fields=["state", "attempts", "attempt_token", "leased_until"])
        return message


def _converse(message: Message, clock: Clock) -> sending.Handover:
    relay = sending.relay_from_settings()

    def before_dot(envelope: list[str]) -> None:
        answer_by = clock() + timedelta(seconds=relay.answer_timeout) + ANSWER_MARGIN
        _mark_handed(message, envelope, answer_by)

    mail = sending.compose(message)
    pending = message.addresses(Fate.PENDING)
    return sending.hand_over(relay, mail, message.envelope_sender, pending, before_dot)


def _mark_handed(message: Message, envelope: list[str], answer_by: datetime) -> None:
    """The point of no return. Raises FencedOff when another worker took the message over."""
    with transaction.atomic():
        still_ours = Message.objects.filter(pk=message.pk, state=State.SENDING, attempt_token=message.attempt_token)
        locked = still_ours.select_for_update(of=("self",)).first()
        if locked is None:
            raise sending.FencedOff
        # The row's fates, not the ones from the claim: another address may have bounced since.
        locked.fates = locked.fates | dict.fromkeys(envelope, Fate.HANDED)
        locked.leased_until = answer_by
        locked.save(update_fields=["fates", "leased_until"])


def _settle(sent: Message, handover: sending.Handover, at: datetime) -> Message.State:
    def decide(message: Message) -> State | None:
        if message.attempt_token != sent.attempt_token or message.state not in _UNSETTLED:
            return None
        came_back = dict.fromkeys(message.addresses(Fate.BOUNCED), Fate.BOUNCED)
        message.fates = message.fates | _unhanded(message.fates) | handover.fates | came_back
        message.last_reply = handover.reply[:500]
        message.next_attempt_at = at + back_off(message.attempts)
        if Fate.ACCEPTED in handover.fates.values():
            message.accepted_at = message.accepted_at or at
        return state_of(message.fates)

    return _change(sent.pk, decide)


def _recover(pk: int, now: datetime) -> int:
    """What a dead worker left: handed over means unknown, anything else is tried again."""

    def decide(message: Message) -> State | None:
        if message.state != State.SENDING or message.leased_until is None or message.leased_until >= now:
            return None
        handed = _unhanded(message.fates)
        message.fates = message.fates | handed
        message.last_reply = "The sender stopped before the relay's answer was stored." if handed else ""
        message.next_attempt_at = now
        return state_of(message.fates)

    return _change(pk, decide) != State.SENDING


def bounced(message_id: int, addresses: Collection[str], words: str, at: datetime) -> Message.State:
    """Their server sent the mail back for these addresses; the state afterwards.

    While another address still waits for the relay, or the mail was answered, only the address's fate changes.
    """

    def decide(message: Message) -> State | None:
        named = {address.lower() for address in addresses}
        gone = message.addresses(Fate.HANDED, Fate.UNKNOWN, Fate.ACCEPTED)
        came_back = {address: Fate.BOUNCED for address in gone if address.lower() in named}
        if not came_back:
            return None
        message.fates, message.heard_at = message.fates | came_back, at
        message.last_reply = f"{', '.join(came_back)} came back: {words}"[:500]
        settled = message.state not in (State.QUEUED, State.SENDING, State.ANSWERED)
        return State.BOUNCED if settled else State(message.state)

    return _change(message_id, decide)


def withdraw(message_id: int) -> bool:
    """Take a message back that nobody has tried to send yet; false when it is too late."""

    def decide(message: Message) -> State | None:
        untouched = message.state == State.QUEUED and message.attempts == 0
        return State.WITHDRAWN if untouched else None

    return _change(message_id, decide) == State.WITHDRAWN


def answered(message_id: int, at: datetime) -> Message.State:
    """A person answered it; the state afterwards, unchanged where an answer changes nothing."""

    def decide(message: Message) -> State | None:
        if State.ANSWERED not in TRANSITIONS[State(message.state)]:
            return None
        message.heard_at = at
        return State.ANSWERED

    return _change(message_id, decide)


def _unhanded(fates: dict[str, str]) -> dict[str, str]:
    return {address: Fate.UNKNOWN for address, fate in fates.items() if fate == Fate.HANDED}


def _change(pk: int, decide: Decision) -> Message.State:
    """Apply ``decide`` to the locked row and tell the listeners, in one transaction.

    A listener that fails must not lose the relay's answer: then the answer is stored alone and announced by
    the next sweep.
    """
    try:
        return _apply(pk, decide, announce=True)
    except Exception:
        _log.exception("mail.listener_failed", message=pk)
        return _apply(pk, decide, announce=False)


def _apply(pk: int, decide: Decision, *, announce: bool) -> Message.State:
    with transaction.atomic():
        message: Message = Message.objects.select_for_update(of=("self",)).select_related("desk", "partner").get(pk=pk)
        state = decide(message)
        if state is None:
            return State(message.state)
        move(message, state)
        message.announced = announce
        message.save()
        if announce:
            ports.message_changed(message)
        return State(message.state)


def move(message: Message, state: Message.State) -> None:
    """Raises ValueError for a step that is not in TRANSITIONS."""
    before = State(message.state)
    if state != before and state not in TRANSITIONS[before]:
        raise ValueError(f"A message cannot go from {before} to {state}.")
    message.state = state
    if state != State.SENDING:
        message.leased_until = None
    if state != State.QUEUED:
        message.next_attempt_at = None


def _announce_again(pk: int) -> int:
    try:
        with transaction.atomic():
            message = Message.objects.select_for_update(skip_locked=True).filter(pk=pk, announced=False).first()
            if message is None:
                return 0
            message.announced = True
            message.save(update_fields=["announced"])
            ports.message_changed(message)
    except Exception:
        _log.exception("mail.listener_failed", message=pk)
        return 0
    return 1
