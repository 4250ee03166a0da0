"""Search over everything: cases, EVSEs, partners."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

from roamdesk.cases import selectors
from roamdesk.console.gate import at_desk
from roamdesk.console.screens.call import listen
from roamdesk.console.screens.queue import row_of
from roamdesk.console.shell import page
from roamdesk.desks.access import Access
from roamdesk.partners.models import Partner


@at_desk()
def search(request: HttpRequest, access: Access) -> HttpResponse:
    now = datetime.now(UTC)
    wanted = request.GET.get("for", "").strip()[:255]
    cases = [row_of(case, now) for case in selectors.search(access.desk, wanted)]
    heard = listen(access.desk, wanted)
    partners = Partner.objects.filter(name__icontains=wanted)[:10] if wanted else []
    return page(
        request, access, "search", "Search", now=now, wanted=wanted,
        rows=cases, evses=heard.found.hits[:10], partners=partners, error=heard.error,
    )  # fmt: skip
