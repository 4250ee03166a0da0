"""Kick-off meetings: demand one, invite to it, call it off, keep its minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from roamdesk.console.gate import at_desk
from roamdesk.console.screens.meeting import meeting_screen
from roamdesk.console.shell import page
from roamdesk.desks.access import Access, Right
from roamdesk.partners import meetings
from roamdesk.partners.meetings import AgreedAction, MeetingRefused
from roamdesk.partners.models import KickOff, MeetingAction, Partner
from roamdesk.worktime import LocalTimeError, local_to_utc

ACTION_LINES = 6
LENGTHS = (("60", "1 hour"), ("30", "30 minutes"), ("90", "90 minutes"), ("120", "2 hours"))


@require_POST
@at_desk(Right.KEEP_PARTNERS)
def demand(request: HttpRequest, access: Access, partner: int) -> HttpResponse:
    """The MSP requires a meeting; its page shows by when."""
    found = get_object_or_404(Partner.objects.select_related("desk"), pk=partner, desk=access.desk)
    now = datetime.now(UTC)
    try:
        made = meetings.demand(
            found,
            we_are=request.POST.get("we_are", ""),
            by=str(access.person),
            at=now,
        )
    except MeetingRefused as refused:
        messages.error(request, f"{refused} Nothing was changed.", "s-overdue")
        return redirect("console:partner", access.desk.slug, found.pk)
    return redirect("console:meeting", access.desk.slug, found.pk, made.pk)


@at_desk()
def meeting(request: HttpRequest, access: Access, partner: int, meeting: int) -> HttpResponse:
    found = get_object_or_404(
        KickOff.objects.select_related("partner__desk", "version", "desk"),
        pk=meeting,
        partner=partner,
        desk=access.desk,
    )
    error = ""
    if request.method == "POST":
        access.require(Right.KEEP_PARTNERS)
        try:
            messages.success(request, _do(request, access, found), "s-done")
            return redirect("console:meeting", access.desk.slug, partner, meeting)
        except (MeetingRefused, LocalTimeError) as refused:
            error = f"{refused} Nothing was changed."
    now = datetime.now(UTC)
    screen = meeting_screen(found, now)
    return page(
        request,
        access,
        "partner",
        f"Kick-off meeting with {found.partner}",
        template="meeting",
        m=screen,
        typed=request.POST,
        place=request.POST.get("place", found.place),
        to_invite=request.POST.get("invited", screen.to_invite),
        lengths=LENGTHS,
        action_lines=range(ACTION_LINES),
        error=error,
        keeps=access.may(Right.KEEP_PARTNERS),
        status=422 if error else 200,
        now=now,
    )


def _do(request: HttpRequest, access: Access, found: KickOff) -> str:
    """Raises MeetingRefused, LocalTimeError."""
    deeds: dict[str, Callable[[QueryDict, KickOff, str, datetime], str]] = {
        "schedule": _schedule,
        "call_off": _call_off,
        "hold": _hold,
        "miss": _miss,
        "done": _done,
    }
    deed = deeds.get(request.POST.get("do", ""))
    if deed is None:
        raise MeetingRefused("This page asked for nothing that can be done. Load it again.")
    return deed(request.POST, found, str(access.person), datetime.now(UTC))


def _schedule(typed: QueryDict, found: KickOff, by: str, at: datetime) -> str:
    begins_at = _begin(typed, found)
    length = typed.get("length", "")
    seen = typed.get("seen", "")
    kept = meetings.schedule(
        found,
        begins_at=begins_at,
        ends_at=begins_at + timedelta(minutes=int(length) if length.isascii() and length.isdecimal() else 0),
        place=typed.get("place", ""),
        invited=typed.get("invited", "").replace(",", "\n").splitlines(),
        seen=int(seen) if seen.isascii() and seen.isdecimal() else -1,
        by=by,
        at=at,
    )
    many = len(kept.invited)
    return f"The invitation is queued to {many} {'address' if many == 1 else 'addresses'}."


def _begin(typed: QueryDict, found: KickOff) -> datetime:
    """The time typed, by the clock of our desk, else a proposed slot, else the one that stands."""
    own, slot = typed.get("begins", ""), typed.get("slot", "")
    if found.begins_at and not own and not slot:
        return found.begins_at
    try:
        if slot and not own:
            return datetime.fromisoformat(slot).astimezone(UTC)
        return local_to_utc(datetime.fromisoformat(own), ZoneInfo(found.desk.zone))
    except LocalTimeError:
        raise
    except (ValueError, OverflowError):
        raise MeetingRefused("Choose one of the times, or type a day and an hour.") from None


def _call_off(typed: QueryDict, found: KickOff, by: str, at: datetime) -> str:
    meetings.call_off(found, reason=typed.get("reason", ""), by=by, at=at)
    return "Called off. Whoever was invited is told by mail."


def _hold(typed: QueryDict, found: KickOff, by: str, at: datetime) -> str:
    actions = [
        AgreedAction(typed.get(f"{n}-text", ""), typed.get(f"{n}-owner", ""), _day(typed.get(f"{n}-due", "")))
        for n in range(ACTION_LINES)
    ]
    meetings.hold(found, minutes=typed.get("minutes", ""), actions=actions, by=by, at=at)
    return "Held. The minutes and what was agreed are kept."


def _miss(typed: QueryDict, found: KickOff, by: str, at: datetime) -> str:
    meetings.miss(found, reason=typed.get("reason", ""), by=by, at=at)
    return "Noted as missed. A new one can be demanded on the partner's page."


def _done(typed: QueryDict, found: KickOff, by: str, at: datetime) -> str:
    number = typed.get("action", "")
    action = get_object_or_404(MeetingAction, pk=int(number) if number.isdecimal() else 0, meeting=found)
    meetings.complete_action(action, at=at)
    return "Done."


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise MeetingRefused(f"{text[:20]!r} is no day. Write it as 2026-03-17.") from None
