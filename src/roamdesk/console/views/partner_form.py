"""A partner itself: add one, or say who it is, what it plays and where it sits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from roamdesk.console.gate import at_desk
from roamdesk.console.shell import page
from roamdesk.desks.access import Access, Right
from roamdesk.partners.models import Partner
from roamdesk.partners.registering import PartnerRefused, add_partner, put_partner

_TICKS = ("plays_cpo", "plays_msp", "procedures_agreed")
_LISTS = ("operator_ids", "provider_ids", "evse_prefixes")
_PLACE = ("country", "region", "zone")


@at_desk(Right.KEEP_PARTNERS)
def new(request: HttpRequest, access: Access) -> HttpResponse:
    desk = access.desk
    if request.method != "POST":
        return _form(request, access, None, {"country": desk.country, "region": desk.region, "zone": desk.zone})
    try:
        made = add_partner(
            desk, request.POST.get("name", ""), _values_in(request), by=str(access.person), at=datetime.now(UTC)
        )
    except PartnerRefused as refused:
        return _form(request, access, None, request.POST.dict(), str(refused))
    messages.success(request, f"{made} is a partner now. Add its lines, or send it the link to its form.", "s-done")
    return redirect("console:partner", desk.slug, made.pk)


@at_desk(Right.KEEP_PARTNERS)
def edit(request: HttpRequest, access: Access, partner: int) -> HttpResponse:
    found = get_object_or_404(Partner, pk=partner, desk=access.desk)
    if request.method != "POST":
        return _form(request, access, found, _as_typed(found))
    try:
        put_partner(access.desk, found.name, _values_in(request), by=str(access.person), at=datetime.now(UTC))
    except PartnerRefused as refused:
        return _form(request, access, found, request.POST.dict(), str(refused))
    messages.success(request, "Changed. The history shows it.", "s-done")
    return redirect("console:partner", access.desk.slug, found.pk)


def _form(
    request: HttpRequest, access: Access, partner: Partner | None, typed: dict[str, Any], error: str = ""
) -> HttpResponse:
    title = f"Change {partner}" if partner else "Add a partner"
    status = 422 if error else 200
    return page(
        request, access, "partner", title, template="partner_form", partner=partner, typed=typed, error=error,
        status=status,
    )  # fmt: skip


def _as_typed(partner: Partner) -> dict[str, Any]:
    lists = {name: ", ".join(getattr(partner, name)) for name in _LISTS}
    return {name: getattr(partner, name) for name in (*_TICKS, *_PLACE)} | lists


def _values_in(request: HttpRequest) -> dict[str, Any]:
    ticks = {name: bool(request.POST.get(name)) for name in _TICKS}
    lists = {name: request.POST.get(name, "").replace(",", " ").split() for name in _LISTS}
    return ticks | lists | {name: request.POST.get(name, "").strip() for name in _PLACE}
