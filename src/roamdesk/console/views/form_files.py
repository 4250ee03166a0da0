"""Contact forms as files: taken out, uploaded and looked at, applied."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from roamdesk.console.gate import at_desk
from roamdesk.console.screens.form_file import file_screen
from roamdesk.console.shell import page
from roamdesk.desks.access import Access, Right
from roamdesk.desks.tables import TableRefused
from roamdesk.partners import form_files
from roamdesk.partners.exporting import forms_as
from roamdesk.partners.form_files import FileRefused, Outcome
from roamdesk.partners.models import FormFile

KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@require_GET
@at_desk(Right.KEEP_PARTNERS)
def download(request: HttpRequest, access: Access, suffix: str) -> HttpResponse:
    if suffix not in KINDS:
        raise Http404("Contact forms are taken out as csv or json.")
    name = f"contact-forms-{access.desk.slug}-{datetime.now(UTC):%Y-%m-%d}.{suffix}"
    answer = HttpResponse(forms_as(suffix, access.desk), content_type=KINDS[suffix])
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_POST
@at_desk(Right.KEEP_PARTNERS)
def upload(request: HttpRequest, access: Access) -> HttpResponse:
    """Keep the file as it came; nothing of it counts before somebody has looked at it."""
    came = request.FILES.get("file")
    try:
        kept = form_files.keep(
            access.desk, came.name or "" if came else "", came.read(form_files.LARGEST + 1) if came else b"",
            by=str(access.person), at=datetime.now(UTC),
        )  # fmt: skip
    except FileRefused as refused:
        messages.error(request, f"{refused} Nothing was changed.", "s-overdue")
        return redirect("console:partners", access.desk.slug)
    return redirect("console:form_file", access.desk.slug, kept.pk)


@at_desk(Right.KEEP_PARTNERS)
def look(request: HttpRequest, access: Access, file: int) -> HttpResponse:
    """What the file would change, as the forms stand now; posted, it does."""
    kept = get_object_or_404(FormFile, pk=file, desk=access.desk)
    now, by = datetime.now(UTC), str(access.person)
    if request.method == "POST":
        try:
            tally = form_files.apply(kept, by=by, at=now)
            messages.success(request, f"{kept.name}: {tally}.", "s-done")
            return redirect("console:partners", access.desk.slug)
        except ValueError as refused:
            messages.error(request, f"{refused} Nothing was changed.", "s-overdue")
            return redirect("console:form_file", access.desk.slug, kept.pk)
    fault, outcome = "", Outcome()
    try:
        outcome = form_files.preview(access.desk, bytes(kept.content), by=by, at=now)
    except TableRefused as refused:
        fault = str(refused)
    screen = file_screen(kept, outcome, fault)
    return page(request, access, "partner", "Contact forms from a file", template="form_file", s=screen)
