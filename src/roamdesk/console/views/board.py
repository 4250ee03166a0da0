"""The team lead's board."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse

from roamdesk.cases.models import Case
from roamdesk.cases.selectors import dangers, open_cases
from roamdesk.console import plots, words
from roamdesk.console.gate import at_desk
from roamdesk.console.shell import page
from roamdesk.desks.access import Access
from roamdesk.reports import figures

PERIODS = {
    "shift": ("Shift", timedelta(hours=8)),
    "week": ("7 days", timedelta(days=7)),
    "month": ("30 days", timedelta(days=30)),
}


@at_desk()
def board(request: HttpRequest, access: Access) -> HttpResponse:
    now = datetime.now(UTC)
    chosen = request.GET.get("over", "week")
    chosen = chosen if chosen in PERIODS else "week"
    since = now - PERIODS[chosen][1]
    told = figures.outcomes(access.desk, since)
    routes = figures.open_by_route(access.desk, now)
    unlocks = figures.unlock_results(access.desk, since)
    calls = figures.calls_per_hour(access.desk, now)
    late = open_cases(access.desk).filter(next_due_at__lt=now).order_by("next_due_at")
    context = {
        "periods": [(key, title, key == chosen) for key, (title, _) in PERIODS.items()],
        "danger": list(dangers(access.desk)[:1]),
        "dangers": dangers(access.desk).count(),
        "late": list(late[:1]),
        "lates": late.count(),
        "open": sum(count.open for count in routes),
        "in_time": figures.within_target(told),
        "both": figures.both_notices(access.desk, since),
        "routes": routes,
        "route_plot": plots.by_route(routes[:7]),
        "told": told,
        "time_plot": plots.times(told),
        "later": sum(outcome.late for outcome in told),
        "unlocks": unlocks,
        "attempts": sum(count.total for count in unlocks),
        "unlock_plot": plots.unlocks(unlocks[:6]),
        "calls": calls,
        "call_total": sum(count for _, count in calls),
        "call_rows": [(words.clock_time(at, access.person.zone), count) for at, count in calls],
        "call_plot": plots.hours(calls, access.person.zone),
        "outcome_plot": plots.each_outcome(told[-120:]),
        "open_state": Case.State.OPEN,
    }
    return page(request, access, "board", "Team lead board", now=now, **context)
