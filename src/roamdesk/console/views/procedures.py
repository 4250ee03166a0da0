"""Procedures: who runs on which version; publish one; remind a partner, or note what it said on the phone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from roamdesk.console import words
from roamdesk.console.gate import at_desk
from roamdesk.console.screens.procedure import procedure_screen
from roamdesk.console.screens.publishing import (
    CHOSEN_FROM,
    FILTERS,
    acknowledgement_screen,
    preview_of,
    procedures_screen,
    proposed_begin,
)
from roamdesk.console.shell import page
from roamdesk.desks.access import Access, Right
from roamdesk.partners import publishing
from roamdesk.partners.announcing import differences_between, written
from roamdesk.partners.models import Acknowledgement, Partner, ProcedureVersion, Publication
from roamdesk.partners.procedures import procedure_at, version_in_force, versions_known
from roamdesk.partners.publishing import PublicationRefused, Reached
from roamdesk.worktime import LocalTimeError, local_to_utc


@at_desk()
def procedures(request: HttpRequest, access: Access) -> HttpResponse:
    now = datetime.now(UTC)
    chosen, number = request.GET.get("show", "all"), request.GET.get("page", "")
    chosen = chosen if chosen in dict(FILTERS) else "all"
    screen = procedures_screen(access.desk, now, chosen=chosen, page=int(number) if _is_number(number) else 1)
    return page(
        request, access, "partner", "Procedures", template="procedures", s=screen, chosen=chosen,
        keeps=access.may(Right.KEEP_PARTNERS), now=now,
    )  # fmt: skip


@at_desk()
def version(request: HttpRequest, access: Access, version: int) -> HttpResponse:
    """One version to read; whoever keeps the partners publishes it here, in two steps."""
    now = datetime.now(UTC)
    found = versions_known(access.desk, now).filter(pk=version).first()
    if found is None:
        raise Http404("This desk knows no such version.")
    if request.method == "POST":
        access.require(Right.KEEP_PARTNERS)
        return _publish(request, access, found, now)
    return _version_page(request, access, found, now)


def _publish(request: HttpRequest, access: Access, found: ProcedureVersion, now: datetime) -> HttpResponse:
    """Look at it first; what was looked at is then published, or refused where it changed meanwhile."""
    try:
        begins = _begin(request, access, found)
        partners = _chosen(request, access)
        reached = publishing.reached_by(access.desk, found, partners, now)
        if not reached:
            raise PublicationRefused("Nobody is left to be written to. Choose at least one partner.")
        if request.POST.get("do") != "publish":
            return _version_page(request, access, found, now, reached=reached, begins=begins)
        if request.POST.get("seen") != str(sum(len(one.addresses) for one in reached)):
            raise PublicationRefused("Somebody changed an address or published meanwhile. Look at it again.")
        publishing.publish(
            access.desk, found, partners=partners, in_force_from=begins, by=str(access.person), at=now
        )  # fmt: skip
    except ValueError as refused:
        return _version_page(request, access, found, now, error=f"{refused} Nothing was published.")
    mails = words.counted(sum(len(one.addresses) for one in reached), "mail")
    told = words.counted(len(reached), "partner")
    messages.success(request, f"{found} is published to {told}: {mails} to be queued.", "s-done")
    return redirect("console:procedure", access.desk.slug, found.pk)


def _begin(request: HttpRequest, access: Access, found: ProcedureVersion) -> datetime:
    """As published before, else as typed by the desk's clock. Raises ValueError."""
    standing = Publication.objects.filter(desk=access.desk, version=found).first()
    if standing is not None:
        return standing.in_force_from
    try:
        return local_to_utc(datetime.fromisoformat(request.POST.get("begins", "")), ZoneInfo(access.desk.zone))
    except LocalTimeError:
        raise
    except (ValueError, OverflowError):
        raise PublicationRefused("Choose the day and the hour from which it is in force.") from None


def _chosen(request: HttpRequest, access: Access) -> list[Partner] | None:
    if request.POST.get("whom") != "some":
        return None
    wanted = [int(pk) for pk in request.POST.getlist("partner") if _is_number(pk)]
    return [*Partner.objects.filter(desk=access.desk, pk__in=wanted)]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _version_page(
    request: HttpRequest,
    access: Access,
    found: ProcedureVersion,
    now: datetime,
    *,
    reached: list[Reached] | None = None,
    begins: datetime | None = None,
    error: str = "",
) -> HttpResponse:
    desk, own = access.desk, version_in_force(access.desk, now)
    left = publishing.not_reached(desk, found) if access.may(Right.KEEP_PARTNERS) else Partner.objects.none()
    many = left.count()
    publication = Publication.objects.filter(desk=desk, version=found).first()
    return page(
        request,
        access,
        "partner",
        str(found),
        template="procedure",
        version=found,
        own=own,
        publication=publication,
        written=written(publication) if publication else None,
        changes=differences_between(own, found),
        p=procedure_screen(procedure_at(found.pk)),
        left=publishing.reached_of(desk, [*left[:CHOSEN_FROM]], now),
        many=many,
        more=max(0, many - CHOSEN_FROM),
        preview=preview_of(desk, found, reached, begins, now) if reached and begins else None,
        begins=begins,
        typed=request.POST,
        ticked=request.POST.getlist("partner"),
        proposed=request.POST.get("begins", "") or proposed_begin(desk, now),
        error=error,
        keeps=access.may(Right.KEEP_PARTNERS),
        status=422 if error else 200,
        now=now,
    )


@at_desk()
def acknowledgement(request: HttpRequest, access: Access, partner: int, acknowledgement: int) -> HttpResponse:
    """What one partner was sent and what it says to it."""
    found = get_object_or_404(
        Acknowledgement.objects.select_related("partner__desk", "publication__version", "replaces"),
        pk=acknowledgement, partner=partner, desk=access.desk,
    )  # fmt: skip
    now, error = datetime.now(UTC), ""
    if request.method == "POST":
        access.require(Right.KEEP_PARTNERS)
        try:
            messages.success(request, _do(request, access, found, now), "s-done")
            return redirect("console:acknowledgement", access.desk.slug, partner, acknowledgement)
        except ValueError as refused:
            error = f"{refused} Nothing was changed."
    return page(
        request, access, "partner", f"{found.publication.version} with {found.partner}", template="acknowledgement",
        a=acknowledgement_screen(found, now), error=error, typed=request.POST, keeps=access.may(Right.KEEP_PARTNERS),
        status=422 if error else 200, now=now,
    )  # fmt: skip


def _do(request: HttpRequest, access: Access, found: Acknowledgement, now: datetime) -> str:
    """Raises ValueError."""
    by = str(access.person)
    if request.POST.get("do") == "remind":
        kept = publishing.remind(found, by=by, at=now)
        return f"A reminder is queued to {', '.join(kept.sent_to)}."
    kept = publishing.acknowledge(found, name=request.POST.get("name", ""), by_hand=by, at=now)
    return f"Acknowledged by {kept.acknowledged_by}, as of {kept.acknowledged_at:%d/%m/%Y %H:%M} UTC."
