"""A date and time as people write it in a mail, as an instant; what is not certain is said (S32, S33)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from roamdesk.procedure.template_words import fold
from roamdesk.worktime import LocalTimeError, local_to_utc

LONGEST = 200
FIRST_YEAR, LAST_YEAR = 2000, 2099

# By their first letters, folded, in English, Italian, German and French.
_MONTHS = (
    ("jan", "gen", "janv"), ("feb", "fev", "febb"), ("mar", "mrz", "maerz"), ("apr", "avr"), ("may", "mai", "mag"),
    ("jun", "giu", "juin"), ("jul", "lug", "juil"), ("aug", "ago", "aou"), ("sep", "set"), ("oct", "okt", "ott"),
    ("nov",), ("dec", "dez", "dic"),
)  # fmt: skip
_NAMED_ZONES = {
    "utc": 0, "gmt": 0, "z": 0, "wet": 0, "bst": 1, "west": 1, "cet": 1, "mez": 1, "cest": 2, "mesz": 2, "eet": 2,
    "oez": 2, "eest": 3, "oesz": 3,
}  # fmt: skip
_LOCAL = ("local", "localtime", "oralocale", "locale", "ortszeit", "lokalzeit", "lokal", "heurelocale")

_DAY = r"(?P<d>\d{1,2})\s?[./-]\s?(?P<m>\d{1,2})\s?[./-]\s?(?P<y>\d{4}|\d{2})(?!\d)"
_ISO_DAY = r"(?P<iy>\d{4})[-/.](?P<im>\d{1,2})[-/.](?P<id>\d{1,2})(?!\d)"
_WORD_DAY = r"(?P<wd>\d{1,2})(?:\.|st|nd|rd|th|er)?\s(?:of\s|di\s|de\s)?(?P<wm>[^\W\d_]{3,10})\.?,?\s(?P<wy>\d{4})"
_US_DAY = r"(?P<um>[^\W\d_]{3,10})\s(?P<ud>\d{1,2})(?:st|nd|rd|th)?,?\s(?P<uy>\d{4})"
_DATE = re.compile(rf"(?<!\d)(?:{_ISO_DAY}|{_DAY}|{_WORD_DAY}|{_US_DAY})")
_TIME = re.compile(
    r"(?<![\d:.+-])(?P<h>\d{1,2})\s?[:.hH]\s?(?P<min>\d{2})(?::(?P<s>\d{2})(?:[.,]\d{1,6})?)?(?![\d.]\d)"
)
_HALF = re.compile(r"\s?([ap])\.?m\b", re.IGNORECASE)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?(?P<sign>[+−-])(?P<oh>\d{1,2})(?::?(?P<om>\d{2}))?(?!\d)", re.IGNORECASE)
_ZONE_NAME = re.compile(r"\b(?:Europe|Africa|America|Asia|Atlantic|Australia|Pacific)/[A-Za-z_]{2,30}\b")


@dataclass(frozen=True)
class ReadTime:
    """``instant`` in UTC, None where none can be read. ``marked``: it is said not to be exact."""

    instant: datetime | None
    marked: bool = False
    doubts: tuple[str, ...] = ()


def read_time(text: str, marks: Iterable[str], time_format: str = "", zone: str = "UTC") -> ReadTime:
    """The first date and time in ``text``; without a zone it is UTC, as the template wants it.

    ``time_format`` is the template's own. ``zone`` (IANA) is meant where the text says "local time".
    """
    text = " ".join(text.split())[:LONGEST]
    marked = "~" in text or any(re.search(_mark(mark), text, re.IGNORECASE) for mark in marks)
    exactly = _by_format(text, marks, time_format)
    if exactly:
        return ReadTime(exactly, marked)
    date = _DATE.search(text)
    if date is None:
        return ReadTime(None, marked, ("No date can be read here.",))
    rest = text[: date.start()] + " " * len(date[0]) + text[date.end() :]
    # An ISO time has a T before it.
    clock = _TIME.search(re.sub(r"(?<= )T(?=\d)", " ", rest))
    if clock is None:
        return ReadTime(None, marked, ("No time of day stands here.",))
    return _instant(date, clock, rest, marked, zone)


def _mark(mark: str) -> str:
    return rf"(?<!\w){re.escape(mark)}(?!\w)"


def _by_format(text: str, marks: Iterable[str], time_format: str) -> datetime | None:
    """Written exactly as the template writes it."""
    bare = text
    for mark in marks:
        bare = re.sub(rf"[\s,(]*{_mark(mark)}\.?\)?", "", bare, flags=re.IGNORECASE)
    bare = re.sub(r"\s?\(?\b(?:UTC|GMT)\b\)?", "", bare).strip(" ,~")
    try:
        found = datetime.strptime(bare, time_format) if time_format else None  # noqa: DTZ007
    except ValueError:
        return None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _instant(date: re.Match[str], clock: re.Match[str], rest: str, marked: bool, zone: str) -> ReadTime:
    doubts = list[str]()
    year, month, day = _day(date, doubts)
    where = _zone(rest, clock, zone, doubts)
    try:
        hour = _hour(int(clock["h"]), rest, clock)
        wall = datetime(year, month, day, hour, int(clock["min"]), int(clock["s"] or 0))  # noqa: DTZ001
        instant = local_to_utc(wall, where) if isinstance(where, ZoneInfo) else wall.replace(tzinfo=where)
    except LocalTimeError as error:
        return ReadTime(None, marked, (str(error),))
    except ValueError:
        return ReadTime(None, marked, ("No calendar or clock shows this date and time.",))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return ReadTime(None, marked, ("The year is out of range.",))
    return ReadTime(instant.astimezone(UTC), marked, tuple(doubts))


def _day(date: re.Match[str], doubts: list[str]) -> tuple[int, int, int]:
    """Day before month, as in the template; the other way round only where nothing else is possible."""
    if date["iy"]:
        return int(date["iy"]), int(date["im"]), int(date["id"])
    if name := date["wm"] or date["um"]:
        return int(date["wy"] or date["uy"]), _month(name), int(date["wd"] or date["ud"])
    year, month, day = int(date["y"]), int(date["m"]), int(date["d"])
    if len(date["y"]) == 2:
        year += 2000
        doubts.append(f"The year {date['y']} is read as {year}.")
    if month > 12 >= day:
        doubts.append("The month is read before the day: nothing else is possible.")
        return year, day, month
    return year, month, day


def _month(name: str) -> int:
    """0 for a word that is no month: then no calendar has the day."""
    told = fold(name)
    fits = [number for number, starts in enumerate(_MONTHS, 1) if told.startswith(starts)]
    return fits[0] if fits else 0


def _hour(hour: int, rest: str, clock: re.Match[str]) -> int:
    half = _HALF.match(rest, clock.end())
    if half is None or hour > 12:
        return hour
    return hour % 12 + (12 if half[1] in "pP" else 0)


def _zone(rest: str, clock: re.Match[str], local: str, doubts: list[str]) -> tzinfo:
    """What stands after the time counts first, then what stands anywhere."""
    after, words = rest[clock.end() :], re.findall(r"[^\W\d_]+", rest[clock.end() :] + " " + rest[: clock.start()])
    if offset := _OFFSET.match(after.lstrip(" (")):
        minutes = int(offset["oh"]) * 60 + int(offset["om"] or 0)
        if minutes <= 14 * 60:
            return timezone(timedelta(minutes=-minutes if offset["sign"] in "-−" else minutes))
    if name := _ZONE_NAME.search(rest):
        try:
            return ZoneInfo(name[0])
        except (KeyError, OSError, ValueError):
            doubts.append(f"There is no time zone {name[0]}: read as UTC.")
            return UTC
    named = next((_NAMED_ZONES[word.lower()] for word in words if word.lower() in _NAMED_ZONES), None)
    if named is not None:
        return timezone(timedelta(hours=named))
    folded = fold(rest)
    if any(word in folded for word in _LOCAL):
        doubts.append(f"Local time: read as that of {local}.")
        return ZoneInfo(local)
    doubts.append("No time zone stands here: read as UTC.")
    return UTC
