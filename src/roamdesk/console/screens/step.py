"""The step card: one thing to do, with the number, the words to say, the values to read aloud, and the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from roamdesk.cases.comparing import PROOF
from roamdesk.cases.models import Case
from roamdesk.cases.selectors import CaseView, DutyRow
from roamdesk.cases.settling import step_among
from roamdesk.cases.words import fill
from roamdesk.console import words
from roamdesk.console.clocks import Clock, clock_of
from roamdesk.console.marks import Mark, State, mark
from roamdesk.console.screens.dial import DialPanel, dial_panel
from roamdesk.console.screens.facts import Field, field_of
from roamdesk.correspondence.models import Message
from roamdesk.procedure.model import Answer, Channel, DutyRule, FactDef, Machine
from roamdesk.procedure.wording import NOT_KNOWN

CALLED = frozenset({"cpo_cc", "msp_cc", "cpo_fp", "msp_fp"})
"""Whom of a partner we phone: its call centre, or the reference person."""
ASKS_DANGER = "danger"
ON_ITS_WAY = (Message.State.QUEUED, Message.State.SENDING, Message.State.UNKNOWN)


@dataclass(frozen=True)
class Choice:
    """One answer. ``fields`` are typed with it; ``fact`` and ``value`` are set where a question is answered."""

    key: str
    text: str
    note: str
    fields: tuple[Field, ...] = ()
    fact: str = ""
    value: str = ""
    danger: bool = False


@dataclass(frozen=True)
class Spelled:
    title: str
    hint: str
    text: str
    small: bool


@dataclass(frozen=True)
class Other:
    """Another open duty, ours or theirs, beside the step."""

    rule: str
    title: str
    cites: str


@dataclass(frozen=True)
class StepCard:
    """``id`` changes whenever another thing is to be done.

    ``types_first``: the field of answer 1 waits for the keyboard, digits answer once it is left. ``compares``: the
    step is to hold what was said against the backend.
    """

    id: str
    rule: str
    title: str
    mark: Mark
    cites: tuple[str, ...]
    quotes: tuple[tuple[str, str], ...]
    say: str
    language: str
    to_whom: str
    aloud: tuple[Spelled, ...]
    dial: DialPanel | None
    user_number: Spelled | None
    question: str
    choices: tuple[Choice, ...]
    script: tuple[str, ...]
    wants: tuple[Field, ...]
    clock: Clock | None
    goal: str
    beside: tuple[Other, ...]
    missing: tuple[str, ...]
    machine: str
    danger: bool
    ours: bool
    types_first: bool = False
    compares: bool = False


@dataclass(frozen=True)
class Reader:
    """Who looks at the case: name for the words to say, zone and language."""

    name: str
    zone: str
    language: str


def step_card(
    view: CaseView, wanted: str, reader: Reader, now: datetime, secrets: Mapping[str, str], *, may_answer: bool
) -> StepCard | None:
    """The card of the next step, or of the open duty ``wanted``; of an open question where nothing else is owed."""
    row = next((row for row in view.duties if row.rule.id == wanted), None) or _next(view)
    card = _duty_card(view, row, reader, now, secrets) if row else _question_card(view, reader)
    return card if card is None or may_answer else replace(card, choices=(), wants=())


def _next(view: CaseView) -> DutyRow | None:
    """The next step; a mail that is on its way waits for the relay, not for the operator."""
    busy = {row.rule.id for row in view.duties if is_queued(view, row.rule)}
    left = step_among([duty for duty in view.plan.duties if duty.rule.id not in busy], view.case.side)
    return next((row for row in view.duties if left and row.rule is left.rule), view.step)


def is_queued(view: CaseView, rule: DutyRule) -> bool:
    """The mail of this duty is in the outbox, and the relay's word is awaited."""
    queued = (row.event.data for row in view.timeline if row.event.kind == "mail_queued")
    newest = next((data.get("message") for data in queued if data.get("rule") == rule.id), None)
    return any(message.pk == newest and message.state in ON_ITS_WAY for message in view.messages)


