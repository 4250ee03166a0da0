"""What a team lead counts, for one desk over a period. Instants are UTC; every function runs in the desk's scope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.postgres.aggregates import BoolOr
from django.db.models import Count, F, Min, Q
from django.db.models.functions import TruncHour

from roamdesk.cases.models import Case, Duty, Event
from roamdesk.correspondence.models import Call
from roamdesk.desks.models import Desk
from roamdesk.partners.procedures import procedure_at

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
    cases = Case.objects.filter(desk=desk, state=Case.State.OPEN).order_by()
    rows = (
        cases.values("route")
        .annotate(count=Count("pk"), late=Count("pk", filter=Q(next_due_at__lt=now)), procedure=Min("procedure"))
        .order_by("-count", "route")
    )
    return [
        RouteCount(row["route"], procedure_at(row["procedure"]).route(row["route"]).title, row["count"], row["late"])
        for row in rows
    ]


def outcomes(desk: Desk, since: datetime) -> list[Outcome]:
    """Each outcome of an Unlock that was told since then, with the time from asking to telling (S20)."""
    ended = Duty.objects.filter(desk=desk, action="do_unlock", ended_at__gte=since, due_at__isnull=False)
    ended = ended.filter(state__in=(Duty.State.DONE, Duty.State.LAPSED)).order_by("ended_at")
    rows = ended.values_list(
        "case__reference", "case__partner__name", F("ended_at") - F("raised_at"), F("due_at") - F("raised_at")
    )
    return [Outcome(reference, partner or "not known", took, target) for reference, partner, took, target in rows]


def unlock_results(desk: Desk, since: datetime) -> list[UnlockCount]:
    """Reported Unlock results by partner, the busiest first."""
    told = Event.objects.filter(desk=desk, kind="facts", at__gte=since, data__values__has_key="unlock")
    results = {result: Count("pk", filter=Q(data__values__unlock=result)) for result in UNLOCK_RESULTS}
    rows = told.order_by().values_list("case__partner__name").annotate(**results)
    counts = [UnlockCount(name or "not known", *by_result) for name, *by_result in rows]
    return sorted((count for count in counts if count.total), key=lambda count: (-count.total, count.partner))


def calls_per_hour(desk: Desk, now: datetime) -> list[tuple[datetime, int]]:
    """Calls in each of the last 24 hours, oldest first; the hour by its beginning."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=23)
    made = Call.objects.filter(desk=desk, at__gte=first).order_by()
    counts = dict(made.values_list(TruncHour("at", tzinfo=UTC)).annotate(Count("pk")))
    hours = [first + timedelta(hours=n) for n in range(24)]
    return [(hour, counts.get(hour, 0)) for hour in hours]


def both_notices(desk: Desk, since: datetime) -> Notices:
    """After how many failures MSPcc was told by phone and by mail (S22)."""
    told = Duty.objects.filter(desk=desk, ended_at__gte=since, action__in=("phone_outcome", "mail_outcome"))
    done, by_phone = Q(state=Duty.State.DONE), Q(action="phone_outcome")
    by_case = told.order_by().values("case").annotate(
        failure=BoolOr(by_phone), phoned=BoolOr(by_phone & done), mailed=BoolOr(~by_phone & done)
    )  # fmt: skip
    failure, both = Q(failure=True), Q(phoned=True, mailed=True)
    return Notices(**by_case.aggregate(failures=Count("case", filter=failure), both=Count("case", filter=both)))


def within_target(told: Iterable[Outcome]) -> tuple[int, int]:
    """How many were in time, of how many."""
    late = [outcome.late for outcome in told]
    return len(late) - sum(late), len(late)
