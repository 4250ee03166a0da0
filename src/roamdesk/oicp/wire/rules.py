"""What may stand in a member: text, number, time, flag. Each rule reads leniently and reports what is amiss."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from roamdesk.oicp.wire.findings import Findings
from roamdesk.oicp.wire.instants import read_time


class Mark:
    """Says something of a member that its type does not."""


@dataclass(frozen=True)
class Mandatory(Mark):
    """The member must be there and not null; `filled` lists must hold something, too."""

    filled: bool = False


@dataclass(frozen=True)
class Also(Mark):
    """Other spellings that the documents or partners use (section 16). Read, never written."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


@dataclass(frozen=True)
class Either(Mark):
    """Names that a table of the specification gives the member where its samples have another. Neither is wrong."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


@dataclass(frozen=True)
class Size(Mark):
    """How many entries a list may have."""

    most: int


@dataclass(frozen=True)
class OneIsEnough(Mark):
    """A single value is read as a list of one, as one of the documents has it."""


class Rule:
    """Reads one JSON value that is not null; what can't be used becomes None."""

    def read(self, value: Any, at: str, findings: Findings) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Text(Rule):
    """`name` is what the documents call the pattern. Lengths count characters."""

    name: str = ""
    pattern: str = ""
    most: int = 0
    least: int = 0
    shape: re.Pattern[str] | None = field(init=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if self.pattern:
            object.__setattr__(self, "shape", re.compile(self.pattern, re.ASCII))

    def read(self, value: Any, at: str, findings: Findings) -> str | None:
        text = as_text(value, at, findings)
        if text is None:
            return None
        if self.shape and not self.shape.fullmatch(text):
            findings.breach(at, f"does not match the {self.name} pattern")
        if self.most and len(text) > self.most:
            findings.breach(at, f"longer than {self.most} characters")
        if len(text) < self.least:
            findings.breach(at, f"shorter than {self.least} characters")
        return text


@dataclass(frozen=True)
class OneOf(Rule):
    """An enumeration. An unknown value is kept and reported; `also` maps other spellings to the published one."""

    values: frozenset[str]
    also: Mapping[str, str] = field(default_factory=dict)

    def read(self, value: Any, at: str, findings: Findings) -> str | None:
        if isinstance(value, bool):
            findings.breach(at, "boolean sent where text is expected")
            return str(value).lower()
        text = as_text(value, at, findings)
        if text is None or text in self.values:
            return text
        if text in self.also:
            findings.note(at, f"{text!r} read as {self.also[text]!r}")
            return self.also[text]
        findings.breach(at, f"{text[:60]!r} is not a published value")
        return text


@dataclass(frozen=True)
class Number(Rule):
    """A decimal of at most `places` decimals between `least` and `most`; 0 places is a whole number."""

    places: int = 3
    least: Decimal | None = None
    most: Decimal | None = None
    lenient_places: bool = False

    def read(self, value: Any, at: str, findings: Findings) -> Decimal | int | None:
        number = _as_number(value, at, findings)
        if number is None:
            return None
        if self.least is not None and number < self.least:
            findings.breach(at, f"below {self.least}")
        if self.most is not None and number > self.most:
            findings.breach(at, f"above {self.most}")
        if number != round(number, self.places):
            self._report_places(at, findings)
        elif self.places == 0:
            return int(number)
        return number

    def _report_places(self, at: str, findings: Findings) -> None:
        says = f"more than {self.places} decimals" if self.places else "not a whole number"
        (findings.note if self.lenient_places else findings.breach)(at, says)


@dataclass(frozen=True)
class Time(Rule):
    """ISO 8601 with offset; the text stays as it is."""

    def read(self, value: Any, at: str, findings: Findings) -> str | None:
        text = as_text(value, at, findings)
        if text is None:
            return None
        time = read_time(text)
        if time is None:
            findings.breach(at, "is not a date-time")
        elif time.at is None:
            findings.breach(at, "date-time without an offset")
        elif not _DATE_TIME.fullmatch(text):
            findings.breach(at, "date-time is not written as YYYY-MM-DDThh:mm:ss and the offset as ±hh:mm")
        return text


_DATE_TIME = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T([0-9]{2}:){2}[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")


@dataclass(frozen=True)
class Flag(Rule):
    """A boolean; `"true"` and `"false"` are read."""

    def read(self, value: Any, at: str, findings: Findings) -> bool | None:
        if isinstance(value, bool):
            return value
        spoken = {"true": True, "false": False}.get(str(value).strip().lower())
        findings.breach(at, "is not a boolean" if spoken is None else "boolean sent as a string")
        return spoken


def as_text(value: Any, at: str, findings: Findings) -> str | None:
    """Numbers are read as their digits; objects and lists are not text. NUL and half characters can't be stored."""
    if isinstance(value, str):
        if "\x00" in value:
            findings.breach(at, "contains a NUL character")
        return _HALF.sub("\ufffd", value.replace("\x00", ""))
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        findings.breach(at, "number sent where text is expected")
        return _digits(value)
    findings.breach(at, "is not text")
    return None


def _digits(value: int | Decimal) -> str:
    """`9999.0`, as tables write a post code, is 9999."""
    whole = isinstance(value, Decimal) and value.is_finite() and abs(value) < LARGEST and value == int(value)
    return str(int(value) if whole else value)


_HALF = re.compile(r"[\ud800-\udfff]")
LARGEST = Decimal(10) ** 15


def _as_number(value: Any, at: str, findings: Findings) -> Decimal | None:
    if isinstance(value, bool | dict | list):
        findings.breach(at, "is not a number")
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > LARGEST or number != round(number, 12):
        findings.breach(at, "is not a number that can be kept")
        return None
    if isinstance(value, str):
        findings.breach(at, "number sent as a string")
    return number
