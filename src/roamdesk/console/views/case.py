"""The guided case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from roamdesk.cases.errors import Refused
from roamdesk.cases.models import Case
from roamdesk.cases.selectors import case_of
from roamdesk.console.gate import at_desk
from roamdesk.console.screens.actions import another_case
from roamdesk.console.screens.case import case_screen
from roamdesk.console.screens.showing import secrets_for
from roamdesk.console.screens.step import Reader
from roamdesk.console.shell import page
from roamdesk.desks.access import Access, Right

LIVE = "X-Live"


@at_desk()
def case(request: HttpRequest, access: Access, reference: str) -> HttpResponse:
    case, into = found(access, reference), request.GET.get("merge", "")
    return _asked_to_merge(request, access, case, into) if into else case_page(request, access, case)


def _asked_to_merge(request: HttpRequest, access: Access, case: Case, into: str) -> HttpResponse:
    """The case, with the question whether it is really to end as a part of another."""
    access.require(Right.HANDLE_CASES)
    try:
        return case_page(request, access, case, into=another_case(case, into))
    except Refused as refused:
        return case_page(request, access, case, problem=str(refused), status=422)


def found(access: Access, reference: str) -> Case:
    """The case of this desk. Raises Http404 as for one that does not exist."""
    case = case_of(access.desk, reference)
    if case is None:
        raise Http404("There is no such case.")
    return case


def case_page(
    request: HttpRequest,
    access: Access,
    case: Case,
    *,
    status: int = 200,
    secrets: Mapping[str, str] | None = None,
    **context: Any,
) -> HttpResponse:
    """The page of a case as it is now; ``context`` may carry a problem or a conflict to be shown above the step."""
    now = datetime.now(UTC)
    wanted = request.GET.get("step", "") if request.method == "GET" else ""
    shown = secrets_for(access, case, wanted, now)
    may_answer = access.may(Right.HANDLE_CASES) and case.state == Case.State.OPEN
    reader = Reader(str(access.person), access.person.zone, access.desk.language)
    screen = case_screen(case, reader, now, wanted=wanted, secrets={**shown, **(secrets or {})}, may_answer=may_answer)
    people = [m.person for m in access.desk.memberships.select_related("person").order_by("person__display_name")]
    return page(
        request, access, "case", case.reference,
        c=screen, may_answer=may_answer, may_command=may_answer and access.may(Right.COMMAND_STATIONS), people=people,
        now=now, status=status, **context,
    )  # fmt: skip
