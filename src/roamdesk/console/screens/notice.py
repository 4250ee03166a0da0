"""A notice as it would leave now: recipients, subject, the template's fields, what is left out and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from roamdesk.cases.models import Duty
from roamdesk.cases.notices import Notice, compose
from roamdesk.cases.reaching import dead_addresses
from roamdesk.cases.selectors import CaseView
from roamdesk.cases.words import fill, masked
from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.console.screens.facts import Field, field_of, local_time
from roamdesk.console.screens.step import is_queued
from roamdesk.correspondence.models import Fate, Message
from roamdesk.procedure.model import DutyRule, Kind, TemplateField
from roamdesk.procedure.template import FilledField, exactness

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
    """A line of the mail, and what may be typed in its place: the value, or why there is none."""

    title: str
    text: str
    hint: str
    fields: tuple[Field, ...] = ()
    missing: bool = False


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
    typed = {line.title for line in lines if line.missing}
    return NoticePanel(
        rule=notice.rule.id,
        title=fill(view.case, notice.rule.do),
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
    template = next(each for each in view.procedure.template if each.name == field.name)
    if field.missing:
        reasons = PLACEHOLDER.findall(template.absent[-1]) if template.absent else []
        asked = [_field(view, name, zone) for name in (template.sources[0], *reasons)]
        hint = "or why there is none" if reasons else ""
        return Line(field.title, "", hint, tuple(asked), missing=True)
    if field.shown_local:
        return _time(view, template, field, zone)
    if field.name == "token" and len(field.text) > 4 and not field.text.startswith("none"):
        return Line(field.title, masked(field.text), "in full in the mail")
    return Line(field.title, field.text, "")


def _time(view: CaseView, template: TemplateField, field: FilledField, zone: str) -> Line:
    """In UTC as it is sent and on this desk's clock; a better time may be typed, and whether it is exact (S33)."""
    known, marked = view.plan.facts.values, exactness(view.procedure, template)
    better = [template.sources[0]] if template.sources[0] not in known else []
    better += [marked.fact] if marked and marked.fact not in known else []
    asked = tuple(field_of(view.procedure.facts[name]) for name in better)
    return Line(field.title, field.text, f"UTC, here {field.shown_local}", asked)


def _wanted(view: CaseView, name: str, zone: str) -> Line:
    return Line(view.procedure.facts[name].title, "", "", (_field(view, name, zone),), missing=True)


def _field(view: CaseView, name: str, zone: str) -> Field:
    """A field to be typed. What is suggested is what this desk knows, and no more."""
    known = {
        "event_time": local_time(view.case.opened_at.isoformat(), zone),
        "issue": view.case.title if "problem" in view.plan.facts.values else "",
        "cdr_reason": "no CDR is known at this desk",
    }
    made = field_of(view.procedure.facts[name], known.get(name, ""))
    # A mail carries the whole of an identifier.
    return replace(made, hint="") if view.procedure.facts[name].kind is Kind.IDENTIFIER else made


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
