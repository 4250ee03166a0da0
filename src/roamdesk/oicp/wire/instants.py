"""Date-times of the wire: ISO 8601 with offset. The text is passed on unchanged by everyone (section 3)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_SHAPE = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(?:(:\d{2})(?:[.,](\d+))?)? ?(Z|z|[+-]\d{2}(?::?\d{2})?)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class WireTime:
    """`raw` as received, `at` in UTC, `offset` as written (`+02:00`, `Z`); `at` is None where no offset was given."""

    raw: str
    at: datetime | None
    offset: str


def read_time(text: str) -> WireTime | None:
    """None when it is no date-time at all. Without an offset no instant is assumed."""
    match = _SHAPE.fullmatch(text.strip())
    if match is None:
        return None
    day, clock, seconds, fraction, offset = match.groups()
    written = f"{day}T{clock}{seconds or ':00'}.{(fraction or '0')[:6]:0<6}"
    try:
        if offset is None:
            datetime.fromisoformat(written)
            return WireTime(text, None, "")
        return WireTime(text, datetime.fromisoformat(written + offset.upper()).astimezone(UTC), offset)
    except (ValueError, OverflowError):
        return None


def instant(text: str | None) -> datetime | None:
    """The moment in UTC; None for nothing, for no date-time, and for one without offset."""
    time = read_time(text) if text else None
    return time.at if time else None


def written(at: datetime) -> str:
    """As we write an instant: seconds, and the offset that `at` carries. Raises ValueError without one."""
    if at.tzinfo is None:
        raise ValueError("A time for the wire needs an offset")
    return at.isoformat(timespec="seconds")
