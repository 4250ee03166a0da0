"""Opening hours in local wall time: when a line answers, and when that changes next."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

from roamdesk.worktime.zones import clock_changes, require_aware

_DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_MINUTES_A_DAY = 24 * 60
_WEEK = 7 * _MINUTES_A_DAY
_LOOK_AHEAD = (timedelta(days=2), timedelta(days=9), timedelta(days=400))
_LONGEST = 500
_SHORTHAND = {"24/7": "mon-sun 00:00-24:00", "business": "mon-fri 09:00-17:00"}
_RULE = re.compile(r"(?:(?P<days>[a-z][a-z, -]*?)\s+)?(?P<hours>[0-9][0-9:, -]*)")
_RANGE = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")
_EXAMPLE = "Write it like Mon-Fri 08:00-12:00,13:00-17:00; Sat 09:00-12:00, or 24/7, business, closed."

NO_HOLIDAYS: frozenset[date] = frozenset()


class OpeningHoursError(ValueError):
    """A text that is not opening hours; the message names the mend."""


@dataclass(frozen=True)
class OpeningHours:
    """A week of spans in local wall time: (weekday from Monday 0, first minute, end minute).

    The end minute is beyond 1440 where a span crosses midnight; such a span belongs to the day it begins on.
    A span begins on no holiday, except around the clock (`always`).
    """

    as_given: str
    spans: tuple[tuple[int, int, int], ...]

    @classmethod
    def parse(cls, text: str) -> "OpeningHours":
        """Read `24/7`, `business` (Mon-Fri 09:00-17:00), `closed` or days and hours.

        Raises OpeningHoursError.
        """
        if len(text) > _LONGEST:
            raise OpeningHoursError(f"Opening hours have at most {_LONGEST} characters. {_EXAMPLE}")
        plain = " ".join(text.replace("–", "-").lower().split())
        if plain == "closed":
            return cls(text, ())
        rules = _SHORTHAND.get(plain, plain).split(";")
        spans = tuple(sorted({span for rule in rules for span in _spans(rule.strip())}))
        _refuse_overlaps(spans)
        return cls(text, spans)

    @cached_property
    def always(self) -> bool:
        """Open at every minute of the week, holidays too."""
        latest = max((day * _MINUTES_A_DAY + end for day, _, end in self.spans), default=0)
        covered_until = max(0, latest - _WEEK)
        for day, begin, end in self.spans:
            if day * _MINUTES_A_DAY + begin > covered_until:
                return False
            covered_until = max(covered_until, day * _MINUTES_A_DAY + end)
        return covered_until >= _WEEK

    def is_open(self, at_utc: datetime, zone: ZoneInfo, holidays: frozenset[date] = NO_HOLIDAYS) -> bool:
        """Whether it is open at an aware instant, by the wall clock of zone; holidays are local dates."""
        local = require_aware(at_utc).astimezone(zone).replace(tzinfo=None)
        today = local.date()
        minute = (local - datetime.combine(today, time())) / timedelta(minutes=1)
        return (
            self.always
            or self._covers(today, minute, holidays)
            or self._covers(today - _DAY, minute + _MINUTES_A_DAY, holidays)
        )

    def next_change(
        self, at_utc: datetime, zone: ZoneInfo, holidays: frozenset[date] = NO_HOLIDAYS
    ) -> tuple[datetime, bool] | None:
        """The first instant (UTC) after at_utc at which the line opens (True) or closes (False).

        None when it is always open, or nothing changes within 400 days. The zone's clock changes count.
        """
        if self.always or not self.spans:
            return None
        for ahead in _LOOK_AHEAD:
            end = at_utc + ahead
            spans = self.open_spans(at_utc, end, zone, holidays)
            edges = [edge for span in spans for edge in span if at_utc < edge < end]
            if edges:
                return edges[0], spans[0][0] > at_utc
        return None

    def open_spans(
        self, begin: datetime, end: datetime, zone: ZoneInfo, holidays: frozenset[date] = NO_HOLIDAYS
    ) -> tuple[tuple[datetime, datetime], ...]:
        """When it is open between two aware instants: spans in UTC, in order, none touching another."""
        begin, end = require_aware(begin).astimezone(UTC), require_aware(end).astimezone(UTC)
        if self.always:
            return ((begin, end),) if begin < end else ()
        edges = [begin, *clock_changes(zone, begin, end), end]
        found: list[tuple[datetime, datetime]] = []
        for first, last in pairwise(edge for edge in edges if begin <= edge <= end):
            for opens, closes in self._spans_by_one_offset(first, last, zone, holidays):
                if found and opens <= found[-1][1]:
                    found[-1] = (found[-1][0], max(closes, found[-1][1]))
                else:
                    found.append((opens, closes))
        return tuple(found)

    def _spans_by_one_offset(
        self, first: datetime, last: datetime, zone: ZoneInfo, holidays: frozenset[date]
    ) -> Iterator[tuple[datetime, datetime]]:
        """Between two clock changes wall time runs evenly, so the week's spans can be laid over it."""
        offset = first.astimezone(zone).utcoffset() or timedelta()
        day = (first + offset).date() - _DAY
        while day <= (last + offset).date():
            midnight = datetime.combine(day, time(), UTC) - offset
            for begin, end in self._by_weekday[day.weekday()] if day not in holidays else ():
                opens = max(first, midnight + timedelta(minutes=begin))
                closes = min(last, midnight + timedelta(minutes=end))
                if opens < closes:
                    yield opens, closes
            day += _DAY

    def _covers(self, day: date, minute: float, holidays: frozenset[date]) -> bool:
        if day in holidays:
            return False
        return any(begin <= minute < end for begin, end in self._by_weekday[day.weekday()])

    @cached_property
    def _by_weekday(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        return tuple(tuple((begin, end) for on, begin, end in self.spans if on == day) for day in range(7))


def _refuse_overlaps(spans: tuple[tuple[int, int, int], ...]) -> None:
    """Two spans at one minute are a slip: one of them was meant for another day or hour."""
    absolute = [(day * _MINUTES_A_DAY + begin, day * _MINUTES_A_DAY + end) for day, begin, end in spans]
    following = [*absolute[1:], *((begin + _WEEK, end + _WEEK) for begin, end in absolute[:1])]
    for (_, end), (begin, _) in zip(absolute, following, strict=True):
        if begin < end:
            day, minute = divmod(begin % _WEEK, _MINUTES_A_DAY)
            at = f"{_DAY_NAMES[day].title()} {minute // 60:02}:{minute % 60:02}"
            raise OpeningHoursError(f"Two spans overlap on {at}: let one end before the next begins.")


def _spans(rule: str) -> Iterator[tuple[int, int, int]]:
    parts = _RULE.fullmatch(rule)
    if parts is None:
        raise OpeningHoursError(f"'{rule[:60]}' is not understood. {_EXAMPLE}")
    days = _days(parts["days"] or "mon-sun")
    for hours in parts["hours"].split(","):
        begin, end = _hours(hours.strip())
        yield from ((day, begin, end) for day in days)


def _days(text: str) -> set[int]:
    found: set[int] = set()
    for item in text.split(","):
        first, _, last = (name.strip() for name in item.partition("-"))
        begin, end = _day(first), _day(last or first)
        found |= {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}
    return found


def _day(name: str) -> int:
    if name not in _DAY_NAMES:
        raise OpeningHoursError(f"'{name}' is no day: use Mon, Tue, Wed, Thu, Fri, Sat or Sun.")
    return _DAY_NAMES.index(name)


def _hours(text: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise OpeningHoursError(f"'{text}' is no span of time: write it like 08:00-18:00.")
    begin, end = _minute(found[1], found[2]), _minute(found[3], found[4])
    if begin in (end, _MINUTES_A_DAY):
        raise OpeningHoursError(f"'{text}' has no length: write 00:00-24:00 for the whole day.")
    return begin, end if end > begin else end + _MINUTES_A_DAY


def _minute(hour: str, minute: str) -> int:
    total = int(hour) * 60 + int(minute)
    if int(minute) > 59 or total > _MINUTES_A_DAY:
        raise OpeningHoursError(f"'{hour}:{minute}' is no time of day: use 00:00 to 24:00.")
    return total
