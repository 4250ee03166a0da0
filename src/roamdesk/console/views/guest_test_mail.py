"""The page behind a test mail: somebody there presses a button, and the address counts as right."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from roamdesk.console.guest_shell import guest_page
from roamdesk.partners import verifying
from roamdesk.partners.models import Check, GuestLink


def answer_test_mail(request: HttpRequest, link: GuestLink, now: datetime) -> HttpResponse:
    """Programs that look through mail open links, so a GET confirms nothing."""
    check = get_object_or_404(Check, pk=link.about_id, partner=link.partner_id)
    if request.method == "POST":
        check = verifying.test_mail_confirmed(check, at=now)
    title = f"Is {check.value} still right?"
    return guest_page(request, "test_mail", title, link=link, check=check)
