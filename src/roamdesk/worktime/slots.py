"""When two offices are both staffed: the slots in which a meeting can lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from roamdesk.worktime.days import is_business_day
from roamdesk.worktime.hours import NO_HOLIDAYS, OpeningHours
from roamdesk.worktime.zones import require_aware

GRID = timedelta(minutes=30)
_STEP = timedelta(minutes=15)
_LONGEST = timedelta(hours=12)
_FARTHEST = timedelta(days=400)
_LOOK_AHEAD = timedelta(days=14)


@dataclass(frozen=True)
class Office:
    """One side's hours by its own clock; on its holidays and weekends nobody is asked to come."""

    zone: ZoneInfo
    hours: OpeningHours
    holidays: frozenset[date] = NO_HOLIDAYS

    def is_staffed(self, at: datetime) -> bool:
        """At an instant in UTC."""
        day = at.astimezone(self.zone).date()
        return is_business_day(day, self.holidays) and self.hours.is_open(at, self.zone, self.holidays)

    def after(self, begin: datetime, length: timedelta) -> datetime:
        """The instant (UTC) at which the office has been open for ``length`` since ``begin`` (aware).

        One that does not open for so long within 400 days answers as if it never closed.
        """
        left, at = length, require_aware(begin).astimezone(UTC)
        while at - begin < _FARTHEST:
            for opens, closes in self.hours.open_spans(at, at + _LOOK_AHEAD, self.zone, self.holidays):
                if left <= closes - opens:
                    return opens + left
                left -= closes - opens
            at += _LOOK_AHEAD
        return begin.astimezone(UTC) + length


def common_slots(
    offices: Sequence[Office], begin: datetime, end: datetime, length: timedelta, most: int = 10
) -> tuple[tuple[datetime, datetime], ...]:
    """Slots (UTC) of that length on the half hour, inside every office's hours; at most ``most``, none overlapping.

    They lie between ``begin`` and ``end`` (aware). Raises ValueError for a length that is no meeting's, for a span
    beyond 400 days, and LocalTimeError for an instant without a zone.
    """
    if not timedelta() < length <= _LONGEST:
        raise ValueError(f"A meeting lasts up to {_LONGEST // timedelta(hours=1)} hours: give another length.")
    if require_aware(end) - require_aware(begin) > _FARTHEST:
        raise ValueError(f"Slots are looked for within {_FARTHEST.days} days: choose an earlier end.")
    found: list[tuple[datetime, datetime]] = []
    at = _on_grid(begin)
    while at + length <= end and len(found) < most:
        if _staffed_throughout(offices, at, length):
            found.append((at, at + length))
            at = _on_grid(at + length)
        else:
            at += GRID
    return tuple(found)


def _staffed_throughout(offices: Sequence[Office], begin: datetime, length: timedelta) -> bool:
    moments = [begin + _STEP * n for n in range(-(-length // _STEP))]
    return all(office.is_staffed(moment) for moment in moments for office in offices)


def _on_grid(at: datetime) -> datetime:
    since_midnight = at.astimezone(UTC) - datetime.combine(at.astimezone(UTC).date(), datetime.min.time(), UTC)
    return at.astimezone(UTC) + (-since_midnight % GRID)