def _duty_card(view: CaseView, row: DutyRow, reader: Reader, now: datetime, secrets: Mapping[str, str]) -> StepCard:
    case, rule = view.case, row.rule
    clock = clock_of(row.due, row.since, now)
    return StepCard(
        id=f"{rule.id}-{_times(view, rule)}",
        rule=rule.id,
        title=row.title.replace(f" {NOT_KNOWN}", ""),
        mark=_mark(view, row),
        cites=rule.cites,
        quotes=_quotes(view, rule.cites),
        say=_say(case, rule, reader, secrets) if row.ours else "",
        language=words.language(reader.language),
        to_whom=_to_whom(case, rule),
        aloud=_aloud(view, rule, secrets) if row.ours else (),
        dial=_dial(view, row, reader, now),
        user_number=_user_number(view, rule, secrets) if row.ours else None,
        question=fill(case, rule.question) or ("" if row.ours else "What has happened?"),
        choices=tuple(_choice(view, number, answer) for number, answer in enumerate(rule.answers, 1)),
        script=tuple(step.text for step in rule.steps if view.plan.decision.holds(step.when)) if row.ours else (),
        wants=_wants(view, rule) if row.ours else (),
        clock=clock,
        goal=row.title,
        beside=_beside(view, row),
        missing=tuple(view.procedure.facts[name].title for name in row.missing),
        machine=str(rule.machine or "") if row.ours else "",
        danger=view.plan.route.danger,
        ours=row.ours,
        types_first=row.ours and _types_first(view, rule),
        compares=row.ours and not PROOF.isdisjoint(rule.tell),
    )


def _question_card(view: CaseView, reader: Reader) -> StepCard | None:
    """The card of an open question; None when nothing is open at all."""
    if not view.plan.questions:
        return None
    fact = view.plan.questions[0]
    return StepCard(
        id=f"ask-{fact.name}",
        rule="",
        title=fact.ask,
        mark=mark(State.TODO, "Ask now"),
        cites=fact.cites or view.plan.route.cites,
        quotes=_quotes(view, fact.cites or view.plan.route.cites),
        say="",
        language=words.language(reader.language),
        to_whom="the caller",
        aloud=(),
        dial=None,
        user_number=None,
        question=fact.title,
        choices=option_choices(fact),
        script=(),
        wants=(),
        clock=None,
        goal="",
        beside=(),
        missing=(),
        machine="",
        danger=False,
        ours=True,
    )


def option_choices(fact: FactDef) -> tuple[Choice, ...]:
    """The options of a closed fact with their digits; danger is 0 and first."""
    calm = [(value, text) for value, text in fact.options.items() if value != ASKS_DANGER]
    choices = tuple(Choice(str(n), text, "", fact=fact.name, value=value) for n, (value, text) in enumerate(calm, 1))
    if ASKS_DANGER not in fact.options:
        return choices
    note = "no identity check, no waiting"
    danger = Choice("0", fact.options[ASKS_DANGER], note, fact=fact.name, value=ASKS_DANGER, danger=True)
    return (danger, *choices)


def _times(view: CaseView, rule: DutyRule) -> int:
    """How often this card was answered already, so that the next try counts as a new card."""
    return sum(row.event.data.get("rule") == rule.id for row in view.timeline)


def _mark(view: CaseView, row: DutyRow) -> Mark:
    if (
        row.ours
        and row.rule.machine is Machine.UNLOCK
        and any(command.state in ("queued", "sent") for command in view.commands)
    ):
        return mark(State.WAITING, "Running")
    if row.ours and is_queued(view, row.rule):
        return mark(State.WAITING, "Queued")
    if view.plan.route.danger and row.ours:
        return mark(State.DANGER)
    if row.overdue:
        return mark(State.OVERDUE)
    if not row.ours:
        return mark(State.WAITING, f"With {view.case.partner or 'the partner'}")
    return mark(State.TODO, "Meanwhile" if row.rule.standing else "If wanted" if row.rule.optional else "Do now")


