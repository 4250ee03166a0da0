"""Writing with correspondents in a case: answers, taking one back, what needs none, what can wait.

Each is an event of the case. An answer goes to one conversation's correspondent, and nothing of others is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django_scopes import scope

from roamdesk.cases.actors import Actor
from roamdesk.cases.changing import about, changing, said
from roamdesk.cases.errors import Refused
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case
from roamdesk.cases.notices import without_number
from roamdesk.cases.words import fill_mail
from roamdesk.correspondence import conversations
from roamdesk.correspondence import services as correspondence
from roamdesk.correspondence.addresses import LONGEST_BODY, MailRefused
from roamdesk.correspondence.answering import Answered, answered_by
from roamdesk.correspondence.conversations import NotDone
from roamdesk.correspondence.drafts import keep_draft
from roamdesk.correspondence.enclosing import File
from roamdesk.correspondence.models import Conversation, Fate, Message

UNDO = timedelta(seconds=10)
_ANSWER = ":answer:"
ROOM_FOR_QUOTE = 20_000  # characters


@dataclass(frozen=True)
class Answer:
    """``key`` makes two presses of one button one mail. ``awaits`` an answer of theirs. ``quotes`` their last mail.

    ``to`` are the addresses that stood on the screen; None where nobody looked at them.
    """

    text: str
    key: str
    to: tuple[str, ...] | None = None
    files: Sequence[File] = ()
    awaits: bool = True
    quotes: bool = True


def answer_mail(case: Case, conversation: Conversation, answer: Answer, *, actor: Actor, at: datetime) -> Message:
    """Queue an answer to the correspondent of the conversation; it leaves after ``UNDO``, until then it can come back.

    The User's phone number is never in it. Raises Refused for an empty one, a conversation that is not of this case,
    without an address, and for what no mail server takes.
    """
    if actor.person is None:
        raise Refused("An answer is written by a person.")
    with changing(case) as locked:
        here = _of(locked, conversation)
        text = without_number(locked, said(answer.text, "The answer is empty. Write it first.", LONGEST_BODY))
        answered = answered_by(here, locked.reference)
        if not answered.to:
            raise Refused("No address is known for this correspondent. Add one to the partner's contact form.")
        if answer.to not in (None, answered.to):
            raise Refused(f"It would go to {', '.join(answered.to)} now: somebody else wrote. Look, then send.")
        message = _queue(locked, answered, text, answer, actor, here, at)
        if not locked.events.filter(kind="mail_queued", data__message=message.pk).exists():
            write(locked, "mail_queued", {"message": message.pk, "to": [*answered.to]}, actor, at)
        keep_draft(here, actor.person, "", at=at)
    return message


def _of(case: Case, conversation: Conversation) -> Conversation:
    """The conversation as it stands. What was merged into the case is of it."""
    here = (about(case), *(about(merged) for merged in Case.objects.filter(merged_into=case)))
    found = Conversation.objects.filter(pk=conversation.pk, about__in=here).select_related("desk", "partner")
    known: Conversation | None = found.first()
    if known is None:
        raise Refused("This mail does not stand in this case any more. Look at it again.")
    return known


def _queue(
    case: Case, answered: Answered, text: str, answer: Answer, actor: Actor, conversation: Conversation, at: datetime
) -> Message:
    quote = without_number(case, answered.quote)[:ROOM_FOR_QUOTE] if answer.quotes else ""
    try:
        return correspondence.queue_message(
            case.desk,
            about=conversation.about,
            key=f"{about(case)}{_ANSWER}{answer.key}"[:80],
            to=answered.to,
            subject=answered.subject,
            text=f"{text}\n\n{quote}".rstrip() + "\n",
            headers=answered.headers,
            partner=conversation.partner,
            origin=Message.Origin.PERSON,
            by=actor.name,
            files=answer.files,
            awaits=answer.awaits,
            leaves_at=at + UNDO,
            conversation=conversation,
            at=at,
        )
    except MailRefused as refused:
        raise Refused(str(refused)) from None


def take_answer_back(case: Case, message: Message, *, actor: Actor, at: datetime) -> None:
    """Before it leaves; its text is a draft again. Raises Refused when it is too late."""
    with scope(desk=case.desk), transaction.atomic():
        if message.conversation is None or message.origin != Message.Origin.PERSON:
            raise Refused("Only an answer that somebody wrote can be taken back.")
        try:
            correspondence.take_back(message)
        except ValueError as late:
            raise Refused(str(late)) from None
        with changing(case) as locked:
            write(locked, "mail_state", {"message": message.pk, "state": Message.State.WITHDRAWN}, actor, at)
        conversations.unsay(message.conversation, at=at)
        if actor.person:
            quote = answered_by(message.conversation, case.reference).quote
            own = message.text.rstrip().removesuffix(without_number(case, quote)[:ROOM_FOR_QUOTE].rstrip())
            keep_draft(message.conversation, actor.person, own.rstrip(), at=at)


def is_answer(message: Message) -> bool:
    """An answer that somebody wrote in a conversation; mails of the procedure are written anew in the case."""
    return message.origin == Message.Origin.PERSON and _ANSWER in message.key


def send_answer_again(case: Case, message: Message, *, actor: Actor, at: datetime) -> None:
    """To the addresses that were refused or of which nothing is known, under the same Message-ID.

    Raises Refused for a mail of the procedure, and where there is nothing to send again.
    """
    with scope(desk=case.desk), transaction.atomic():
        if message.conversation is None or not is_answer(message):
            raise Refused("Only an answer that somebody wrote is sent again here. Send a notice anew in the case.")
        _of(case, message.conversation)
        try:
            sent = correspondence.send_again(message, at=at)
        except ValueError as nothing:
            raise Refused(str(nothing)) from None
        with changing(case) as locked:
            write(locked, "mail_again", {"message": sent.pk, "to": sent.addresses(Fate.PENDING)}, actor, at)
        conversations.say_again(message.conversation, at=at)


def settle_mail(case: Case, conversation: Conversation, *, actor: Actor, at: datetime) -> None:
    """There is nothing to answer. Raises Refused where that is said already."""
    with changing(case) as locked, _refusing():
        conversations.settle(_of(locked, conversation), at=at)
        write(locked, "mail_settled", {"conversation": conversation.pk, "with": name_of(conversation)}, actor, at)


def answer_after_all(case: Case, conversation: Conversation, *, actor: Actor, at: datetime) -> None:
    """Back to those that are ours to answer. Raises Refused where it is one already."""
    with changing(case) as locked, _refusing():
        conversations.reopen(_of(locked, conversation), at=at)
        write(locked, "mail_to_answer", {"conversation": conversation.pk, "with": name_of(conversation)}, actor, at)


def put_off(case: Case, conversation: Conversation, until: datetime, *, actor: Actor, at: datetime) -> None:
    """Until an instant (UTC), or until they write again. Raises Refused for the past."""
    with changing(case) as locked, _refusing():
        conversations.snooze(_of(locked, conversation), until, at=at)
        told = {"conversation": conversation.pk, "with": name_of(conversation), "until": until.isoformat()}
        write(locked, "mail_put_off", told, actor, at)


def name_of(conversation: Conversation) -> str:
    return str(conversation.partner or conversation.who)


@contextmanager
def _refusing() -> Iterator[None]:
    """What a conversation refuses, the case refuses."""
    try:
        yield
    except NotDone as refused:
        raise Refused(str(refused)) from None


def filled_text(case: Case, text: str, operator: str) -> str:
    """A text module as it would stand in the mail: times in UTC, personal values masked."""
    named = text.replace("{operator_name}", operator)
    return "\n".join(fill_mail(case, line) if "{" in line else line for line in named.split("\n"))
