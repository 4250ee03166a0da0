"""One line of a contact form: add it, correct it, confirm it, try it, take it off."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from roamdesk.console.gate import at_desk
from roamdesk.console.screens.contact_line import TYPED, as_typed, line_screen, values_in
from roamdesk.console.shell import page
from roamdesk.desks.access import Access, Right
from roamdesk.partners import services, verifying
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.services import LineRefused


@at_desk(Right.KEEP_PARTNERS)
def new(request: HttpRequest, access: Access, partner: int) -> HttpResponse:
    return _page_of(request, access, get_object_or_404(Partner, pk=partner, desk=access.desk), None)


@at_desk(Right.KEEP_PARTNERS)
def line(request: HttpRequest, access: Access, partner: int, line: int) -> HttpResponse:
    found = get_object_or_404(
        ContactLine.objects.select_related("partner", "desk"), pk=line, partner=partner, desk=access.desk
    )
    return _page_of(request, access, found.partner, found)


def _page_of(request: HttpRequest, access: Access, partner: Partner, line: ContactLine | None) -> HttpResponse:
    if request.method != "POST":
        asked = {"what": request.GET.get("what", "")}
        return _form(request, access, partner, line, None if line else as_typed(partner, None) | asked)
    typed = {name: request.POST.get(name, "") for name in TYPED}
    try:
        told = _try(request, access, line) if line and request.POST.get("do") in ("call", "mail") else ""
        told = told or _do(request, access, partner, line, typed)
    except LineRefused as refused:
        return _form(request, access, partner, line, typed, refused.faults)
    except ValueError as refused:
        return _form(request, access, partner, line, None, {"line": str(refused)})
    messages.success(request, told, "s-done")
    return redirect("console:partner", access.desk.slug, partner.pk)


def _try(request: HttpRequest, access: Access, line: ContactLine) -> str:
    """Raises ValueError with the mend."""
    at, by = datetime.now(UTC), str(access.person)
    if request.POST.get("do") == "mail":
        verifying.send_test_mail(line, by=by, at=at)
        return f"A test mail is queued to {line.value}. The line is verified once somebody there presses the button."
    result, note = request.POST.get("result", ""), request.POST.get("note", "")
    check = verifying.record_call(line, result=result, by=by, at=at, note=note)
    return f"Noted: {check.get_result_display().lower()}."


def _do(request: HttpRequest, access: Access, partner: Partner, line: ContactLine | None, typed: dict[str, str]) -> str:
    """Raises LineRefused."""
    at, by, verified = datetime.now(UTC), str(access.person), bool(request.POST.get("verified"))
    if line is None:
        services.save_line(partner, **values_in(typed), at=at if verified else None, changed_at=at, by=by)
        return "Added. The history of the contact form shows it."
    if request.POST.get("do") == "remove":
        services.remove_line(line, by=by, at=at)
        return f"{line.value} is taken off. The history of the contact form brings it back."
    if request.POST.get("do") == "confirm":
        services.confirm_line(line, at=at)
        return f"{line.value} counts as verified from now on."
    seen = request.POST.get("seen", "")
    services.correct_line(
        line, values_in(typed), seen=int(seen) if seen.isdecimal() else 0, verified=verified, by=by, at=at
    )
    return "Changed. The history of the contact form shows it, with the way back."


def _form(
    request: HttpRequest,
    access: Access,
    partner: Partner,
    line: ContactLine | None,
    typed: dict[str, str] | None,
    faults: dict[str, str] | None = None,
) -> HttpResponse:
    screen = line_screen(partner, line, typed, faults)
    title = f"{'Change' if line else 'Add'} a line of {partner}"
    return page(request, access, "partner", title, template="contact_line", s=screen, status=422 if faults else 200)
