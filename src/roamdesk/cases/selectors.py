"""What screens and the API read of cases. Nothing here changes a row; personal values come out masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, F, Q, QuerySet, Value, When, Window, prefetch_related_objects
from django.db.models.functions import RowNumber

from roamdesk.cases.changing import about
from roamdesk.cases.models import Case, Event
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.searching import search
from roamdesk.cases.settling import plan_of, step_of
from roamdesk.cases.words import fill, in_utc, masked, shown
from roamdesk.charging.models import Command, MatchVerdict
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Desk, Person
from roamdesk.procedure import Duty as Owed
from roamdesk.procedure import Plan, Procedure
from roamdesk.procedure.model import DutyRule, FactDef
from roamdesk.procedure.tracing import Later, TraceLine, later, trace


@dataclass(frozen=True)
class FactRow:
    """One known fact. ``text`` is masked where it is personal; ``looked_up`` where nobody said it."""

    fact: FactDef
    text: str
    told_at: datetime | None
    told_by: str
    looked_up: bool
    in_play: bool


@dataclass(frozen=True)
class DutyRow:
    """What is owed, as a list shows it. ``due`` in UTC."""

    rule: DutyRule
    title: str
    ours: bool
    since: datetime | None
    due: datetime | None
    overdue: bool
    missing: tuple[str, ...]


@dataclass(frozen=True)
class TimelineRow:
    event: Event
    text: str
    detail: str


@dataclass(frozen=True)
class CaseView:
    """Everything a case page shows, read once."""

    case: Case
    procedure: Procedure
    plan: Plan
    step: DutyRow | None
    facts: tuple[FactRow, ...]
    duties: tuple[DutyRow, ...]
    later: tuple[Later, ...]
    timeline: tuple[TimelineRow, ...]
    commands: tuple[Command, ...]
    messages: tuple[Message, ...]
    match: MatchVerdict | None

    @property
    def ours(self) -> list[DutyRow]:
        return [row for row in self.duties if row.ours]

    @property
    def theirs(self) -> list[DutyRow]:
        return [row for row in self.duties if not row.ours]

    @property
    def trace(self) -> list[TraceLine]:
        """Which rules fired and which did not, and why; texts as the operator reads them."""
        return [replace(line, title=fill(self.case, line.title)) for line in trace(self.plan)]


def case_of(desk: Desk, reference: str) -> Case | None:
    """The case of this desk with our reference. Runs in the desk's scope."""
    found: Case | None = (
        Case.objects.select_related("desk", "partner", "owner", "evse__station", "procedure")
        .filter(desk=desk, reference=reference)
        .first()
    )
    return found


def case_view(case: Case, now: datetime, operator: str = "") -> CaseView:
    """Read a case for its page. Runs in the desk's scope."""
    now_plan = plan_of(case)
    procedure = now_plan.procedure
    events = list(case.events.order_by("number"))
    step = step_of(now_plan, case.side)
    return CaseView(
        case=case,
        procedure=procedure,
        plan=now_plan,
        step=_duty_row(case, step, now, operator) if step else None,
        facts=tuple(_fact_rows(case, now_plan, events)),
        duties=tuple(_duty_row(case, duty, now, operator) for duty in now_plan.duties),
        later=tuple(later(now_plan)),
        timeline=tuple(_timeline_row(case, procedure, event) for event in reversed(events)),
        commands=tuple(Command.objects.filter(about=about(case)).select_related("station", "evse").order_by("-pk")),
        messages=tuple(Message.objects.filter(about=about(case)).order_by("-pk")),
        match=MatchVerdict.objects.filter(about=about(case)).order_by("-pk").first(),
    )


def _duty_row(case: Case, owed: Owed, now: datetime, operator: str) -> DutyRow:
    ours = owed.rule.owed_by == case.side
    text = owed.rule.do if ours or not owed.rule.wait else owed.rule.wait
    overdue = bool(owed.due and owed.due < now)
    return DutyRow(owed.rule, fill(case, text, operator=operator), ours, owed.since, owed.due, overdue, owed.missing)


