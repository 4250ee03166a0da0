"""A new call: one box, then who and what, then the case."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from roamdesk.cases.actors import Actor
from roamdesk.cases.errors import Refused
from roamdesk.cases.services import open_case
from roamdesk.console.forms import CallForm
from roamdesk.console.gate import at_desk
from roamdesk.console.screens.call import CallScreen, call_screen, facts_of, undecided
from roamdesk.console.shell import page
from roamdesk.desks.access import Access, Right


@at_desk(Right.HANDLE_CASES)
def new(request: HttpRequest, access: Access) -> HttpResponse:
    if request.method == "POST":
        return _open(request, access)
    return _page(request, access, _screen(request, access))


@at_desk(Right.HANDLE_CASES)
def heard(request: HttpRequest, access: Access) -> HttpResponse:
    """What changes while one types: hits, dial panel, route."""
    return render(request, "console/call/_heard.html", {"c": _screen(request, access), "access": access})


def _screen(request: HttpRequest, access: Access) -> CallScreen:
    values = request.POST if request.method == "POST" else request.GET
    return call_screen(access.desk, CallForm.of(values), values, datetime.now(UTC), access.person.zone)


def _page(
    request: HttpRequest, access: Access, screen: CallScreen, *, problem: str = "", status: int = 200
) -> HttpResponse:
    return page(request, access, "new", "New call", c=screen, problem=problem, status=status)


def _open(request: HttpRequest, access: Access) -> HttpResponse:
    screen = _screen(request, access)
    form = screen.form
    if not form.caller and form.problem != "danger":
        return _page(request, access, screen, problem="Say who is calling first. Nothing was saved.", status=422)
    if not form.problem:
        return _page(request, access, screen, problem="Say what the problem is. Nothing was saved.", status=422)
    if undecided(screen):
        problem = f"{screen.heading} Nothing was saved. Choose one, or clear the box."
        return _page(request, access, screen, problem=problem, status=422)
    try:
        case = open_case(
            access.desk,
            side=screen.side,
            facts=facts_of(form, screen),
            actor=Actor.of(access.person),
            at=datetime.now(UTC),
            partner=screen.partner,
            evse=screen.taken,
            their_reference=form.their_reference,
        )
    except Refused as refused:
        return _page(request, access, screen, problem=str(refused), status=422)
    return redirect("console:case", access.desk.slug, case.reference)
