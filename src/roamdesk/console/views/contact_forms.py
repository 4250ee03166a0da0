"""Contact forms: ask the partner for one, accept what came in or send it back, take a change back."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from roamdesk.console.gate import at_desk
from roamdesk.console.screens.forms_in import submission_screen
from roamdesk.console.shell import page
from roamdesk.desks.access import Access, Right
from roamdesk.partners import history, links, submissions
from roamdesk.partners.models import FormChange, FormSubmission, GuestLink, Partner
from roamdesk.partners.submissions import SubmissionRefused


@require_POST
@at_desk(Right.KEEP_PARTNERS)
def ask(request: HttpRequest, access: Access, partner: int) -> HttpResponse:
    """Mail the partner a link to its form."""
    found = get_object_or_404(Partner, pk=partner, desk=access.desk)
    to = request.POST.get("to", "").strip()
    try:
        links.ask_for_form(found, to, by=str(access.person), at=datetime.now(UTC))
        messages.success(request, f"The link to the contact form is queued to {to}.", "s-done")
    except ValueError as refused:
        messages.error(request, f"{refused} Nothing was sent.", "s-overdue")
    return redirect("console:partner", access.desk.slug, found.pk)


@require_POST
@at_desk(Right.KEEP_PARTNERS)
def revoke(request: HttpRequest, access: Access, partner: int, link: int) -> HttpResponse:
    found = get_object_or_404(GuestLink, pk=link, partner=partner, desk=access.desk)
    links.revoke(found, at=datetime.now(UTC))
    messages.success(request, f"The link to {found.sent_to or 'the form'} opens nothing any more.", "s-done")
    return redirect("console:partner", access.desk.slug, found.partner_id)


@require_POST
@at_desk(Right.KEEP_PARTNERS)
def take_back(request: HttpRequest, access: Access, partner: int, change: int) -> HttpResponse:
    found = get_object_or_404(FormChange, pk=change, partner=partner, desk=access.desk)
    try:
        history.take_back(found, by=str(access.person), at=datetime.now(UTC))
        messages.success(request, "Taken back: the line is what it was before.", "s-done")
    except history.ChangeRefused as refused:
        messages.error(request, f"{refused} Nothing was changed.", "s-overdue")
    return redirect("console:partner", access.desk.slug, found.partner_id)


@at_desk()
def submission(request: HttpRequest, access: Access, partner: int, submission: int) -> HttpResponse:
    """What came in beside what stands there; the partner manager decides."""
    found = get_object_or_404(
        FormSubmission.objects.select_related("partner"), pk=submission, partner=partner, desk=access.desk
    )
    error = ""
    if request.method == "POST":
        access.require(Right.KEEP_PARTNERS)
        try:
            _decide(request, access, found)
            return redirect("console:partner", access.desk.slug, found.partner_id)
        except SubmissionRefused as refused:
            error = f"{refused} Nothing was changed."
    screen = submission_screen(found)
    title = f"Contact form of {found.partner}"
    status = 422 if error else 200
    return page(
        request, access, "partner", title, template="form_in", s=screen, error=error, status=status,
        decides=access.may(Right.KEEP_PARTNERS),
    )  # fmt: skip


def _decide(request: HttpRequest, access: Access, found: FormSubmission) -> None:
    now, by = datetime.now(UTC), str(access.person)
    if request.POST.get("do") == "accept":
        submissions.accept(found, by=by, at=now)
        messages.success(request, f"The contact form of {found.partner} stands as it was sent in.", "s-done")
    else:
        submissions.send_back(found, note=request.POST.get("note", ""), by=by, at=now)
        messages.success(request, "Sent back. The partner reads your note above the form.", "s-done")
