"""Whom the desk can't reach, in words and as a picture of the coming week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.console.screens.paging import Paged
from roamdesk.desks.models import Desk
from roamdesk.partners.reach import WEEK, Reach, Reason, reaches

PAGE = 50
WIDTH = 560
NOW, AHEAD = "now", "ahead"
SHOWN_GAPS = 4
_ROLE = {"cpo_cc": "CPO", "msp_cc": "MSP"}


@dataclass(frozen=True)
class Bar:
    """A gap in the picture, in units of its 560 wide box."""

    x: float
    width: float


@dataclass(frozen=True)
class ReachRow:
    reach: Reach
    role: str
    state: Mark
    opens: str
    gaps: tuple[str, ...]
    more: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True)
class ReachScreen(Paged):
    """``tabs`` are key, words and how many; ``days`` are where each day begins in the picture, with its name."""

    rows: tuple[ReachRow, ...]
    tabs: tuple[tuple[str, str, int], ...]
    days: tuple[tuple[float, str], ...]
    call_centres: int


def reach_screen(desk: Desk, now: datetime, chosen: str, page: int) -> ReachScreen:
    """Runs in the desk's scope; ``chosen`` is ``now``, ``ahead`` or a reason, ``page`` counts from 1."""
    found = reaches(desk, now, desk.language)
    away = [reach for reach in found if reach.reason is not None]
    ahead = sorted((reach for reach in found if reach.reason is None and reach.gaps), key=lambda one: -one.missing)
    fitting = ahead if chosen == AHEAD else [one for one in away if chosen in (NOW, one.reason)]
    pages = max(1, -(-len(fitting) // PAGE))
    page = min(max(page, 1), pages)
    return ReachScreen(
        rows=tuple(reach_row(reach, desk, now) for reach in fitting[(page - 1) * PAGE : page * PAGE]),
        tabs=tuple(_tabs(away, ahead, desk)),
        days=tuple(_days(now, desk.zone)),
        call_centres=len(found),
        fitting=len(fitting),
        page=page,
        pages=pages,
    )


def reach_row(reach: Reach, desk: Desk, now: datetime) -> ReachRow:
    """One call centre, by the clock of our desk."""
    gaps = tuple(_gap(begin, end, now, desk.zone) for begin, end in reach.gaps[:SHOWN_GAPS])
    return ReachRow(
        reach=reach,
        role=_ROLE[reach.to],
        state=_mark(reach.reason, desk),
        opens=_opens(reach, now, desk.zone),
        gaps=gaps,
        more=len(reach.gaps) - len(gaps),
        bars=tuple(Bar(_x(begin - now), _x(end - begin)) for begin, end in reach.gaps),
    )


def reason_words(reason: Reason, desk: Desk) -> str:
    return {
        Reason.NO_NUMBER: "No number",
        Reason.UNREADABLE: "Hours cannot be read",
        Reason.CLOSED: "Closed",
        Reason.NO_LANGUAGE: f"No {words.language(desk.language)}",
        Reason.NEVER_VERIFIED: "Never verified",
        Reason.FAILED: "Failed last",
    }[reason]


def _mark(reason: Reason | None, desk: Desk) -> Mark:
    if reason is None:
        return mark(State.WAITING, "There now")
    state = {Reason.CLOSED: State.OVERDUE, Reason.FAILED: State.FAILED}.get(reason, State.UNKNOWN)
    return mark(state, reason_words(reason, desk))


def _opens(reach: Reach, now: datetime, zone: str) -> str:
    opens = reach.opens_at
    if opens is None or reach.reason is None:
        return ""
    return "not within a week" if opens >= now + WEEK else f"from {_moment(opens, now, zone)}"


def _gap(begin: datetime, end: datetime, now: datetime, zone: str) -> str:
    if end - begin >= WEEK:
        return "the whole week"
    first = "now" if begin <= now else _moment(begin, now, zone)
    return f"{first} to {_moment(end, now, zone)}"


def _moment(at: datetime, now: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return local.strftime("%H:%M" if local.date() == now.astimezone(ZoneInfo(zone)).date() else "%a %H:%M")


def _tabs(away: list[Reach], ahead: list[Reach], desk: Desk) -> Iterable[tuple[str, str, int]]:
    counts = Counter(reach.reason for reach in away)
    yield NOW, "Now", len(away)
    yield from ((reason, reason_words(reason, desk), counts[reason]) for reason in Reason if counts[reason])
    yield AHEAD, "In the coming week", len(ahead)


def _days(now: datetime, zone: str) -> Iterable[tuple[float, str]]:
    local = now.astimezone(ZoneInfo(zone))
    for ahead in range(1, 8):
        midnight = (local + timedelta(days=ahead)).replace(hour=0, minute=0, second=0, microsecond=0)
        yield _x(midnight - local), f"{midnight:%a}"


def _x(span: timedelta) -> float:
    return round(span / WEEK * WIDTH, 1)