def _quotes(view: CaseView, cites: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    statements = view.procedure.statements
    return tuple((number, statements[number]) for number in cites if number in statements)


def _say(case: Case, rule: DutyRule, reader: Reader, secrets: Mapping[str, str]) -> str:
    said = fill(case, rule.say, operator=reader.name)
    phone = secrets.get("user_phone")
    if phone and "{user_phone}" in rule.say:
        said = fill(case, rule.say.replace("{user_phone}", words.phone(phone)), operator=reader.name)
    return said.replace(f" {NOT_KNOWN}", "")


def _to_whom(case: Case, rule: DutyRule) -> str:
    if "user" in rule.to:
        return "the User"
    by_phone = rule.channel is Channel.PHONE and CALLED & set(rule.to)
    return str(case.partner or "the partner") if by_phone else ""


def _aloud(view: CaseView, rule: DutyRule, secrets: Mapping[str, str]) -> tuple[Spelled, ...]:
    return tuple(spelled for name in rule.spell if (spelled := _spelled(view, name, secrets)))


def _spelled(view: CaseView, name: str, secrets: Mapping[str, str]) -> Spelled | None:
    fact, value = view.procedure.facts[name], view.plan.facts.values.get(name)
    if value is None:
        return None
    if not fact.personal:
        return Spelled(fact.title, f"as printed: {value}", str(value), False)
    hint = "shown for this step; showing it is recorded" if name in secrets else "masked: show it with R"
    return Spelled(fact.title, hint, secrets.get(name, ""), True)


def _user_number(view: CaseView, rule: DutyRule, secrets: Mapping[str, str]) -> Spelled | None:
    """The User's number, where the step is to call them."""
    if rule.channel is not Channel.PHONE or "user" not in rule.to or "user_phone" not in view.plan.facts.values:
        return None
    shown = secrets.get("user_phone", "")
    hint = "shown for this step; showing it is recorded" if shown else "masked: show it with R"
    return Spelled("User's number", hint, words.phone(shown), False)


def _dial(view: CaseView, row: DutyRow, reader: Reader, now: datetime) -> DialPanel | None:
    """Whom this step calls. In danger, dialling waits for nothing: the number stands from the first card on."""
    to = _called(row)
    if not to and view.plan.route.danger and row.ours:
        to = next((called for each in view.duties if each.ours and (called := _called(each))), "")
        if not to and view.case.side == "msp":
            to = "cpo_cc"
    if not to:
        return None
    named = str(view.plan.facts.values.get("evse_label", ""))
    return dial_panel(view.case.partner, to, now, reader.zone, reader.language, evse=view.case.evse, named=named)


def _called(row: DutyRow) -> str:
    if not row.ours or row.rule.channel is not Channel.PHONE:
        return ""
    return next((each for each in row.rule.to if each in CALLED), "")


def _choice(view: CaseView, number: int, answer: Answer) -> Choice:
    return Choice(
        key=str(number),
        text=fill(view.case, answer.text).replace(f" {NOT_KNOWN}", ""),
        note=fill(view.case, answer.note),
        fields=_fields(view, answer),
    )


def _fields(view: CaseView, answer: Answer) -> tuple[Field, ...]:
    """What is typed with an answer; nothing where all of it is known and the answer says something by itself."""
    known = all(name in view.plan.facts.values for name in answer.asks)
    return () if known and answer.record else tuple(_field(view, name) for name in answer.asks)


def _types_first(view: CaseView, rule: DutyRule) -> bool:
    """The step is to learn a value, and its first answer takes it."""
    asks = rule.answers[0].asks if rule.answers else ()
    return bool(asks) and asks[0] in rule.tell and asks[0] not in view.plan.facts.values


def _field(view: CaseView, name: str) -> Field:
    return field_of(view.procedure.facts[name])


def _wants(view: CaseView, rule: DutyRule) -> tuple[Field, ...]:
    """What is read aloud in this step and not known yet: asked for in the card, before the call."""
    known = view.plan.facts.values
    lacking = [name for name in rule.spell if name not in known and f"no_{name}_reason" not in known]
    return tuple(_field(view, name) for name in lacking)


def _beside(view: CaseView, row: DutyRow) -> tuple[Other, ...]:
    """What else is owed, by us or by them, from the one after this step on, so that one key walks through all."""
    here = [each.rule.id for each in view.duties].index(row.rule.id)
    others = (*view.duties[here + 1 :], *view.duties[:here])
    return tuple(Other(each.rule.id, each.title, ", ".join(each.rule.cites[:1])) for each in others)
