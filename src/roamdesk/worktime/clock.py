"""Time left and time over, as an operator reads it."""

from datetime import timedelta

_MINUTE = 60
_HOUR = 60 * _MINUTE


def format_clock(left: timedelta) -> str:
    """Time left as `11:24`, over (negative) as `+4:05`, from an hour on `3 h 40` or `+3 h 40`.

    Parts of a second are dropped.
    """
    seconds = abs(left) // timedelta(seconds=1)
    sign = "+" if left < timedelta() and seconds else ""
    if seconds >= _HOUR:
        return f"{sign}{seconds // _HOUR} h {seconds % _HOUR // _MINUTE:02}"
    return f"{sign}{seconds // _MINUTE}:{seconds % _MINUTE:02}"