def _fact_rows(case: Case, now: Plan, events: Sequence[Event]) -> list[FactRow]:
    """Known facts in the order of the file, each with who told it last."""
    told = {name: event for event in events for name in event.data.get("values", {})}
    rows = []
    for name, fact in now.procedure.facts.items():
        value = now.facts.values.get(name)
        if value is None or name == "side":
            continue
        event = told.get(name)
        text = shown(now.procedure, case, name, value)
        looked_up = bool(event and name in event.data.get("looked_up", []))
        in_play = name in now.decision.values or not _decides(now, name)
        rows.append(FactRow(fact, text, event.at if event else None, event.by if event else "", looked_up, in_play))
    return rows


def _decides(now: Plan, name: str) -> bool:
    return any(name in rule.when.facts for rule in now.procedure.duties)


# ---- timeline ----

TEXTS = {
    "taken": "{by} took the case",
    "handed_over": "Handed over to {to}",
    "noted": "Note",
    "their_reference": "Their reference: {reference}",
    "linked": "Linked with {to}",
    "merged": "Merged into {into}",
    "closed": "Closed: {because}",
    "reopened": "Opened again: {because}",
    "overdue": "Overdue: {title}",
    "escalated": "Told the team lead: {title}",
    "revealed": "{field} shown to {by}",
    "erased": "Personal data erased",
    "departed": "Departed from the procedure: {rule}",
    "declined": "Declined: {rule}",
    "mail_queued": "Mail queued to {to}",
    "mail_state": "Mail {state}",
    "mail_again": "Mail sent again to {to}",
    "mail_came": "{what}",
    "mail_settled": "Mail of {with}: nothing to answer",
    "mail_to_answer": "Mail of {with} is to be answered after all",
    "mail_put_off": "Mail of {with} put off until {until}",
    "acknowledged": "Their mail was acknowledged to {to}",
    "attention": "Look at this: {because}",
    "attended": "{by} has looked at it",
    "mail_left": "A mail that stood here belongs to {to}",
    "command": "{kind} sent to {evse}",
    "command_result": "Station: {outcome}",
    "not_performed": "The mail did not leave: {because}",
    "matched": "Compared with the sessions: {verdict}",
    "verdict": "Identity {verdict} by {by}",
}
MAIL_STATES = {
    "bounced": "came back",
    "answered": "was answered",
    "withdrawn": "was taken back before it left",
}
DETAILS = ("reason", "note", "why", "detail", "told")


def _timeline_row(case: Case, procedure: Procedure, event: Event) -> TimelineRow:
    detail = next((str(event.data[name]) for name in DETAILS if event.data.get(name)), "")
    if event.kind in ("opened", "facts", "edited", "taken_back"):
        return TimelineRow(event, _told(case, procedure, event), detail)
    data = {name: _plain(procedure, name, value) for name, value in event.data.items()}
    text = TEXTS.get(event.kind, event.kind).format_map({"by": event.by, **data})
    return TimelineRow(event, text[:1].upper() + text[1:], detail)


def _plain(procedure: Procedure, name: str, value: Any) -> str:
    if name == "field" and value in procedure.facts:
        return procedure.facts[value].title
    if name == "until":
        return in_utc(value)
    if name == "state":
        return MAIL_STATES.get(value, f"{value} by the relay")
    if name == "rule":
        return next((rule.do for rule in procedure.duties if rule.id == value), str(value))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value).replace("_", " ")


def _told(case: Case, procedure: Procedure, event: Event) -> str:
    before = {"edited": "Corrected: ", "taken_back": "Taken back: ", "opened": "Opened: "}.get(event.kind, "")
    spoken = event.data.get("looked_up", [])
    told = [_one(case, procedure, *item) for item in event.data["values"].items() if item[0] not in (*spoken, "side")]
    return before + (", ".join(told) or _call_text(event))


def _one(case: Case, procedure: Procedure, name: str, value: Any) -> str:
    title = procedure.facts[name].title if name in procedure.facts else name
    return f"{title}: {shown(procedure, case, name, value)}" if value is not None else f"{title} withdrawn"


