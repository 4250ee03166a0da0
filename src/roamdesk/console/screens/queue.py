"""The queue: danger over the full width, then lanes; a row reads left to right as a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from roamdesk.cases.models import Case
from roamdesk.cases.selectors import Lane, queue
from roamdesk.console import words
from roamdesk.console.clocks import Clock, clock_of
from roamdesk.console.marks import Mark, State, mark
from roamdesk.console.screens.reach import ReachRow, reach_row
from roamdesk.desks.models import Desk, Person
from roamdesk.partners.reach import unreachable

FILTERS = (("all", "All"), ("overdue", "Overdue"), ("mine", "Mine"), ("ours", "Ours"), ("partner", "Awaiting partner"))
ORDERS = {"overdue": "longest first", "mine": "next due first"}
ICONS = {"overdue": State.OVERDUE, "partner": State.WAITING}


@dataclass(frozen=True)
class Row:
    case: Case
    mark: Mark
    clock: Clock | None
    since: datetime | None
    place: str
    label: str
    owner: str
    cite: str

    @property
    def danger(self) -> str:
        """What is wrong, in the caller's words where somebody wrote them down."""
        issue = str(self.case.known.get("values", {}).get("issue", ""))
        return issue[:90] or self.case.title

    @property
    def hue(self) -> str:
        return {State.WAITING: "waiting", State.UNKNOWN: "unknown", State.OVERDUE: "overdue"}.get(
            self.mark.state, "ink"
        )


@dataclass(frozen=True)
class Tab:
    key: str
    digit: int
    title: str
    count: int
    on: bool
    icon: Mark | None


@dataclass(frozen=True)
class LaneView:
    key: str
    title: str
    rows: tuple[Row, ...]
    end: str
    icon: Mark | None


@dataclass(frozen=True)
class Place:
    address: str
    text: str
    search: str


@dataclass(frozen=True)
class Colleague:
    name: str
    you: bool
    text: str


@dataclass(frozen=True)
class QueueScreen:
    danger: tuple[Row, ...]
    lanes: tuple[LaneView, ...]
    tabs: tuple[Tab, ...]
    total: int
    unreachable: tuple[ReachRow, ...]
    places: tuple[Place, ...]
    people: tuple[Colleague, ...]


def queue_screen(desk: Desk, person: Person, now: datetime, chosen: str) -> QueueScreen:
    """The queue as it stands at ``now`` (UTC), filtered by one of ``FILTERS``. Runs in the desk's scope."""
    found = queue(desk, person, now)
    lanes = [lane for lane in found.lanes if chosen in ("all", lane.key)]
    rows = [case for lane in found.lanes for case in lane.cases]
    return QueueScreen(
        danger=tuple(row_of(case, now) for case in found.danger),
        lanes=tuple(_lane(lane, now) for lane in lanes if lane.cases or chosen != "all"),
        tabs=_tabs(found.lanes, found.total, chosen),
        total=found.total,
        unreachable=_unreachable(desk, now, [*found.danger, *rows]),
        places=tuple(_places(rows)),
        people=tuple(_people(desk, person, [*found.danger, *rows])),
    )


def _unreachable(desk: Desk, now: datetime, cases: list[Case]) -> tuple[ReachRow, ...]:
    """The partners of these cases whom nobody reaches now."""
    partners = {case.partner_id for case in cases if case.partner_id}
    found = unreachable(desk, now, desk.language, sorted(partners)) if partners else []
    return tuple(reach_row(reach, desk, now) for reach in found)


def row_of(case: Case, now: datetime) -> Row:
    clock = clock_of(case.next_due_at, case.next_since or case.opened_at, now)
    evse = case.evse
    place = ", ".join(part for part in (str(case.partner or ""), evse.address if evse else "") if part)
    return Row(
        case=case,
        mark=_mark(case, clock),
        clock=clock,
        since=case.next_since,
        place=place or "place not known yet",
        label=evse.label if evse else "",
        owner=str(case.owner).split()[0] if case.owner else "nobody",
        cite=case.next_cites.split()[0] if case.next_cites else "",
    )


def _mark(case: Case, clock: Clock | None) -> Mark:
    if case.is_danger:
        return mark(State.DANGER)
    if clock and clock.over:
        return mark(State.OVERDUE)
    if case.is_unknown:
        return mark(State.UNKNOWN)
    if case.attention:
        return mark(State.TODO, "Look")
    if not case.next_action:
        return mark(State.DONE, "Nothing owed")
    if case.next_owed_by != case.side:
        return mark(State.WAITING, f"With {case.partner or 'the partner'}")
    return mark(State.TODO)


def _lane(lane: Lane, now: datetime) -> LaneView:
    rows = tuple(row_of(case, now) for case in lane.cases)
    count = str(lane.total) if lane.total == len(rows) else f"{len(rows)} of {lane.total} shown"
    icon = mark(ICONS[lane.key]) if lane.key in ICONS else None
    return LaneView(lane.key, lane.title, rows, " · ".join(filter(None, (count, ORDERS.get(lane.key, "")))), icon)


def _tabs(lanes: Iterable[Lane], total: int, chosen: str) -> tuple[Tab, ...]:
    counts = {"all": total, **{lane.key: lane.total for lane in lanes}}
    return tuple(
        Tab(key, digit, title, counts.get(key, 0), key == chosen, mark(ICONS[key]) if key in ICONS else None)
        for digit, (key, title) in enumerate(FILTERS, 1)
    )


def _places(cases: list[Case]) -> list[Place]:
    """Where more than one case is open: one cause may be behind them."""
    at: dict[str, list[Case]] = {}
    for case in cases:
        if case.evse and case.evse.address:
            at.setdefault(case.evse.address, []).append(case)
    return [
        Place(address, f"{words.counted(len(here), 'open case')}: {_problems(here)}", address)
        for address, here in at.items()
        if len(here) > 1
    ]


def _problems(cases: list[Case]) -> str:
    return ", ".join(dict.fromkeys(case.title.lower() for case in cases))


def _people(desk: Desk, person: Person, cases: list[Case]) -> list[Colleague]:
    held: dict[int, int] = {}
    for case in cases:
        if case.owner_id:
            held[case.owner_id] = held.get(case.owner_id, 0) + 1
    members = desk.memberships.select_related("person").order_by("person__display_name")
    return [
        Colleague(str(member.person), member.person_id == person.pk, f"{held.get(member.person_id, 0)} open")
        for member in members
        if member.person.is_active
    ]
