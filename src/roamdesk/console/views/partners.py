"""Partners: the list, and one partner's page."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from roamdesk.console.gate import at_desk
from roamdesk.console.screens.forms_in import ask_part
from roamdesk.console.screens.history import history_of
from roamdesk.console.screens.meeting import meetings_of
from roamdesk.console.screens.partner import partner_screen
from roamdesk.console.screens.partners import FILTERS, partners_screen
from roamdesk.console.screens.publishing import partner_part
from roamdesk.console.shell import page
from roamdesk.desks.access import Access, Right
from roamdesk.partners.models import Partner
from roamdesk.partners.submissions import sent_in


@at_desk()
def partners(request: HttpRequest, access: Access) -> HttpResponse:
    now = datetime.now(UTC)
    wanted, number = request.GET.get("partner", "").strip()[:80], request.GET.get("page", "")
    chosen = request.GET.get("show", "all")
    chosen = chosen if chosen in dict(FILTERS) else "all"
    screen = partners_screen(
        access.desk,
        now,
        wanted=wanted,
        chosen=chosen,
        page=int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 1,
    )
    return page(
        request,
        access,
        "partner",
        "Partners",
        template="partners",
        s=screen,
        wanted=wanted,
        chosen=chosen,
        came_in=sent_in(access.desk),
        keeps=access.may(Right.KEEP_PARTNERS),
        now=now,
    )


@at_desk()
def partner(request: HttpRequest, access: Access, partner: int) -> HttpResponse:
    now = datetime.now(UTC)
    found = get_object_or_404(Partner.objects.prefetch_related("lines"), pk=partner, desk=access.desk)
    agreed = partner_part(found, now)
    screen = partner_screen(found, agreed.agreed, now, access.person.zone, access.desk.language)
    return page(
        request,
        access,
        "partner",
        found.name,
        p=screen,
        ask=ask_part(found, now),
        meetings=meetings_of(found, now),
        agreed=agreed,
        both_ways=access.desk.plays_msp and access.desk.plays_cpo and found.plays_msp and found.plays_cpo,
        changes=history_of(found),
        keeps=access.may(Right.KEEP_PARTNERS),
        now=now,
    )
