"""From local wall time to instants and back, honest about hours that do not exist or occur twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_STEP = timedelta(hours=6)
_SECOND = timedelta(seconds=1)


class LocalTimeError(ValueError):
    """A local time that is not one instant; the message names the mend."""


class SkippedTime(LocalTimeError):
    """The clocks jumped over this local time."""


class AmbiguousTime(LocalTimeError):
    """This local time occurred twice. earlier and later are the two instants in UTC."""

    def __init__(self, message: str, earlier: datetime, later: datetime) -> None:
        super().__init__(message)
        self.earlier = earlier
        self.later = later


def local_to_utc(local: datetime, zone: ZoneInfo, fold: int | None = None) -> datetime:
    """The UTC instant of a naive local time in zone.

    fold says which is meant where an hour occurs twice: 0 the earlier, 1 the later. Raises SkippedTime,
    AmbiguousTime (only when fold is None), LocalTimeError.
    """
    if local.tzinfo is not None:
        raise LocalTimeError("This time has a zone already: give the local time without one.")
    try:
        earlier, later = _instant(local, zone, 0), _instant(local, zone, 1)
        back = earlier.astimezone(zone).replace(tzinfo=None, fold=0)
    except OverflowError:
        raise LocalTimeError(f"The year {local.year} is out of range: check the date.") from None
    if back != local.replace(fold=0):
        raise SkippedTime(_skipped(local, zone))
    if earlier != later and fold is None:
        raise AmbiguousTime(_ambiguous(local, zone, earlier, later), earlier, later)
    return later if fold else earlier


def require_aware(instant: datetime) -> datetime:
    """The instant itself; raises LocalTimeError when it carries no zone."""
    if instant.utcoffset() is None:
        raise LocalTimeError("This instant carries no zone: give an aware datetime, in UTC.")
    return instant


def clock_changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """The instants (UTC, to the second) from begin to end at which zone changes its offset."""
    while begin < end:
        if _offset(begin, zone) != _offset(begin + _STEP, zone):
            yield _change(zone, begin, begin + _STEP)
        begin += _STEP


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    while after - before > _SECOND:
        middle = before + (after - before) // 2 // _SECOND * _SECOND
        if _offset(middle, zone) == _offset(before, zone):
            before = middle
        else:
            after = middle
    return after


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()


def _instant(local: datetime, zone: ZoneInfo, fold: int) -> datetime:
    return local.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _skipped(local: datetime, zone: ZoneInfo) -> str:
    return (
        f"{local:%d/%m/%Y %H:%M} did not exist in {zone.key}: the clocks went forward over it. Ask for the time again."
    )


def _ambiguous(local: datetime, zone: ZoneInfo, earlier: datetime, later: datetime) -> str:
    return (
        f"{local:%d/%m/%Y %H:%M} occurred twice in {zone.key}: choose {earlier:%H:%M} UTC "
        f"(before the clocks went back) or {later:%H:%M} UTC (after it)."
    )
