"""Opening times of the wire in the words of a person: whose days are alike stand together, and midnight parts nothing.

By the clock at the EVSE, and as ``worktime`` reads it. What is not said by day and ``hh:mm`` stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import TypeAlias

from roamdesk.oicp.wire.evse import OpeningTimesType

ALWAYS = "24/7"
_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ON = {
    "Everyday": range(7), "Workdays": range(5), "Weekend": range(5, 7),
    "Monday": range(1), "Tuesday": range(1, 2), "Wednesday": range(2, 3), "Thursday": range(3, 4),
    "Friday": range(4, 5), "Saturday": range(5, 6), "Sunday": range(6, 7),
}  # fmt: skip
_TIME = re.compile(r"([0-9]{1,2}):([0-5][0-9])(?::[0-5][0-9])?")
_MIDNIGHT, _END = "00:00", "24:00"

Span: TypeAlias = tuple[str, str]
Said: TypeAlias = "tuple[tuple[str, tuple[Span, ...]], ...]"


def hours_of(always: bool | None, times: Sequence[OpeningTimesType | None] | None) -> str:
    """`24/7`, or `Mon-Fri 06:00-22:00; Sat 08:00-12:00,14:00-18:00`; empty where nothing is said."""
    if always:
        return ALWAYS
    return _told(tuple(_said(entry) for entry in times or () if entry and entry.Period))


def _said(entry: OpeningTimesType) -> tuple[str, tuple[Span, ...]]:
    return entry.on or "", tuple((one.begin or "", one.end or "") for one in entry.Period or () if one)


@lru_cache(maxsize=4096)  # an operator has few
def _told(said: Said) -> str:
    week: list[set[Span]] = [set() for _ in _NAMES]
    for on, spans in said:
        clear = [_clear(*span) for span in spans]
        if on not in _ON or None in clear:
            return _as_written(said)
        for day in _ON[on]:
            week[day].update(filter(None, clear))
    return _week_told([_merged(spans) for spans in week])


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """In order, those that touch in one. A span over midnight stays as it is."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        before = found[-1] if found else ("", "")
        if before[0] < before[1] and begin <= before[1] and begin < end:
            found[-1] = (before[0], max(before[1], end))
        else:
            found.append((begin, end))
    return tuple(found)


def _clear(begin: str, end: str) -> Span | None:
    """`hh:mm` each, midnight at the end as 24:00; None for what is no span of time."""
    times = _TIME.fullmatch(begin), _TIME.fullmatch(end)
    opens, closes = (f"{time[1]:0>2}:{time[2]}" if time else "" for time in times)
    if closes in ("23:59", "00:00"):
        closes = _END
    return (opens, closes) if "" < opens < _END and "" < closes <= _END and opens != closes else None


def _as_written(said: Said) -> str:
    return "; ".join(f"{on} {_joined(spans)}".strip() for on, spans in said if spans)


def _week_told(week: Sequence[tuple[Span, ...]]) -> str:
    if all(day == week[0] for day in week):
        week = [_over_midnight(week[0])] * len(week)
    if all(day == ((_MIDNIGHT, _END),) for day in week):
        return ALWAYS
    return "; ".join(f"{days} {_joined(spans)}" for days, spans in _alike(week))


def _over_midnight(day: tuple[Span, ...]) -> tuple[Span, ...]:
    """Of a day that every day is like: what ends at midnight goes on in what begins then."""
    if len(day) < 2 or day[0][0] != _MIDNIGHT or day[-1][1] != _END:
        return day
    return (*day[1:-1], (day[-1][0], day[0][1]))


def _alike(week: Sequence[tuple[Span, ...]]) -> Iterable[tuple[str, tuple[Span, ...]]]:
    for spans, days in groupby(range(len(week)), key=lambda day: week[day]):
        first, *rest = days
        if spans:
            yield _NAMES[first] + (f"-{_NAMES[rest[-1]]}" if rest else ""), spans


def _joined(spans: Iterable[Span]) -> str:
    return ",".join(f"{begin}-{end}" for begin, end in spans)
