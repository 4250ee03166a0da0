"""What an operator types, made exact: times on the wall clock become instants. Pure; the clock is an argument."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from roamdesk.procedure.model import Kind, Procedure
from roamdesk.worktime import LocalTimeError, local_to_utc

AHEAD = frozenset({"promised_at"})
_TIME = re.compile(
    r"(?:(?P<day>\d{1,2})[./](?P<month>\d{1,2})(?:[./](?P<year>\d{4}))?[.,]?\s+)?(?P<hour>\d{1,2})[:.]?(?P<minute>\d{2})"
)


class TimeRefused(ValueError):
    """A time that cannot be read, or that no clock showed. The text says how to write it."""


def told(procedure: Procedure, values: Mapping[str, str], now: datetime, zone: str) -> dict[str, str]:
    """Form values as a verb takes them: times as ISO instants in UTC, the rest as typed. Raises TimeRefused."""
    return {
        name: _instant(name, text, now, zone) if procedure.facts[name].kind is Kind.TIME else text.strip()
        for name, text in values.items()
        if name in procedure.facts and text.strip()
    }


def _instant(name: str, text: str, now: datetime, zone: str) -> str:
    return instant_of(text, now, zone, ahead=name in AHEAD).isoformat()


def instant_of(text: str, now: datetime, zone: str, *, ahead: bool) -> datetime:
    """`06:30`, `0630`, `16/11 06:30` or `16/11/2026 06:30` on the wall clock of ``zone``, as UTC.

    Without a day the next such time is meant when it lies ``ahead``, else the last one. Raises TimeRefused.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise TimeRefused(f"'{text[:40]}' is no time. Write it as 06:30, or with the day: 16/11 06:30.")
    today = now.astimezone(ZoneInfo(zone)).date()
    if found["day"]:
        return _exact(found, _day(found, today, text), zone, text)
    days = (today, today + timedelta(days=1)) if ahead else (today, today - timedelta(days=1))
    first, other = (_exact(found, day, zone, text) for day in days)
    return first if (first >= now) is ahead else other


def _day(found: re.Match[str], today: date, text: str) -> date:
    try:
        return date(int(found["year"] or today.year), int(found["month"]), int(found["day"]))
    except ValueError:
        raise TimeRefused(f"'{text[:40]}' has a day that is in no calendar. Write it as 16/11 06:30.") from None


def _exact(found: re.Match[str], day: date, zone: str, text: str) -> datetime:
    try:
        local = datetime(day.year, day.month, day.day, int(found["hour"]), int(found["minute"]))  # noqa: DTZ001
        return local_to_utc(local, ZoneInfo(zone))
    except LocalTimeError as error:
        raise TimeRefused(str(error)) from None
    except ValueError:
        raise TimeRefused(f"'{text[:40]}' is no time of day. Write it as 06:30.") from None
