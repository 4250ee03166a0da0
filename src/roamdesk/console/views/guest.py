"""The door for partners: what a link opens, without an account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_scopes import scope

from roamdesk.console.guest_shell import guest_page
from roamdesk.console.views.guest_form import contact_form
from roamdesk.console.views.guest_meeting import answer_invitation
from roamdesk.console.views.guest_procedure import acknowledge_procedure
from roamdesk.console.views.guest_test_mail import answer_test_mail
from roamdesk.partners import links
from roamdesk.partners.models import GuestLink

_PAGES: dict[str, Callable[[HttpRequest, GuestLink, datetime], HttpResponse]] = {
    GuestLink.Purpose.FORM: contact_form,
    GuestLink.Purpose.PROCEDURE: acknowledge_procedure,
    GuestLink.Purpose.MEETING: answer_invitation,
    GuestLink.Purpose.TEST_MAIL: answer_test_mail,
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def guest(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind a link; a link that opens nothing says why."""
    now = datetime.now(UTC)
    try:
        link = links.open_link(token, now)
    except links.LinkRefused as refused:
        return guest_page(request, "refused", "This link opens nothing", status=410, text=str(refused))
    with scope(desk=link.desk):
        return _PAGES[link.purpose](request, link, now)
