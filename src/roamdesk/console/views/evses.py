"""The directory of EVSEs, how it came, and one EVSE with its evidence."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from roamdesk.charging.models import Evse, Pull
from roamdesk.charging.roaming.services import PullRefused, decide_pull
from roamdesk.console.gate import at_desk
from roamdesk.console.screens.evses import directory_screen, evse_screen
from roamdesk.console.shell import page
from roamdesk.desks.access import Access, Right


@at_desk()
def evses(request: HttpRequest, access: Access) -> HttpResponse:
    now, wanted = datetime.now(UTC), request.GET.get("evse", "").strip()[:255]
    screen = directory_screen(access.desk, wanted, now, access.person.zone)
    may = access.may(Right.ADMINISTER)
    return page(request, access, "evses", "EVSEs", s=screen, wanted=wanted, may=may, now=now)


@at_desk()
def evse(request: HttpRequest, access: Access, evse: int) -> HttpResponse:
    found = get_object_or_404(Evse.objects.select_related("partner", "station"), pk=evse, desk=access.desk)
    now = datetime.now(UTC)
    screen = evse_screen(found, now, access.person.zone)
    return page(request, access, "evse", found.label, s=screen, now=now)


@require_POST
@at_desk(Right.ADMINISTER)
def decide(request: HttpRequest, access: Access, pull: int) -> HttpResponse:
    """The answer to the question of a load that waits."""
    found = get_object_or_404(Pull, pk=pull, desk=access.desk)
    take = request.POST.get("do") == "take"
    try:
        decide_pull(found, take=take, by=str(access.person), at=datetime.now(UTC))
    except PullRefused as refused:
        messages.error(request, str(refused), "s-overdue")
    else:
        told = f"Taken: {found.withdrawn:,} withdrawn." if take else "Dropped. The directory is as it was."
        messages.success(request, told, "s-done" if take else "s-plain")
    return redirect("console:evses", access.desk.slug)
