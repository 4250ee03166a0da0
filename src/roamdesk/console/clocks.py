"""Clocks as they stand on screen: text, how much of the target is used, which mark. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from roamdesk.worktime import format_clock


@dataclass(frozen=True)
class Clock:
    """Time left until ``due`` (UTC); ``used`` is the share of the target in per cent, ``whole`` its length in ms."""

    text: str
    due: datetime
    over: bool
    used: int
    whole: int

    @property
    def word(self) -> str:
        return "over" if self.over else "left"


def clock_of(due: datetime | None, since: datetime | None, now: datetime) -> Clock | None:
    """None where nothing is due."""
    if due is None:
        return None
    left = due - now
    target = max(due - since, timedelta(seconds=1)) if since else max(left, timedelta(seconds=1))
    used = 100 - round(100 * (left / target))
    whole = round(target.total_seconds() * 1000)
    return Clock(format_clock(left), due, left < timedelta(), min(100, max(0, used)), whole)


def passed(since: datetime | None, now: datetime) -> str:
    """Time since then, as `6:41`; empty where nothing began."""
    return format_clock(now - since) if since else ""
