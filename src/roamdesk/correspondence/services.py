"""The verbs of correspondence: queue a message, send it again, log a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import make_msgid
from typing import Any

from django.db import transaction

from roamdesk.correspondence import addresses, budgets, conversations, enclosing, outbox, ports
from roamdesk.correspondence.enclosing import File
from roamdesk.correspondence.models import Call, Conversation, Fate, Message
from roamdesk.correspondence.outbox import attempt, sweep
from roamdesk.desks.models import Desk
from roamdesk.partners.models import Check, Partner
from roamdesk.partners.services import number_answered
from roamdesk.partners.verifying import failed_in_case

__all__ = ["CallRefused", "attempt", "log_call", "queue_message", "send_again", "sweep", "take_back"]


def queue_message(
    desk: Desk,
    *,
    about: str,
    key: str,
    to: Sequence[str],
    subject: str,
    text: str,
    html: str = "",
    calendar: str = "",
    headers: Mapping[str, str] | None = None,
    tells: Mapping[str, Any] | None = None,
    partner: Partner | None = None,
    origin: Message.Origin = Message.Origin.GENERATED,
    by_itself: bool = False,
    by: str = "",
    files: Sequence[File] = (),
    awaits: bool = False,
    leaves_at: datetime | None = None,
    conversation: Conversation | None = None,
    at: datetime,
) -> Message:
    """Write the outbox row and its job in the caller's transaction; one ``key`` gives one row (S21, S22).

    ``by_itself``: no person asked for it; ``by`` is the person who wrote it. ``awaits`` says that an answer is owed,
    ``leaves_at`` (UTC) is when it goes at the earliest: until then it can be taken back. Without ``conversation`` it
    joins the one with the partner, else with the first address. Raises addresses.MailRefused with the mend when an
    address, subject, header, text or file cannot be sent, and budgets.UsedUp when too much has left by itself already.
    """
    enclosed = enclosing.checked(files)
    recipients, mail_from = addresses.recipients(to), addresses.sender(desk.mail_from)
    row = Message(
        desk=desk,
        partner=partner,
        about=about,
        key=key,
        message_id=make_msgid(domain=mail_from.rpartition("@")[2]),
        mail_from=mail_from,
        to=recipients,
        fates=dict.fromkeys(recipients, Fate.PENDING),
        subject=addresses.subject_line(subject),
        text=addresses.body(text, "text"),
        html=addresses.body(html, "HTML text"),
        calendar=addresses.body(calendar, "invitation"),
        headers=addresses.extra_headers(headers or {}),
        tells=dict(tells or {}),
        origin=origin,
        by_itself=by_itself,
        by=by[:80],
        queued_at=at,
        next_attempt_at=leaves_at or at,
    )
    with transaction.atomic():
        if by_itself:
            budgets.demand_room(row)
        Message.objects.bulk_create([row], ignore_conflicts=True)
        message: Message = Message.objects.get(desk=desk, key=key)
        if message.message_id == row.message_id:
            enclosing.keep(message, enclosed)
            conversations.note_sent(message, awaits=awaits, conversation=conversation)
            outbox.defer_sending(message)
    return message


def take_back(message: Message) -> None:
    """Take a message back before anybody tried to send it. Raises ValueError when it is too late."""
    if not outbox.withdraw(message.pk):
        raise ValueError("It is on its way already and cannot be taken back.")


def send_again(message: Message, *, at: datetime) -> Message:
    """Send to the addresses that are unknown or refused, with the same Message-ID: a person's decision.

    The recipient's system may drop a copy that it has. Raises ValueError unless there is such an address.
    """
    with transaction.atomic():
        locked: Message = Message.objects.select_for_update().get(pk=message.pk, desk=message.desk)
        open_again = locked.addresses(Fate.UNKNOWN, Fate.REFUSED)
        if locked.erased_at:
            raise ValueError("What this message said is erased: there is nothing to send again.")
        if not open_again or locked.state not in (Message.State.UNKNOWN, Message.State.REFUSED):
            raise ValueError(f"This message is {locked.get_state_display().lower()}: there is nothing to send again.")
        locked.fates = locked.fates | dict.fromkeys(open_again, Fate.PENDING)
        outbox.move(locked, Message.State.QUEUED)
        locked.next_attempt_at = at
        locked.save()
        outbox.defer_sending(locked)
        ports.message_changed(locked)
    return locked


class CallRefused(ValueError):
    """This call cannot be logged as given; nothing was stored."""


CALLED = (
    "cpo_cc", "msp_cc", "user", "cpo_fp", "msp_fp", "msp_support", "cpo_backoffice", "msp_backoffice",
)  # fmt: skip


def log_call(
    desk: Desk,
    *,
    to: str,
    result: str,
    by: str,
    at: datetime,
    about: str = "",
    partner: Partner | None = None,
    number: str = "",
    seconds: int | None = None,
    direction: str = "out",
) -> Call:
    """Log a phone call; an answered one freshens the age of the partner's line. ``seconds`` is its length.

    Raises CallRefused with the mend.
    """
    if to not in CALLED:
        raise CallRefused(f"{to!r} is nobody we phone. Choose one of {', '.join(CALLED)}.")
    if result not in Call.Result.values:
        raise CallRefused(f"{result!r} is no result of a call. Choose one of {', '.join(Call.Result.values)}.")
    if direction not in ("out", "in") or (seconds is not None and not 0 <= seconds <= 86_400):
        raise CallRefused("A call is outgoing or incoming and lasts 0 to 86400 seconds. Correct it.")
    call: Call = Call.objects.create(
        desk=desk, partner=partner, about=about, direction=direction, number=number, to=to,
        result=result, by=by, at=at, seconds=seconds,
    )  # fmt: skip
    if partner and number and direction == "out":
        _note_trust(call, partner)
    return call


def _note_trust(call: Call, partner: Partner) -> None:
    """A machine or a refusal says that the number is theirs, not that it is wrong."""
    if call.result == Call.Result.ANSWERED:
        number_answered(partner, call.number, call.at)
    elif call.result == Call.Result.NO_ANSWER:
        words, result = "nobody answered in a case", Check.Result.NO_ANSWER
        failed_in_case(partner, call.number, result=result, words=words, about=call.about, at=call.at)
