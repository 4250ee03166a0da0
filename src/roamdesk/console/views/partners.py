"""Partners: the list, and one partner's page."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from roamdesk.console import words
from roamdesk.console.gate import at_desk
from roamdesk.console.marks import State, mark
from roamdesk.console.screens.call import procedure_in_force
from roamdesk.console.screens.forms_in import ask_part
from roamdesk.console.screens.history import history_of
from roamdesk.console.screens.partner import is_ready, partner_screen
from roamdesk.console.shell import page
from roamdesk.desks.access import Access, Right
from roamdesk.partners.models import Partner
from roamdesk.partners.selectors import reachability
from roamdesk.partners.submissions import sent_in


@at_desk()
def partners(request: HttpRequest, access: Access) -> HttpResponse:
    now = datetime.now(UTC)
    procedure = procedure_in_force(access.desk, now)
    reaches = {(reach.partner.pk, reach.to): reach for reach in reachability(access.desk, now, access.desk.language)}
    rows = []
    for partner in Partner.objects.prefetch_related("lines").order_by("name"):
        lines = list(partner.lines.all())
        for role in partner.roles:
            gaps = is_ready(partner, role, procedure, lines)
            state = mark(State.OVERDUE, f"Not ready: {gaps} open") if gaps else mark(State.DONE, "Ready")
            rows.append((partner, words.SIDES[role], state, reaches[partner.pk, f"{role}_cc"].dial))
    return page(
        request, access, "partner", "Partners", template="partners", rows=rows, came_in=sent_in(access.desk), now=now
    )


@at_desk()
def partner(request: HttpRequest, access: Access, partner: int) -> HttpResponse:
    now = datetime.now(UTC)
    found = get_object_or_404(Partner.objects.prefetch_related("lines"), pk=partner, desk=access.desk)
    procedure = procedure_in_force(access.desk, now)
    screen = partner_screen(found, procedure, now, access.person.zone, access.desk.language)
    return page(
        request,
        access,
        "partner",
        found.name,
        p=screen,
        ask=ask_part(found, now),
        changes=history_of(found),
        keeps=access.may(Right.KEEP_PARTNERS),
        now=now,
        zone=words.place_of(found.zone),
    )
