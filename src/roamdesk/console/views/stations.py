"""Our stations."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import Http404, HttpRequest, HttpResponse

from roamdesk.console.gate import at_desk
from roamdesk.console.screens.stations import stations_screen
from roamdesk.console.shell import page
from roamdesk.desks.access import Access


@at_desk()
def stations(request: HttpRequest, access: Access) -> HttpResponse:
    if not access.desk.plays_cpo:
        raise Http404("A desk without stations of its own has no such page.")
    now = datetime.now(UTC)
    wanted = request.GET.get("station", "").strip()[:60]
    screen = stations_screen(access.desk, wanted, now)
    return page(request, access, "stations", "Stations", s=screen, wanted=wanted, now=now)
