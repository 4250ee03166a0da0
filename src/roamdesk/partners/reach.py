"""Whom the desk can't reach: at this hour and over the coming week, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, TypeAlias

from django.db import connection

from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner
from roamdesk.partners.opening import holidays_in, hours_in, zone_of

WEEK = timedelta(days=7)

Spans: TypeAlias = tuple[tuple[datetime, datetime], ...]


class Reason(StrEnum):
    """Why nobody is reached: the first that no line of the call centre gets past, in this order."""

    NO_NUMBER = "no_number"
    UNREADABLE = "unreadable"
    CLOSED = "closed"
    NO_LANGUAGE = "no_language"
    NEVER_VERIFIED = "never_verified"
    FAILED = "failed"


@dataclass(frozen=True)
class Reach:
    """A call centre (``cpo_cc`` or ``msp_cc``) of a partner; instants are aware UTC.

    ``reason`` is None where somebody who speaks the language and can be trusted is there now. ``gaps`` are when nobody
    is, within the coming week; ``opens_at`` is the end of the gap that lies around now.
    """

    partner_id: int
    partner: str
    to: str
    reason: Reason | None
    gaps: Spans

    @property
    def opens_at(self) -> datetime | None:
        return self.gaps[0][1] if self.reason is not None and self.gaps else None

    @property
    def missing(self) -> timedelta:
        """How much of the coming week nobody is there."""
        return sum((end - begin for begin, end in self.gaps), timedelta())


@dataclass(frozen=True)
class _Combination:
    """What decides when a line is staffed; thousands of lines share a few."""

    key: str
    hours: str
    zone: str
    country: str
    region: str


# One key instead of four columns: the planner takes four for independent, and loops.
_LINES = """
    SELECT l.partner_id, l.role, l.hours, coalesce(nullif(l.zone, ''), p.zone) AS zone, p.country, p.region,
        concat_ws(chr(31), l.hours, coalesce(nullif(l.zone, ''), p.zone), p.country, p.region) AS key,
        %(language)s = ANY(l.languages) AS speaks, l.verified_at IS NOT NULL AS verified, l.failures = 0 AS works
    FROM partners_contactline l JOIN partners_partner p ON p.id = l.partner_id
    WHERE l.desk_id = %(desk)s AND l.channel = 'phone' AND l.purpose = ANY(%(purposes)s)
"""
_COMBINATIONS = f"SELECT DISTINCT key, hours, zone, country, region FROM ({_LINES}) l"
# One row for each partner and role: how far its lines get, and the combinations of those that can be trusted.
_CALL_CENTRES = f"""
    WITH l AS MATERIALIZED ({_LINES})
    SELECT l.partner_id, l.role,
        bool_or(c.readable),
        bool_or(c.open),
        bool_or(c.open AND l.speaks),
        bool_or(c.open AND l.speaks AND l.verified),
        bool_or(c.open AND l.speaks AND l.verified AND l.works),
        array_agg(c.id) FILTER (WHERE l.speaks AND l.verified AND l.works)
    FROM l JOIN unnest(%(ids)s::int[], %(keys)s::text[], %(open)s::bool[], %(readable)s::bool[])
        AS c(id, key, open, readable) USING (key)
    GROUP BY l.partner_id, l.role
"""
# The order of dialling: these, whoever reads a form as CPO or MSP.
_PURPOSES = ["first_level", "call_centre", "reference_person", "hotline"]
_TO = {"cpo": "cpo_cc", "msp": "msp_cc"}


def reaches(desk: Desk, at: datetime, language: str, partners: Sequence[int] | None = None) -> list[Reach]:
    """Every call centre of the desk's partners, or of these alone, as of ``at`` (aware UTC); by name.

    Three queries, however many partners. A line counts for the language when it names it, and as trusted when it was
    verified once and did not fail since (S1, A11).
    """
    combinations = _combinations(desk)
    week = _Week(at, combinations)
    found = {(partner, role): rest for partner, role, *rest in _call_centres(desk, language, week)}
    return [
        _reach(partner, name, role, found.get((partner, role)), week)
        for partner, name, cpo, msp in _partners(desk, partners)
        for role, plays in (("cpo", cpo), ("msp", msp))
        if plays
    ]


def unreachable(desk: Desk, at: datetime, language: str, partners: Sequence[int] | None = None) -> list[Reach]:
    """Those of ``reaches`` whom nobody reaches at ``at``."""
    return [reach for reach in reaches(desk, at, language, partners) if reach.reason is not None]


class _Week:
    """The coming week of each combination, and of each set of them, worked out once."""

    def __init__(self, at: datetime, combinations: list[_Combination]) -> None:
        self.at, self.combinations = at, combinations
        self.spans = [_spans(each, at) for each in combinations]
        self.gaps_of = cache(self._gaps)

    def open_now(self) -> list[bool]:
        return [spans is not None and any(begin <= self.at for begin, _ in spans) for spans in self.spans]

    def _gaps(self, ids: tuple[int, ...]) -> Spans:
        gaps, covered_until = [], self.at
        for begin, end in sorted(span for number in ids for span in self.spans[number] or ()):
            if begin > covered_until:
                gaps.append((covered_until, begin))
            covered_until = max(covered_until, end)
        if covered_until < self.at + WEEK:
            gaps.append((covered_until, self.at + WEEK))
        return tuple(gaps)


def _spans(combination: _Combination, at: datetime) -> Spans | None:
    """None where the hours cannot be read."""
    hours = hours_in(combination.hours)
    if hours is None:
        return None
    holidays = holidays_in(combination.country, combination.region, at)
    return hours.open_spans(at, at + WEEK, zone_of(combination.zone), holidays)


def _combinations(desk: Desk) -> list[_Combination]:
    with connection.cursor() as cursor:
        cursor.execute(_COMBINATIONS, _of(desk))
        return [_Combination(*row) for row in cursor.fetchall()]


def _call_centres(desk: Desk, language: str, week: _Week) -> list[tuple[Any, ...]]:
    values = _of(desk, language) | {
        "ids": list(range(len(week.combinations))),
        "keys": [each.key for each in week.combinations],
        "open": week.open_now(),
        "readable": [spans is not None for spans in week.spans],
    }
    with connection.cursor() as cursor:
        cursor.execute(_CALL_CENTRES, values)
        return list(cursor.fetchall())


def _of(desk: Desk, language: str = "") -> dict[str, Any]:
    return {"desk": desk.pk, "purposes": _PURPOSES, "language": language}


def _partners(desk: Desk, partners: Sequence[int] | None) -> Iterable[tuple[int, str, bool, bool]]:
    found = Partner.objects.filter(desk=desk).order_by("name")
    if partners is not None:
        found = found.filter(pk__in=partners)
    return found.values_list("pk", "name", "plays_cpo", "plays_msp")


def _reach(partner: int, name: str, role: str, row: list[Any] | None, week: _Week) -> Reach:
    if row is None:
        return Reach(partner, name, _TO[role], Reason.NO_NUMBER, ((week.at, week.at + WEEK),))
    *passes, trusted = row
    hurdles = (Reason.UNREADABLE, Reason.CLOSED, Reason.NO_LANGUAGE, Reason.NEVER_VERIFIED, Reason.FAILED)
    reason = next((hurdle for hurdle, passed in zip(hurdles, passes, strict=True) if not passed), None)
    return Reach(partner, name, _TO[role], reason, week.gaps_of(tuple(sorted(set(trusted or ())))))
