"""Server time of console pages on a desk with 100,000 cases.

Some cases are made by the real verbs, then copied by INSERT … SELECT, with references, labels, times and events of
their own. A page is asked for through the whole application, middleware and database included, in one thread.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django_scopes import scope

from benchmarks.figures import Figure, figure
from benchmarks.people import LABEL, TOKEN, Cast, cast
from roamdesk.cases import services, writing
from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case, CaseWords, PersonalValue

CASES = 100_000
OPEN_ONES = 500
MILLISECONDS = 50
VISITS = 30
NOW = datetime.now(UTC)


def figures() -> Iterator[Figure]:
    people = cast("pages")
    _fill(people)
    browser = Client(HTTP_HOST="localhost")
    browser.force_login(people.operator, backend="allauth.account.auth_backends.AuthenticationBackend")
    for name, address in _pages(people.desk.slug):
        times = sorted(_visit(browser, address) for _ in range(VISITS))
        middle, slow = times[VISITS // 2], times[int(VISITS * 0.95)]
        detail = f"{middle:.1f} ms, 95 % within {slow:.1f} ms, of {MILLISECONDS} ms"
        yield figure(name, [one / MILLISECONDS for one in times], 1.0, at_least=False, detail=detail)


def _pages(desk: str) -> Iterator[tuple[str, str]]:
    """Every page that is measured; add a line for a new one. What has no address yet is left out."""
    open_one = f"NDL-BENCH-{CASES - 1:06d}"
    asked: list[tuple[str, str, dict[str, Any], str]] = [
        ("page_queue", "queue", {}, ""),
        ("page_case", "case", {"reference": open_one}, ""),
        ("page_new_call", "new", {}, ""),
        ("page_new_call_heard", "heard", {}, "?heard=E4421"),
        ("page_search_reference", "search", {}, "?for=BENCH-054321"),
        ("page_search_label", "search", {}, "?for=E0777"),
        ("page_search_token", "search", {}, "?for=CAFE4242"),
        ("page_search_town", "search", {}, "?for=Berlin"),
        ("page_search_partner", "search", {}, "?for=VoltPass"),
        ("page_board", "board", {}, ""),
        ("page_partners", "partners", {}, ""),
    ]
    for name, view, arguments, query in asked:
        try:
            yield name, reverse(f"console:{view}", kwargs={"desk": desk, **arguments}) + query
        except NoReverseMatch:
            continue


def _visit(browser: Client, address: str) -> float:
    """Milliseconds. Raises AssertionError for a page that fails."""
    began = time.perf_counter()
    answer = browser.get(address)
    took = (time.perf_counter() - began) * 1000
    assert answer.status_code == 200, f"{address} answered {answer.status_code}"
    return took


# ---- 100,000 cases ----


def _fill(people: Cast) -> None:
    """The last ``OPEN_ONES`` are open, the others closed over the last two years."""
    closed, opened = _pattern(people, "closed"), _pattern(people, "open")
    with scope(desk=people.desk), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cases_event DISABLE TRIGGER roamdesk_tell_of_event")
        _copy(cursor, closed, 0, CASES - OPEN_ONES - 1, timedelta(days=730))
        _copy(cursor, opened, CASES - OPEN_ONES, CASES - 1, timedelta(minutes=50))
        cursor.execute("ALTER TABLE cases_event ENABLE TRIGGER roamdesk_tell_of_event")
        cursor.execute("ANALYZE")


def _pattern(people: Cast, state: str) -> Case:
    do: dict[str, Any] = {"actor": Actor.of(people.operator), "at": NOW}
    facts = {
        "caller": "partner", "problem": "cable_stuck", "evse_label": LABEL, "token": TOKEN, "identity": "full",
        "unlock_asked": "yes", "issue": "It does not come out.",
    }  # fmt: skip
    case = services.open_case(people.desk, side="cpo", facts=facts, partner=people.partner, **do)
    case = services.record_facts(case, {"unlock": "failed", "consent": "no"}, **do)
    if state == "closed":
        told = {"freed": "yes", "mailed_support": "successful", "mailed_focal_points": "successful"}
        case = services.record_facts(case, told, **do)
    assert case.state == state
    return case


def _copy(cursor: Any, pattern: Case, first: int, last: int, over: timedelta) -> None:
    """Cases ``first`` to ``last``, spread evenly over the time before now."""
    base = 10_000_000  # row ids of copies, far above those of real ones
    step = over / (last - first + 1)
    for number, start in enumerate(range(first, last + 1, 20_000)):
        span: dict[str, Any] = {
            "base": base,
            "from": start,
            "to": min(start + 19_999, last),
            "case": pattern.pk,
            "last": last,
        }
        span |= {"case": pattern.pk, "step": step, "seed": number}
        for statement in STATEMENTS:
            cursor.execute(statement, span)


def _but(columns: list[str], **instead: str) -> tuple[str, str]:
    """The columns of a table, and what a copy has in them."""
    kept = [name for name in columns if name != "id" or "id" in instead]
    return ", ".join(f'"{name}"' for name in kept), ", ".join(instead.get(name, f'p."{name}"') for name in kept)


def _insert(table: str, columns: list[str], where: str = "p.case_id = %(case)s", **instead: str) -> str:
    into, values = _but(columns, **instead)
    return (
        f"INSERT INTO {table} ({into}) SELECT {values} FROM {table} p,"
        f" generate_series(%(from)s::bigint, %(to)s::bigint) AS n WHERE {where}"
    )


_ID = "%(base)s + n"
_AGO = "p.{} - (%(last)s - n) * %(step)s"
_TOKEN = "'CAFE' || n"
STATEMENTS = [
    _insert(
        "cases_case", writing.CASE, "p.id = %(case)s", id=_ID, reference="'NDL-BENCH-' || lpad(n::text, 6, '0')",
        opened_at=_AGO.format("opened_at"), changed_at=_AGO.format("changed_at"), closed_at=_AGO.format("closed_at"),
        next_due_at=_AGO.format("next_due_at"),
        owner_id="CASE n %% 3 WHEN 0 THEN p.owner_id END",
        known="jsonb_set(p.known, '{values,evse_label}', to_jsonb('DE*NDL*E' || lpad((n %% 5000)::text, 4, '0')))",
    ),
    _insert("cases_event", writing.EVENT, case_id=_ID, at=_AGO.format("at"), recorded_at=_AGO.format("recorded_at")),
    _insert(
        "cases_duty", writing.NEW_DUTY, case_id=_ID, due_at=_AGO.format("due_at"), raised_at=_AGO.format("raised_at"),
        ended_at=_AGO.format("ended_at"), next_clock_at=_AGO.format("next_clock_at"),
    ),
    _insert(
        "cases_personalvalue", writing.columns_of(PersonalValue, but="id"),
        case_id=_ID, value=_TOKEN, key=_TOKEN,
    ),
    _insert(
        "cases_casewords", writing.columns_of(CaseWords), case_id=_ID,
        words="array_to_tsvector(ARRAY[p.desk_id || '/NDLBENCH' || lpad(n::text, 6, '0'),"
        " p.desk_id || '/BENCH' || lpad(n::text, 6, '0'), p.desk_id || '/E' || lpad((n %% 5000)::text, 4, '0'),"
        " p.desk_id || '/berlin', p.desk_id || '/ladestrasse'])",
    ),
]  # fmt: skip
