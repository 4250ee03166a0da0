"""The partner's own contact form, by a link."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from roamdesk.console.guest_shell import guest_page
from roamdesk.console.screens.guest import form_screen, typed
from roamdesk.partners import submissions
from roamdesk.partners.agreed import agreed_with
from roamdesk.partners.models import GuestLink, Partner
from roamdesk.partners.submissions import FormFaults, SubmissionRefused


def contact_form(request: HttpRequest, link: GuestLink, now: datetime) -> HttpResponse:
    """One form for each role; typed text is kept at every step, also when it cannot stand."""
    role = request.POST.get("role", "") or request.GET.get("role", "")
    role = role if role in link.partner.roles else link.partner.roles[0]
    if request.method != "POST":
        return _form_page(request, link, role, now)
    raw, sends = typed(request.POST), request.POST.get("do") == "send"
    version = int(version) if (version := request.POST.get("version", "")).isdecimal() else 0
    try:
        kept = submissions.save_draft(link, role, raw, version=version, at=now)
    except SubmissionRefused as refused:
        # Their page stays as old as it was: only a link opened anew may overwrite the newer draft.
        return _form_page(request, link, role, now, raw=raw, version=version, error=str(refused))
    try:
        if sends:
            submissions.send_in(kept, at=now)
    except FormFaults as refused:
        return _form_page(request, link, role, now, error=str(refused), faults=refused.faults)
    except SubmissionRefused as refused:
        return _form_page(request, link, role, now, error=str(refused))
    if request.headers.get("X-Autosave"):
        return HttpResponse(str(kept.version), content_type="text/plain")
    return redirect(f"{request.path}?role={role}#{'top' if sends else 'form'}")


def _form_page(
    request: HttpRequest,
    link: GuestLink,
    role: str,
    now: datetime,
    *,
    raw: dict[str, Any] | None = None,
    version: int | None = None,
    error: str = "",
    faults: dict[int, dict[str, str]] | None = None,
) -> HttpResponse:
    partner: Partner = link.partner
    open_one = submissions.open_submission(partner, role)
    shown = raw or (open_one.raw if open_one else submissions.as_it_stands(partner, role))
    [agreed] = agreed_with(link.desk, [partner], now)
    screen = form_screen(partner, role, shown, agreed, faults or {})
    return guest_page(
        request,
        "form",
        f"Contact form of {partner}",
        status=422 if error else 200,
        link=link,
        form=screen,
        agreed=agreed,
        now=now,
        open_one=open_one,
        version=version if version is not None else open_one.version if open_one else 0,
        error=error,
    )
