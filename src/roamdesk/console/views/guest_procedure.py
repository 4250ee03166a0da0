"""The page behind the link of a publication: read the procedure, and acknowledge it with a name."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from roamdesk.console.guest_shell import guest_page
from roamdesk.console.screens.procedure import procedure_screen
from roamdesk.partners import publishing
from roamdesk.partners.announcing import differences_between
from roamdesk.partners.models import Acknowledgement, GuestLink
from roamdesk.partners.procedures import procedure_at
from roamdesk.partners.publishing import PublicationRefused


def acknowledge_procedure(request: HttpRequest, link: GuestLink, now: datetime) -> HttpResponse:
    """A GET acknowledges nothing: programs that look through mail open links."""
    sent = get_object_or_404(
        Acknowledgement.objects.select_related("publication__version", "replaces"),
        pk=link.about_id, partner=link.partner_id,
    )  # fmt: skip
    error = ""
    if request.method == "POST":
        try:
            signed = publishing.acknowledge(sent, name=request.POST.get("name", ""), at=now)
            sent.acknowledged_at, sent.acknowledged_by = signed.acknowledged_at, signed.acknowledged_by
        except PublicationRefused as refused:
            error = f"{refused} Nothing was changed."
    version = sent.publication.version
    newer = Acknowledgement.objects.filter(partner=link.partner_id, pk__gt=sent.pk).order_by("-pk")
    return guest_page(
        request,
        "procedure",
        str(version),
        link=link,
        sent=sent,
        newer=newer.select_related("publication__version").first(),
        in_force=sent.in_force_at is not None and sent.in_force_at <= now,
        begins_later=sent.publication.in_force_from > now,
        changes=differences_between(sent.replaces, version),
        p=procedure_screen(procedure_at(version.pk)),
        typed=request.POST.get("name", ""),
        error=error,
        status=422 if error else 200,
    )
