"""When a partner is staffed in one week: every purpose, channel and language by itself, and the gaps between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.opening import holidays_of, hours_in, zone_of

Spans: TypeAlias = tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True)
class CoverageRow:
    """Spans are in UTC, in order, none touching another; together ``open`` and ``gaps`` fill the week."""

    role: str
    purpose: str
    channel: str
    language: str
    open: Spans
    gaps: Spans
    lines: tuple[ContactLine, ...]


def week_around(at: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The eight midnights (aware, in the zone) of the local week that ``at`` lies in, from Monday to Monday."""
    local = at.astimezone(zone)
    monday = local.date() - timedelta(days=local.weekday())
    return tuple(datetime.combine(monday + timedelta(days=n), time(), zone) for n in range(8))


def coverage(partner: Partner, lines: Iterable[ContactLine], at: datetime) -> list[CoverageRow]:
    """The partner's week around ``at`` (UTC): each line by its own zone, with the partner's public holidays.

    A line whose hours cannot be read counts as closed. Rows are in the order of the lines.
    """
    midnights = week_around(at, zone_of(partner.zone))
    begin, end = midnights[0], midnights[-1]
    rows: dict[tuple[str, str, str, str], list[ContactLine]] = {}
    for line in lines:
        for language in line.languages or [""]:
            rows.setdefault((line.role, line.purpose, line.channel, language), []).append(line)
    return [_row(key, partner, given, begin, end, at) for key, given in rows.items()]


def _row(
    key: tuple[str, str, str, str],
    partner: Partner,
    lines: list[ContactLine],
    begin: datetime,
    end: datetime,
    at: datetime,
) -> CoverageRow:
    spans = _merged(span for line in lines for span in _spans(line, partner, begin, end, at))
    edges = [begin, *(edge for span in spans for edge in span), end]
    gaps = tuple((first, last) for first, last in zip(edges[::2], edges[1::2], strict=True) if first < last)
    return CoverageRow(*key, open=spans, gaps=gaps, lines=tuple(lines))


def _spans(line: ContactLine, partner: Partner, begin: datetime, end: datetime, at: datetime) -> Spans:
    hours = hours_in(line.hours)
    if hours is None:
        return ()
    return hours.open_spans(begin, end, zone_of(line.zone or partner.zone), holidays_of(partner, at))


def _merged(spans: Iterable[tuple[datetime, datetime]]) -> Spans:
    found: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return tuple(found)
