"""The picture of a partner's week: who can be reached when, by channel and language, with the gaps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from roamdesk.console import words
from roamdesk.partners.coverage import CoverageRow, coverage, week_around
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.opening import holidays_of, zone_of
from roamdesk.procedure import Procedure

LEFT, WIDTH, ROW = 100, 856, 34
SHOWN_GAPS = 8
SHORT = {
    "First-level line for partners": "First level",
    "MSP call centre": "Call centre",
    "MSP support": "Support",
    "Reference person": "Reference",
}


@dataclass(frozen=True)
class Span:
    x: float
    width: float
    gap: bool


@dataclass(frozen=True)
class Row:
    title: str
    language: str
    y: int
    spans: tuple[Span, ...]
    stale: bool


@dataclass(frozen=True)
class Day:
    x: float
    width: float
    name: str
    holiday: bool


@dataclass(frozen=True)
class Cover:
    rows: tuple[Row, ...]
    days: tuple[Day, ...]
    now_x: float
    now_text: str
    height: int
    gaps: tuple[str, ...]
    zone: str


def cover_of(partner: Partner, lines: list[ContactLine], procedure: Procedure, now: datetime) -> Cover | None:
    """The local week of the partner around ``now``; None while nobody is known."""
    week = [row for row in coverage(partner, lines, now) if row.role in partner.roles]
    if not week:
        return None
    zone = zone_of(partner.zone)
    scale = _Scale(week_around(now, zone))
    asked = _asked_always(partner, procedure)
    return Cover(
        rows=tuple(_row(row, n, scale, now, asked=_key(row) in asked) for n, row in enumerate(week)),
        days=tuple(_days(partner, scale, now)),
        now_x=scale.x(now),
        now_text=now.astimezone(zone).strftime("%H:%M"),
        height=60 + len(week) * ROW,
        gaps=tuple(_gap_words(row, zone) for row in week if _key(row) in asked and row.gaps),
        zone=words.place_of(partner.zone),
    )


class _Scale:
    """From instants to the picture; a week with a clock change is an hour shorter or longer."""

    def __init__(self, midnights: tuple[datetime, ...]) -> None:
        self.midnights = midnights
        self._begin = midnights[0].timestamp()
        self._length = midnights[-1].timestamp() - self._begin

    def x(self, at: datetime) -> float:
        return round(LEFT + (at.timestamp() - self._begin) / self._length * WIDTH, 1)

    def span(self, begin: datetime, end: datetime, *, gap: bool) -> Span:
        return Span(self.x(begin), round(self.x(end) - self.x(begin), 1), gap)


def _asked_always(partner: Partner, procedure: Procedure) -> set[tuple[str, str, str, str]]:
    """What the procedure wants round the clock: role, purpose, channel, language."""
    return {
        (role, need.purpose, need.channel, need.language)
        for role in partner.roles
        for need in procedure.readiness.get(role, ())
        if need.hours == "24/7"
    }


def _key(row: CoverageRow) -> tuple[str, str, str, str]:
    return row.role, row.purpose, row.channel, row.language


def _row(row: CoverageRow, n: int, scale: _Scale, now: datetime, *, asked: bool) -> Row:
    spans = [scale.span(*span, gap=False) for span in row.open]
    if asked:
        spans += [scale.span(*span, gap=True) for span in row.gaps]
    title = str(ContactLine.Purpose(row.purpose).label)
    return Row(
        title=SHORT.get(title, title.split(",")[0]),
        language=f"{row.channel}, {words.language(row.language)}",
        y=32 + n * ROW,
        spans=tuple(spans),
        stale=all(words.is_stale("contact", line.verified_at, now) for line in row.lines),
    )


def _days(partner: Partner, scale: _Scale, now: datetime) -> list[Day]:
    holidays = holidays_of(partner, now)
    return [
        Day(
            x=scale.x(begin),
            width=round(scale.x(end) - scale.x(begin), 1),
            name=f"{begin:%a} {begin.day}",
            holiday=begin.date() in holidays,
        )
        for begin, end in zip(scale.midnights, scale.midnights[1:], strict=False)
    ]


def _gap_words(row: CoverageRow, zone: ZoneInfo) -> str:
    spans = ", ".join(_span_words(begin, end, zone) for begin, end in row.gaps[:SHOWN_GAPS])
    return f"No {words.language(row.language)} by {row.channel}: {spans}"


def _span_words(begin: datetime, end: datetime, zone: ZoneInfo) -> str:
    first, last = begin.astimezone(zone), end.astimezone(zone)
    return f"{first:%a %H:%M}–{last:%a %H:%M}" if first.date() != last.date() else f"{first:%a %H:%M}–{last:%H:%M}"
