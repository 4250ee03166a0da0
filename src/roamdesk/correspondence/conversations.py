"""Every mail has its place in a conversation, and every conversation says what is to be done next.

Who may see what follows from it: an answer goes to one conversation's correspondent and quotes nothing but it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q

from roamdesk.correspondence.models import Conversation, IncomingMail, Message, Verdict
from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner
from roamdesk.partners.senders import known_sender

Todo = Conversation.Todo

BELONGS_NOWHERE = "mail:"
_NO_PLACE = (Verdict.NONE, Verdict.OURS, Verdict.COPY)


class NotDone(ValueError):
    """The conversation has moved on; nothing was changed. The text says what to do."""


def file(mail: IncomingMail, *, looked_at: bool = False) -> Conversation | None:
    """Put a read mail where it belongs, out of where it was; twice is once. None for a copy, and for our own mail.

    ``looked_at``: a person has just placed it. Runs in the desk's scope and a transaction.
    """
    mail.refresh_from_db(fields=["verdict", "about", "conversation"])
    if mail.verdict in _NO_PLACE:
        return None
    before = mail.conversation
    conversation = _of_bounced(mail) or _of_sender(mail)
    if before == conversation:
        return conversation
    mail.conversation = conversation
    IncomingMail.objects.filter(pk=mail.pk).update(conversation=conversation)
    if before is not None:
        _count_anew(before)
    _take_in(conversation, mail, looked_at=looked_at)
    return conversation


def _of_bounced(mail: IncomingMail) -> Conversation | None:
    """A mail server's report stands where the mail stands that it is about."""
    about_ours = mail.verdict == Verdict.BOUNCE and mail.answers is not None
    return mail.answers.conversation if about_ours and mail.answers else None


def _of_sender(mail: IncomingMail) -> Conversation:
    sender = known_sender(mail.desk, mail.sender)
    partner = sender.partner if sender else None
    about = mail.about or f"{BELONGS_NOWHERE}{mail.pk}"
    return _opened(mail.desk, about, partner, mail.sender, mail.arrived_at)


def _opened(desk: Desk, about: str, partner: Partner | None, address: str, at: datetime) -> Conversation:
    """The conversation, locked."""
    who = f"partner:{partner.pk}" if partner else address.lower()[:320] or "nobody"
    Conversation.objects.bulk_create(
        [Conversation(desk=desk, about=about, who=who, partner=partner, since=at)], ignore_conflicts=True
    )
    found: Conversation = Conversation.objects.select_for_update(of=("self",)).get(desk=desk, about=about, who=who)
    return found


def _take_in(conversation: Conversation, mail: IncomingMail, *, looked_at: bool) -> None:
    conversation.mails += 1
    conversation.subject = mail.subject or conversation.subject
    by_person = not mail.automatic and mail.verdict not in (Verdict.BOUNCE, Verdict.AUTOMATIC)
    if by_person:
        conversation.newest_in, conversation.snoozed_until = mail, None
    todo = _raised_by(mail, looked_at=looked_at)
    if todo is not None and conversation.todo != todo:
        conversation.todo, conversation.since, conversation.snoozed_until = todo, mail.arrived_at, None
    conversation.save()


def _raised_by(mail: IncomingMail, *, looked_at: bool) -> Conversation.Todo | None:
    """What a mail gives to do; None for nothing. Nobody answers a machine, but a mail that came back is seen to."""
    if mail.verdict == Verdict.CALENDAR:
        return None
    if not mail.about:
        return Todo.ASIDE if mail.verdict == Verdict.AUTOMATIC else Todo.UNPLACED
    if mail.automatic and mail.verdict != Verdict.BOUNCE:
        return None
    return Todo.OURS if looked_at else Todo.NEW


def note_sent(message: Message, *, awaits: bool, conversation: Conversation | None = None) -> None:
    """A mail of ours about a case joins its conversation; ``awaits`` an answer. In the transaction that queues it."""
    if not message.about.startswith("case:"):
        return
    if conversation is None:
        conversation = _opened(message.desk, message.about, message.partner, message.to[0], message.queued_at)
    else:
        conversation = Conversation.objects.select_for_update(of=("self",)).get(pk=conversation.pk)
    message.conversation = conversation
    Message.objects.filter(pk=message.pk).update(conversation=conversation)
    conversation.mails += 1
    conversation.subject = conversation.subject or message.subject
    answers = message.origin == Message.Origin.PERSON
    # A machine's notice answers nobody: what a person has to do stays.
    if answers or conversation.todo not in (Todo.NEW, Todo.OURS):
        conversation.todo = Todo.THEIRS if awaits else Todo.NOTHING if answers else conversation.todo
        conversation.since, conversation.snoozed_until = message.queued_at, None
    conversation.save()