def _call_text(event: Event) -> str:
    call = event.data.get("call")
    if not call:
        return "Nothing new"
    results = {"answered": "Call answered", "no_answer": "Nobody answered", "machine": "A machine answered"}
    return f"{results.get(call['result'], 'They refused')} {call['number']}".strip()


# ---- queue ----


@dataclass(frozen=True)
class Lane:
    key: str
    title: str
    cases: tuple[Case, ...]
    total: int


@dataclass(frozen=True)
class Queue:
    danger: tuple[Case, ...]
    lanes: tuple[Lane, ...]
    total: int


LANE_LENGTH = 50
LANES = {"overdue": "Overdue", "mine": "Mine", "ours": "Ours", "partner": "Awaiting partner"}


def queue(desk: Desk, person: Person, now: datetime) -> Queue:
    """The open cases of a desk: danger first, then overdue, mine, ours (nobody's or a colleague's), awaiting partner.

    A case stands in the first lane that fits. Runs in the desk's scope.
    """
    cases = Case.objects.filter(desk=desk, state=Case.State.OPEN)
    danger = tuple(cases.filter(is_danger=True).order_by(F("next_due_at").asc(nulls_last=True), "pk")[:LANE_LENGTH])
    calm = list(_first_of_each_lane(cases.filter(is_danger=False), _lane_of(person, now)))
    lanes = tuple(_lane(key, [case for case in calm if case.lane == key]) for key in LANES)
    _read_related(desk, [*danger, *calm])
    return Queue(danger, lanes, len(danger) + sum(lane.total for lane in lanes))


def _lane_of(person: Person, now: datetime) -> models.Case:
    return models.Case(
        When(next_due_at__lt=now, then=Value("overdue")),
        When(owner=person, then=Value("mine")),
        When(~Q(attention="") | Q(next_owed_by=F("side")), then=Value("ours")),
        default=Value("partner"),
    )


def _first_of_each_lane(cases: QuerySet[Case], lane: models.Case) -> QuerySet[Any]:
    """In one query: the most urgent of each lane, with ``lane`` and the ``total`` of its lane; what is known waits."""
    urgency = [F("next_due_at").asc(nulls_last=True), F("owner").asc(nulls_first=True), F("opened_at").desc()]
    counted = cases.annotate(lane=lane).annotate(
        place=Window(RowNumber(), partition_by="lane", order_by=urgency),
        total=Window(Count("pk"), partition_by="lane"),
    )
    return counted.filter(place__lte=LANE_LENGTH).order_by("lane", "place").defer("known")


def _lane(key: str, cases: Sequence[Any]) -> Lane:
    return Lane(key, LANES[key], tuple(cases), cases[0].total if cases else 0)


def _read_related(desk: Desk, cases: list[Case]) -> None:
    """Partners, owners and EVSEs of all rows at once, each made once; a join would make them for every row."""
    prefetch_related_objects(cases, "partner", "owner", "evse")
    for case in cases:
        case.desk = desk


def open_cases(desk: Desk) -> QuerySet[Case]:
    found: QuerySet[Case] = Case.objects.filter(desk=desk, state=Case.State.OPEN).select_related(
        "partner", "owner", "evse", "desk"
    )
    return found


def dangers(desk: Desk) -> QuerySet[Case]:
    """Danger that this desk has not passed on, the oldest first; for the strip on every page."""
    return open_cases(desk).filter(is_danger=True).order_by("opened_at")


def recent_cases_at(case_or_evse: Any, now: datetime, days: int = 30) -> int:
    """How many cases an EVSE had lately."""
    return Case.objects.filter(evse=case_or_evse, opened_at__gt=now - timedelta(days=days)).count()


__all__ = [
    "CaseView", "DutyRow", "FactRow", "Lane", "Queue", "TimelineRow", "case_of", "case_view", "dangers", "masked",
    "open_cases", "procedure_of", "queue", "recent_cases_at", "search",
]  # fmt: skip
