"""A notice as it would leave now: recipients, subject, the template's fields, what is left out and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roamdesk.cases.models import Duty
from roamdesk.cases.notices import Notice, compose
from roamdesk.cases.selectors import CaseView
from roamdesk.cases.words import masked
from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.correspondence.models import Fate, Message

STATES = {
    Message.State.QUEUED: State.WAITING,
    Message.State.SENDING: State.WAITING,
    Message.State.ACCEPTED: State.DONE,
    Message.State.ANSWERED: State.DONE,
    Message.State.UNKNOWN: State.UNKNOWN,
    Message.State.REFUSED: State.FAILED,
    Message.State.BOUNCED: State.FAILED,
}
FATES = {
    Fate.PENDING: State.WAITING,
    Fate.HANDED: State.WAITING,
    Fate.ACCEPTED: State.DONE,
    Fate.REFUSED: State.FAILED,
    Fate.UNKNOWN: State.UNKNOWN,
}


@dataclass(frozen=True)
class Line:
    title: str
    text: str
    missing: bool
    hint: str


@dataclass(frozen=True)
class NoticePanel:
    rule: str
    title: str
    cites: tuple[str, ...]
    to: tuple[str, ...]
    subject: str
    opening: str
    lines: tuple[Line, ...]
    missing: tuple[str, ...]
    goes_at: str
    left_out: str
    waivable: bool


@dataclass(frozen=True)
class Sent:
    """A mail that was queued: its state in words, and what the relay said last."""

    mark: Mark
    subject: str
    to: tuple[tuple[str, Mark], ...]
    when: str
    reply: str


def notice_panels(view: CaseView, now: datetime, zone: str) -> list[NoticePanel]:
    """Each mail that is ours to send and not queued yet."""
    queued = {message.key.split(":")[2] for message in view.messages if message.key.count(":") >= 3}
    goes = dict(Duty.objects.filter(case=view.case, state=Duty.State.OPEN).values_list("rule", "performs_at"))
    rules = [row.rule for row in view.duties if row.ours and row.rule.message and row.rule.id not in queued]
    return [_panel(view, compose(view.case, rule.id), goes.get(rule.id), now, zone) for rule in rules]


def sent_mails(view: CaseView, now: datetime, zone: str) -> list[Sent]:
    return [_sent(message, now, zone) for message in view.messages]


def _panel(view: CaseView, notice: Notice, goes_at: datetime | None, now: datetime, zone: str) -> NoticePanel:
    phone = "user_phone" in view.plan.facts.values
    return NoticePanel(
        rule=notice.rule.id,
        title=notice.rule.do,
        cites=notice.rule.cites,
        to=tuple(notice.recipients),
        subject=notice.subject,
        opening=notice.opening,
        lines=tuple(
            _line(field.name, field.title, field.text, field.missing, field.shown_local) for field in notice.fields
        ),
        missing=notice.missing,
        goes_at=words.moment(goes_at, now, zone) if goes_at else "",
        left_out="The User's phone number is left out: a notice never carries it." if phone else "",
        waivable=notice.rule.waivable,
    )


def _line(name: str, title: str, text: str, missing: bool, local: str) -> Line:
    if missing:
        return Line(title, text or "not known yet", True, "must be there before it can leave")
    if name == "token" and len(text) > 4 and not text.startswith("none"):
        return Line(title, masked(text), False, "in full in the mail")
    return Line(title, text, False, local and f"here {local}")


def _sent(message: Message, now: datetime, zone: str) -> Sent:
    state = Message.State(message.state)
    to = tuple((address, mark(FATES[fate := _fate(message, address)], fate.label)) for address in message.to)
    return Sent(
        mark=mark(STATES[state], str(state.label)),
        subject=message.subject,
        to=to,
        when=words.moment(message.accepted_at or message.queued_at, now, zone),
        reply=message.last_reply,
    )


def _fate(message: Message, address: str) -> Fate:
    return Fate(message.fates.get(address, Fate.PENDING))