def _count_anew(conversation: Conversation) -> None:
    """A mail has left: without any other the conversation goes, else it stands as its newest mails say."""
    locked: Conversation = Conversation.objects.select_for_update(of=("self",)).get(pk=conversation.pk)
    mails = IncomingMail.objects.filter(conversation=locked)
    by_people = mails.filter(automatic="").exclude(verdict__in=[Verdict.BOUNCE, Verdict.AUTOMATIC])
    locked.mails = mails.count() + locked.messages.count()
    if not locked.mails:
        locked.delete()
        return
    newest = by_people.order_by("-arrived_at", "-pk").first()
    if newest is None and locked.todo in (Todo.NEW, Todo.OURS):
        locked.todo = Todo.NOTHING
    locked.newest_in = newest
    locked.save()


# ---- what a person does ----


def look(conversation: Conversation) -> None:
    """Somebody has opened it: it is not new any more, and waits since they wrote. Opened twice, it is once."""
    new = Conversation.objects.filter(pk=conversation.pk, desk=conversation.desk, todo=Todo.NEW)
    new.update(todo=Todo.OURS)


def settle(conversation: Conversation, *, at: datetime) -> None:
    """There is nothing to answer. Raises NotDone for one that is not ours to answer or theirs."""
    _move(conversation, (Todo.NEW, Todo.OURS, Todo.THEIRS), Todo.NOTHING, at, "There is nothing to be done already.")


def reopen(conversation: Conversation, *, at: datetime) -> None:
    """It is ours to answer after all. Raises NotDone for one that is not done."""
    _move(conversation, (Todo.NOTHING, Todo.THEIRS), Todo.OURS, at, "It is to be answered already.")


def unsay(conversation: Conversation, *, at: datetime) -> None:
    """Our answer was taken back or did not arrive: theirs is to be answered again."""
    said = Conversation.objects.filter(pk=conversation.pk, todo__in=[Todo.THEIRS, Todo.NOTHING])
    said.exclude(newest_in=None).update(todo=Todo.OURS, since=at)
    said.filter(newest_in=None).update(todo=Todo.NOTHING)


def say_again(conversation: Conversation, *, at: datetime) -> None:
    """Our answer that had not arrived is on its way once more: an answer of theirs is awaited."""
    said = Conversation.objects.filter(pk=conversation.pk, todo__in=[Todo.OURS, Todo.NOTHING])
    said.update(todo=Todo.THEIRS, since=at)


def set_aside(conversation: Conversation, *, by: str, at: datetime) -> None:
    """It is not for us. Raises NotDone for one that stands in a case."""
    _move(conversation, (Todo.UNPLACED,), Todo.ASIDE, at, "It is not unplaced any more. Look at it again.", by)


def bring_back(conversation: Conversation, *, at: datetime) -> None:
    """As set aside by mistake. Raises NotDone for one that is not aside."""
    _move(conversation, (Todo.ASIDE,), Todo.UNPLACED, at, "It is not set aside.")


def _move(
    conversation: Conversation,
    before: tuple[Conversation.Todo, ...],
    todo: Conversation.Todo,
    at: datetime,
    otherwise: str,
    by: str = "",
) -> None:
    same = Conversation.objects.filter(pk=conversation.pk, desk=conversation.desk, todo__in=before)
    if not same.update(todo=todo, since=at, snoozed_until=None, aside_by=by[:80]):
        raise NotDone(otherwise)


def snooze(conversation: Conversation, until: datetime, *, at: datetime) -> None:
    """Put off until an instant, or until they write again. Raises NotDone for one that is over, and for the past."""
    if until <= at:
        raise NotDone("That time is over. Choose a later one.")
    awake = Q(todo__in=[Todo.NEW, Todo.OURS, Todo.THEIRS, Todo.UNPLACED])
    if not Conversation.objects.filter(awake, pk=conversation.pk, desk=conversation.desk).update(snoozed_until=until):
        raise NotDone("There is nothing to put off.")


def wake(conversation: Conversation) -> None:
    """Before its time, by a person."""
    Conversation.objects.filter(pk=conversation.pk, desk=conversation.desk).update(snoozed_until=None)


def wake_due(now: datetime) -> int:
    """Those whose time has come; how many. Lists compare the time themselves: this only wakes the screens."""
    return Conversation.objects.filter(snoozed_until__lte=now).update(snoozed_until=None)


def end(about: str) -> None:
    """What it is about is over: nobody waits any more. What they wrote and nobody answered stays to be done."""
    with transaction.atomic():
        Conversation.objects.filter(about=about, todo=Todo.THEIRS).update(todo=Todo.NOTHING, snoozed_until=None)


def to_do(desk: Desk, now: datetime) -> dict[str, int]:
    """How many there are of each ``Todo``, and ``snoozed``, in one query. Runs in the desk's scope."""
    asleep = Q(snoozed_until__gt=now)
    rows = (
        Conversation.objects.filter(desk=desk)
        .exclude(todo=Todo.NOTHING)
        .values_list("todo")
        .annotate(awake=Count("pk", filter=~asleep), asleep=Count("pk", filter=asleep))
    )
    counted = {todo: (awake, late) for todo, awake, late in rows}
    return {todo: awake for todo, (awake, _) in counted.items()} | {"snoozed": sum(n for _, n in counted.values())}
