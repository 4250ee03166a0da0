"""What the team lead's board shows of a desk. Reads only; a figure that nobody has measured is absent, not 0."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Count, F, Max, Min, Q

from roamdesk.cases.models import Case, Duty
from roamdesk.cases.procedures import procedure_of
from roamdesk.charging.models import Command
from roamdesk.charging.ports import Outcome
from roamdesk.correspondence.models import Call
from roamdesk.desks.models import Desk

LOOKING_BACK = timedelta(days=7)
OUTCOME_ACTIONS = ("mail_outcome", "phone_outcome")
BUCKETS = (5, 10, 15, 20, 30, 45, 60)
RESULTS = {
    Outcome.UNLOCKED: "unlocked",
    Outcome.UNLOCK_FAILED: "failed",
    Outcome.CALL_ERROR: "failed",
    Outcome.NOT_SUPPORTED: "not_supported",
    Outcome.UNKNOWN_CONNECTOR: "not_supported",
    Outcome.NO_ANSWER: "unknown",
    Outcome.CONNECTION_LOST: "unknown",
}


@dataclass(frozen=True)
class RouteLoad:
    """Open cases of one route, ``overdue`` of them with a target passed."""

    route: str
    title: str
    open: int
    overdue: int


@dataclass(frozen=True)
class OutcomeTimes:
    """Minutes from opening a case to its outcome: how many fell below each of ``BUCKETS``, the rest above."""

    counts: tuple[int, ...]
    median_minutes: float | None
    target_minutes: float | None


@dataclass(frozen=True)
class UnlockResults:
    """What Unlock commands came to, for one station model or one partner."""

    name: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Board:
    open: int
    danger: int
    overdue: int
    awaiting_partner: int
    closed_today: int
    routes: tuple[RouteLoad, ...]
    outcomes: OutcomeTimes
    unlocks: tuple[UnlockResults, ...]
    calls_per_hour: tuple[tuple[datetime, int], ...]
    since: datetime


def board(desk: Desk, now: datetime) -> Board:
    """The board of a desk at ``now`` (UTC), plots over seven days. Runs in the desk's scope."""
    since = now - LOOKING_BACK
    opened = Case.objects.filter(desk=desk, state=Case.State.OPEN)
    sums = opened.aggregate(
        open=Count("pk"),
        danger=Count("pk", filter=Q(is_danger=True)),
        overdue=Count("pk", filter=Q(next_due_at__lt=now)),
        awaiting=Count("pk", filter=~Q(next_owed_by=F("side"))),
    )
    closed = Case.objects.filter(desk=desk, closed_at__gte=now - timedelta(hours=24)).count()
    return Board(
        open=sums["open"],
        danger=sums["danger"],
        overdue=sums["overdue"],
        awaiting_partner=sums["awaiting"],
        closed_today=closed,
        routes=open_by_route(desk, now),
        outcomes=outcome_times(desk, since),
        unlocks=unlock_results(desk, since),
        calls_per_hour=calls_per_hour(desk, now),
        since=since,
    )


def open_by_route(desk: Desk, now: datetime) -> tuple[RouteLoad, ...]:
    rows = (
        Case.objects.filter(desk=desk, state=Case.State.OPEN)
        .values("route")
        .annotate(open=Count("pk"), overdue=Count("pk", filter=Q(next_due_at__lt=now)), newest=Max("pk"))
        .order_by("-open")
    )
    titles = _route_titles([row["newest"] for row in rows])
    return tuple(RouteLoad(r["route"], titles.get(r["route"], r["route"]), r["open"], r["overdue"]) for r in rows)


def _route_titles(case_ids: list[int]) -> dict[str, str]:
    """Titles by route, from the newest case of each: another version may call it otherwise."""
    found = {}
    for case in Case.objects.filter(pk__in=case_ids):
        found[case.route] = next((r.title for r in procedure_of(case).routes if r.id == case.route), case.route)
    return found


def outcome_times(desk: Desk, since: datetime) -> OutcomeTimes:
    """From the opening of a case to the moment its outcome was known, over cases opened after ``since``."""
    rows = list(
        Duty.objects.filter(desk=desk, case__opened_at__gte=since, action__in=OUTCOME_ACTIONS)
        .values("case_id", "case__opened_at")
        .annotate(known=Min("raised_at"), due=Min("due_at"))
    )
    minutes = [(row["known"] - row["case__opened_at"]).total_seconds() / 60 for row in rows]
    targets = [(row["due"] - row["known"]).total_seconds() / 60 for row in rows if row["due"]]
    counts = Counter(next((i for i, most in enumerate(BUCKETS) if each < most), len(BUCKETS)) for each in minutes)
    return OutcomeTimes(
        tuple(counts[i] for i in range(len(BUCKETS) + 1)),
        median(minutes) if minutes else None,
        median(targets) if targets else None,
    )


def unlock_results(desk: Desk, since: datetime) -> tuple[UnlockResults, ...]:
    """By OCPP version and model of the station, the busiest first; what never left is not counted."""
    rows = (
        Command.objects.filter(desk=desk, kind=Command.Kind.UNLOCK, queued_at__gte=since)
        .exclude(outcome="")
        .values("station__version", "station__model", "outcome")
        .annotate(times=Count("pk"))
    )
    by_name: dict[str, Counter[str]] = {}
    for row in rows:
        result = RESULTS.get(Outcome(row["outcome"]))
        if result:
            name = " ".join(filter(None, (row["station__model"], row["station__version"]))) or "not known"
            by_name.setdefault(name, Counter())[result] += row["times"]
    found = [UnlockResults(name, dict(counts)) for name, counts in by_name.items()]
    return tuple(sorted(found, key=lambda each: -each.total))


def calls_per_hour(desk: Desk, now: datetime) -> tuple[tuple[datetime, int], ...]:
    """Calls logged in each of the last 24 hours, oldest first; the hours are UTC."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    begin = this_hour - timedelta(hours=23)
    times = Call.objects.filter(desk=desk, at__gte=begin).values_list("at", flat=True)
    counts = Counter(at.replace(minute=0, second=0, microsecond=0) for at in times)
    hours = [begin + timedelta(hours=n) for n in range(24)]
    return tuple((hour, counts[hour]) for hour in hours)
