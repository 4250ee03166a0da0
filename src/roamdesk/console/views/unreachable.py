"""Partners that can't be reached: now, and over the coming week."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

from roamdesk.console.gate import at_desk
from roamdesk.console.screens.reach import AHEAD, NOW, reach_screen
from roamdesk.console.shell import page
from roamdesk.desks.access import Access
from roamdesk.partners.reach import Reason


@at_desk()
def unreachable(request: HttpRequest, access: Access) -> HttpResponse:
    now = datetime.now(UTC)
    chosen, number = request.GET.get("show", NOW), request.GET.get("page", "")
    chosen = chosen if chosen in (NOW, AHEAD, *Reason) else NOW
    part = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 1
    screen = reach_screen(access.desk, now, chosen, part)
    title = "Partners that can't be reached"
    return page(request, access, "partner", title, template="unreachable", s=screen, chosen=chosen, now=now)
