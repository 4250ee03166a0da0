"""The conversations of a case on its page, and the mail that its step waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roamdesk.cases.inbox import conversations_of
from roamdesk.cases.models import Case
from roamdesk.cases.selectors import CaseView
from roamdesk.cases.veiling import hidden_in, veiled
from roamdesk.console import words
from roamdesk.console.marks import Mark
from roamdesk.console.screens.inbox import correspondent, mark_of
from roamdesk.console.screens.step import StepCard
from roamdesk.correspondence.keeping import Lost
from roamdesk.correspondence.models import Conversation, IncomingMail
from roamdesk.correspondence.parsing.mail import parse
from roamdesk.correspondence.parsing.quoting import own_words
from roamdesk.procedure.model import Channel

LONGEST = 2_000  # characters


@dataclass(frozen=True)
class Talk:
    conversation: Conversation
    who: str
    mark: Mark
    known: bool


@dataclass(frozen=True)
class Came:
    """What they wrote last, without their quotes; ``talk`` is the conversation's row id."""

    talk: int
    who: str
    when: str
    text: str


def talks_of(case: Case) -> list[Talk]:
    """Runs in the desk's scope."""
    return [Talk(one, correspondent(one), mark_of(one), one.partner is not None) for one in conversations_of(case)]


def came_for(step: StepCard | None, view: CaseView, talks: list[Talk], now: datetime, zone: str) -> Came | None:
    """The partner's newest mail, where the step is one of mail; what it is about is read beside its answers."""
    rule = next((row.rule for row in view.duties if step and row.rule.id == step.rule), None)
    numbers = [number for talk in talks if talk.known and (number := talk.conversation.newest_in_id)]
    if rule is None or rule.channel is not Channel.MAIL or not numbers:
        return None
    mail: IncomingMail | None = IncomingMail.objects.filter(pk__in=numbers).order_by("-arrived_at").first()
    if mail is None or mail.conversation_id is None:
        return None
    return Came(
        mail.conversation_id,
        mail.sender,
        words.moment(mail.arrived_at, now, zone),
        veiled(_words_of(mail), hidden_in(mail)),
    )


def _words_of(mail: IncomingMail) -> str:
    try:
        text = own_words(parse(mail.raw).bodies.text).strip()
    except Lost as lost:
        return str(lost)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
