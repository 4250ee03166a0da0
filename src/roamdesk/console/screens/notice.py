"""A notice as it would leave now: recipients, subject, the template's fields, what is left out and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from roamdesk.cases.models import Duty
from roamdesk.cases.notices import Notice, compose
from roamdesk.cases.reaching import dead_addresses
from roamdesk.cases.selectors import CaseView
from roamdesk.cases.words import masked
from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.console.screens.facts import Field, field_of, local_time
from roamdesk.console.screens.step import is_queued
from roamdesk.correspondence.models import Fate, Message
from roamdesk.procedure.model import DutyRule
from roamdesk.procedure.template import FilledField

PHONE_LEFT_OUT = ("The User's phone number is left out: a notice never carries it.",)
PLACEHOLDER = re.compile(r"\{(\w+)\}")
STATES = {
    Message.State.QUEUED: State.WAITING,
    Message.State.SENDING: State.WAITING,
    Message.State.ACCEPTED: State.DONE,
    Message.State.ANSWERED: State.DONE,
    Message.State.UNKNOWN: State.UNKNOWN,
    Message.State.REFUSED: State.FAILED,
    Message.State.BOUNCED: State.FAILED,
    Message.State.WITHDRAWN: State.LATER,
}
FATES = {
    Fate.PENDING: State.WAITING,
    Fate.HANDED: State.WAITING,
    Fate.ACCEPTED: State.DONE,
    Fate.REFUSED: State.FAILED,
    Fate.UNKNOWN: State.UNKNOWN,
    Fate.BOUNCED: State.FAILED,
}


@dataclass(frozen=True)
class Line:
    title: str
    text: str
    hint: str
    field: Field | None = None


@dataclass(frozen=True)
class NoticePanel:
    """What is missing is typed in its place, with a truthful suggestion; ``blocked`` names what cannot be."""

    rule: str
    title: str
    cites: tuple[str, ...]
    to: tuple[str, ...]
    subject: str
    opening: str
    lines: tuple[Line, ...]
    blocked: tuple[str, ...]
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
    goes = dict(Duty.objects.filter(case=view.case, state=Duty.State.OPEN).values_list("rule", "performs_at"))
    rules = [row.rule for row in view.duties if row.ours and row.rule.message and not is_queued(view, row.rule)]
    return [_panel(view, compose(view.case, rule.id), goes.get(rule.id), now, zone) for rule in rules]


def sent_mails(view: CaseView, now: datetime, zone: str) -> list[Sent]:
    return [_sent(message, now, zone) for message in view.messages]


def _panel(view: CaseView, notice: Notice, goes_at: datetime | None, now: datetime, zone: str) -> NoticePanel:
    phone, back = "user_phone" in view.plan.facts.values, dead_addresses(view.case)
    lines = [_line(view, field, zone) for field in notice.fields]
    lines += [_wanted(view, name, zone) for name in _required(view, notice.rule)]
    typed = {line.title for line in lines if line.field}
    return NoticePanel(
        rule=notice.rule.id,
        title=notice.rule.do,
        cites=notice.rule.cites,
        to=tuple(notice.recipients),
        subject=notice.subject,
        opening=notice.opening,
        lines=tuple(lines),
        blocked=tuple(name for name in notice.missing if name not in typed),
        goes_at=words.moment(goes_at, now, zone) if goes_at and not notice.missing else "",
        left_out=" ".join([*PHONE_LEFT_OUT[:phone], *(f"Not to {bad}: a mail to it came back." for bad in back)]),
        waivable=notice.rule.waivable,
    )


def _required(view: CaseView, rule: DutyRule) -> tuple[str, ...]:
    return next((row.missing for row in view.duties if row.rule.id == rule.id), ())


def _line(view: CaseView, field: FilledField, zone: str) -> Line:
    if field.missing:
        template = next(each for each in view.procedure.template if each.name == field.name)
        reasons = PLACEHOLDER.findall(template.absent[-1]) if template.absent else []
        line = _wanted(view, reasons[0] if reasons else template.sources[0], zone)
        return replace(line, title=field.title, hint="not yet issued, because" if reasons else line.hint)
    if field.name == "token" and len(field.text) > 4 and not field.text.startswith("none"):
        return Line(field.title, masked(field.text), "in full in the mail")
    return Line(field.title, field.text, field.shown_local and f"here {field.shown_local}")


def _wanted(view: CaseView, name: str, zone: str) -> Line:
    """A field to be typed. What is suggested is what this desk knows, and no more."""
    fact = view.procedure.facts[name]
    known = {
        "event_time": local_time(view.case.opened_at.isoformat(), zone),
        "issue": view.case.title,
        "cdr_reason": "no CDR is known at this desk",
    }
    hint = "indicative" if name == "event_time" else ""
    return Line(fact.title, "", hint, field_of(fact, known.get(name, "")))


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
