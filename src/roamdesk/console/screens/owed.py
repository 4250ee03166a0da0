"""What we owe and what they owe us: one list each, the same clocks; what comes later is there, pale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roamdesk.cases.models import Case, Duty
from roamdesk.cases.selectors import CaseView, DutyRow
from roamdesk.cases.words import fill
from roamdesk.console import words
from roamdesk.console.clocks import Clock, clock_of
from roamdesk.console.marks import Mark, State, mark
from roamdesk.console.screens.step import is_queued
from roamdesk.procedure.model import Channel, DutyRule
from roamdesk.procedure.tracing import Later
from roamdesk.procedure.wording import NOT_KNOWN

NEXT = 2
UNKNOWN_AGAIN = "not known yet"  # what was told is not untold: such a duty lies behind us
BY = {
    Channel.PHONE: "phone",
    Channel.MAIL: "mail",
    Channel.COMMAND: "station",
    Channel.FIELD: "on site",
    Channel.TELL_USER: "to the User",
    Channel.INTERNAL: "in house",
}


@dataclass(frozen=True)
class Owed:
    rule: str
    title: str
    detail: str
    mark: Mark
    clock: Clock | None
    when: str
    later: bool = False


@dataclass(frozen=True)
class Side:
    """One party's list: open duties, the next that may come, and the rest of them."""

    open: tuple[Owed, ...]
    next: tuple[Owed, ...]
    rest: tuple[Owed, ...]

    @property
    def shown(self) -> tuple[Owed, ...]:
        return self.open + self.next


@dataclass(frozen=True)
class Sides:
    ours: Side
    theirs: Side

    @property
    def any(self) -> bool:
        return bool(self.ours.shown or self.theirs.shown)


def owed_in(view: CaseView, now: datetime, zone: str) -> Sides:
    """Open duties first, then what may still be raised; each action once."""
    goes = dict(Duty.objects.filter(case=view.case, state=Duty.State.OPEN).values_list("rule", "performs_at"))
    open_now = [(row.rule, _open(view, row, goes.get(row.rule.id), now, zone)) for row in view.duties]
    later = [(each.rule, _later(view.case, each.rule, each.condition)) for each in coming(view)]
    ours, theirs = (
        _side([owed for rule, owed in open_now if (rule.owed_by == view.case.side) is mine],
              [owed for rule, owed in later if (rule.owed_by == view.case.side) is mine])
        for mine in (True, False)
    )  # fmt: skip
    return Sides(ours, theirs)


def coming(view: CaseView) -> list[Later]:
    """What may still be raised, each action once."""
    seen = {row.rule.action for row in view.duties}
    found = []
    for each in view.later:
        if each.rule.action not in seen and not each.rule.optional and UNKNOWN_AGAIN not in each.condition:
            seen.add(each.rule.action)
            found.append(each)
    return found


def _side(open_now: list[Owed], later: list[Owed]) -> Side:
    return Side(tuple(open_now), tuple(later[:NEXT]), tuple(later[NEXT:]))


def _open(view: CaseView, row: DutyRow, performs_at: datetime | None, now: datetime, zone: str) -> Owed:
    clock = clock_of(row.due, row.since, now)
    waits = is_queued(view, row.rule)
    goes = "queued" if waits else f"goes by itself {words.moment(performs_at, now, zone)}" if performs_at else ""
    detail = " · ".join(part for part in (goes, BY[row.rule.channel], ", ".join(row.rule.cites[:2])) if part)
    return Owed(
        row.rule.id, row.title, detail, _mark(row, waits or performs_at is not None), clock, _when(row.rule, clock)
    )


def _mark(row: DutyRow, waits: bool) -> Mark:
    if row.overdue:
        return mark(State.OVERDUE)
    if waits or not row.ours:
        return mark(State.WAITING)
    return mark(State.LATER) if row.rule.optional else mark(State.TODO)


def _when(rule: DutyRule, clock: Clock | None) -> str:
    if clock:
        return clock.text
    return "always" if rule.standing else "if wanted" if rule.optional else "now"


def _later(case: Case, rule: DutyRule, condition: str) -> Owed:
    ours = rule.owed_by == case.side
    title = fill(case, rule.do if ours or not rule.wait else rule.wait).replace(NOT_KNOWN, "").strip()
    detail = f"once {_in_sentence(condition)} · {', '.join(rule.cites[:2])}"
    return Owed(rule.id, title, detail, mark(State.LATER), None, "later" if ours else "not yet", later=True)


def _in_sentence(text: str) -> str:
    """Small at the beginning, unless it begins with an abbreviation."""
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


@dataclass(frozen=True)
class Leg:
    """One of the things that stand side by side after a failure, each with a state of its own."""

    mark: Mark
    title: str
    detail: str


def legs_in(view: CaseView, zone: str) -> list[Leg]:
    """The two notices and the visit that a failure asks of us (S19, S22)."""
    open_now = {row.rule.id: row for row in view.duties}
    rules = [
        rule
        for rule in view.procedure.duties
        if view.plan.route.id in rule.routes
        and rule.owed_by == view.case.side
        and (rule.result == "unsuccessful" or rule.channel is Channel.FIELD)
        and view.plan.decision.holds(rule.when)
    ]
    return [_leg(view, rule, open_now.get(rule.id), zone) for rule in rules]


def _leg(view: CaseView, rule: DutyRule, row: DutyRow | None, zone: str) -> Leg:
    promised = view.plan.facts.values.get("promised_at")
    if rule.channel is Channel.FIELD:
        state = mark(State.DONE, "Promised") if row is None else mark(State.TODO, "Owed")
        at = words.clock_time(datetime.fromisoformat(str(promised)), zone) if promised else ""
        return Leg(state, f"Field visit {at}".strip(), "in both notices" if promised else "no time promised yet")
    if rule.channel is Channel.MAIL:
        queued = is_queued(view, rule)
        state = (
            mark(State.DONE, "Accepted")
            if row is None
            else mark(State.WAITING, "Queued")
            if queued
            else mark(State.TODO, "Owed")
        )
        return Leg(state, "Failure mail", "by the relay" if row is None else "leaves with the visit time")
    state = mark(State.DONE, "Told") if row is None else mark(State.TODO, "Owed")
    return Leg(state, f"Phone {view.case.partner or 'the MSP'}", "by phone" if row is None else "no call answered yet")
