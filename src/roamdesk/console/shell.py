"""What stands around every screen: desk, person, time, counts, and the danger that nobody may overlook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from roamdesk.cases.inbox import waiting
from roamdesk.cases.models import Case
from roamdesk.console import words
from roamdesk.console.clocks import Clock, clock_of
from roamdesk.console.screens.mailboxes import alarms_of
from roamdesk.desks.access import Access, Right
from roamdesk.desks.models import Desk, Person


@dataclass(frozen=True)
class Strip:
    """The oldest danger that is not told to whom it must be told."""

    link: str
    what: str
    place: str
    owner: str
    goal: str
    due: datetime | None
    clock: Clock | None


@dataclass(frozen=True)
class Shell:
    screen: str
    title: str
    desk: Desk
    person: Person
    now: datetime
    open: int
    mail: int
    strip: Strip | None
    handles: bool
    leads: bool
    reads_only: bool
    theme: str
    searched: str
    mail_alarms: int

    @property
    def zone(self) -> str:
        return self.person.zone

    @property
    def zone_name(self) -> str:
        return words.place_of(self.zone)

    @property
    def local(self) -> datetime:
        """Wall-clock time of the person, without a zone, so that no template filter converts it again."""
        return self.now.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)

    @property
    def keys(self) -> str:
        return self.person.single_keys

    @property
    def sides(self) -> list[str]:
        return [words.SIDES[side] for side in self.desk.sides]

    @property
    def links(self) -> dict[str, str]:
        names = ["queue", "new", "mail", "partners", "board", "search", "help", "mailboxes", "evses"]
        names += ["stations"] if self.desk.plays_cpo else []
        return {name: reverse(f"console:{name}", args=[self.desk.slug]) for name in names}

    @property
    def demo_mail(self) -> str:
        """The page of the demo's mails; empty where the server has none."""
        try:
            return reverse("demo_mails")
        except NoReverseMatch:
            return ""


def page(request: HttpRequest, access: Access, screen: str, title: str, **context: Any) -> HttpResponse:
    """A whole screen. ``now`` in the context wins over the clock; ``status`` sets the HTTP status."""
    now = context.setdefault("now", datetime.now(UTC))
    status = context.pop("status", 200)
    context["access"], context["shell"] = access, shell_of(request, access, screen, title, now)
    return render(request, f"console/{context.pop('template', screen)}.html", context, status=status)


def shell_of(request: HttpRequest, access: Access, screen: str, title: str, now: datetime) -> Shell:
    theme = request.COOKIES.get("theme", "")
    return Shell(
        screen=screen,
        title=title,
        desk=access.desk,
        person=access.person,
        now=now,
        open=Case.objects.filter(desk=access.desk, state=Case.State.OPEN).count(),
        mail=waiting(access.desk, now),
        strip=None if screen == "queue" else _strip(access, now, request.path),
        handles=access.may(Right.HANDLE_CASES),
        leads=access.may(Right.LEAD),
        reads_only=access.reads_only,
        theme=theme if theme in ("light", "dark") else "",
        searched=request.GET.get("for", "")[:255],
        mail_alarms=alarms_of(access.desk) if access.may(Right.ADMINISTER) else 0,
    )


def oldest_danger(desk: Desk) -> Case | None:
    """An open danger in which the next thing is ours to do."""
    dangers = Case.objects.filter(desk=desk, state=Case.State.OPEN, is_danger=True).exclude(next_action="")
    oldest = dangers.select_related("partner", "owner", "evse").order_by("opened_at")[:20]
    return next((case for case in oldest if case.next_owed_by == case.side), None)


def _strip(access: Access, now: datetime, path: str) -> Strip | None:
    case = oldest_danger(access.desk)
    if case is None:
        return None
    link = reverse("console:case", args=[access.desk.slug, case.reference])
    if path == link:
        return None
    return Strip(
        link=link,
        what=str(case.known.get("values", {}).get("issue", ""))[:80] or case.next_action,
        place=case.evse.label if case.evse else "",
        owner=f"{case.owner} has it" if case.owner else "Not taken",
        goal="to do it",
        due=case.next_due_at,
        clock=clock_of(case.next_due_at, case.next_since or case.opened_at, now),
    )
