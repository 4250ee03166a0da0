"""The queue."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from roamdesk.console.gate import at_desk
from roamdesk.console.screens.queue import FILTERS, queue_screen
from roamdesk.console.shell import page
from roamdesk.desks.access import Access


@at_desk()
def to_queue(request: HttpRequest, access: Access) -> HttpResponse:
    return redirect("console:queue", access.desk.slug)


@at_desk()
def queue(request: HttpRequest, access: Access) -> HttpResponse:
    now = datetime.now(UTC)
    chosen = request.GET.get("show", "all")
    chosen = chosen if chosen in dict(FILTERS) else "all"
    screen = queue_screen(access.desk, access.person, now, chosen)
    return page(request, access, "queue", "Queue", q=screen, now=now, chosen=chosen)
