"""What a team lead counts, for one desk over a period. Instants are UTC; every function runs in the desk's scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from roamdesk.cases.models import Case, Duty, Event
from roamdesk.cases.procedures import procedure_of
from roamdesk.correspondence.models import Call
from roamdesk.desks.models import Desk

UNLOCK_RESULTS = ("ok", "failed", "unknown")


@dataclass(frozen=True)
class RouteCount:
    """Open cases of one route, of which ``late`` are past a target."""

    route: str
    title: str
    open: int
    late: int


@dataclass(frozen=True)
class Outcome:
    """One outcome: how long it took from the report, and its target."""

    reference: str
    partner: str
    took: timedelta
    target: timedelta

    @property
    def late(self) -> bool:
        return self.took > self.target


@dataclass(frozen=True)
class UnlockCount:
    """Reported Unlock results with one partner; silence apart."""

    partner: str
    ok: int
    failed: int
    unknown: int

    @property
    def total(self) -> int:
        return self.ok + self.failed + self.unknown


@dataclass(frozen=True)
class Notices:
    """Failures that ended, and for how many of them both notices were given (S22)."""

    failures: int
    both: int


def open_by_route(desk: Desk, now: datetime) -> list[RouteCount]:
    """Open cases by route, the fullest first."""
    cases = Case.objects.filter(desk=desk, state=Case.State.OPEN).only("route", "next_due_at", "procedure_id")
    titles: dict[str, str] = {}
    open_now: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for case in cases.iterator():
        if case.route not in titles:
            titles[case.route] = procedure_of(case).route(case.route).title
        open_now[case.route] += 1
        late[case.route] += bool(case.next_due_at and case.next_due_at < now)
    return [RouteCount(route, titles[route], count, late[route]) for route, count in open_now.most_common()]


def outcomes(desk: Desk, since: datetime) -> list[Outcome]:
    """Each outcome of an Unlock that was told since then, with the time from asking to telling (S20)."""
    ended = Duty.objects.filter(desk=desk, action="do_unlock", ended_at__gte=since, due_at__isnull=False)
    ended = ended.filter(state__in=(Duty.State.DONE, Duty.State.LAPSED)).order_by("ended_at")
    rows = ended.values_list("case__reference", "case__partner__name", "raised_at", "ended_at", "due_at")
    return [
        Outcome(reference, partner or "not known", ended_at - raised_at, due_at - raised_at)
        for reference, partner, raised_at, ended_at, due_at in rows
        if ended_at and due_at
    ]


def unlock_results(desk: Desk, since: datetime) -> list[UnlockCount]:
    """Reported Unlock results by partner, the busiest first."""
    told = Event.objects.filter(desk=desk, kind="facts", at__gte=since, data__values__has_key="unlock")
    pairs = Counter(told.values_list("case__partner__name", "data__values__unlock"))
    names = {name for name, _ in pairs}
    counts = [UnlockCount(name or "not known", *(pairs[name, result] for result in UNLOCK_RESULTS)) for name in names]
    return sorted((count for count in counts if count.total), key=lambda count: (-count.total, count.partner))


def calls_per_hour(desk: Desk, now: datetime) -> list[tuple[datetime, int]]:
    """Calls in each of the last 24 hours, oldest first; the hour by its beginning."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=23)
    made = Call.objects.filter(desk=desk, at__gte=first).values_list("at", flat=True)
    counts = Counter(at.replace(minute=0, second=0, microsecond=0) for at in made)
    hours = [first + timedelta(hours=n) for n in range(24)]
    return [(hour, counts[hour]) for hour in hours]


def both_notices(desk: Desk, since: datetime) -> Notices:
    """After how many failures MSPcc was told by phone and by mail (S22)."""
    told = Duty.objects.filter(desk=desk, ended_at__gte=since, action__in=("phone_outcome", "mail_outcome"))
    done = told.filter(state=Duty.State.DONE).values_list("case_id", "action")
    phoned = {case for case, action in done if action == "phone_outcome"}
    mailed = {case for case, action in done if action == "mail_outcome"}
    ended = set(told.filter(action="phone_outcome").values_list("case_id", flat=True))
    return Notices(len(ended), len(phoned & mailed))


def within_target(told: Iterable[Outcome]) -> tuple[int, int]:
    """How many were in time, of how many."""
    late = [outcome.late for outcome in told]
    return len(late) - sum(late), len(late)
