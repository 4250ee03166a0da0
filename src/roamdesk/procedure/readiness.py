"""Whether a partner's contact form holds what the procedure asks of its role (S1 to S5), and when to meet (S6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from roamdesk.procedure.model import Procedure, Requirement
from roamdesk.worktime import OpeningHours, OpeningHoursError, business_deadline

FLAGS = {
    "published": "The form is not published on the platform.",
    "procedures_agreed": "The partner has not agreed to carry out the procedures.",
}
PURPOSES = ("first_level", "call_centre", "msp_support", "back_office", "reference_person")
REACHED_BY = ("phone", "mail")
_WEEK = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class FormLine:
    """One line of a contact form: a number or an address. ``languages`` are ISO 639-1 codes."""

    purpose: str
    channel: str
    value: str
    hours: str = ""
    languages: tuple[str, ...] = ()
    person: str = ""
    operational_skills: bool = False


@dataclass(frozen=True, slots=True)
class ContactForm:
    published: bool
    procedures_agreed: bool
    lines: tuple[FormLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """A requirement that the form does not meet; ``why`` says what was found instead."""

    gap: str
    text: str
    cites: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Readiness:
    ready: bool
    gaps: tuple[Gap, ...]


def readiness(procedure: Procedure, role: str, form: ContactForm) -> Readiness:
    """What the form lacks for this role, in the order of the file. A role without requirements is ready."""
    found = ((need, _lack(need, form)) for need in procedure.readiness.get(role, ()))
    gaps = tuple(Gap(need.gap, need.text, need.cites, why) for need, why in found if why)
    return Readiness(not gaps, gaps)


def also_asked(procedure: Procedure, coming: Procedure, role: str) -> tuple[Requirement, ...]:
    """What ``coming`` asks of this role and ``procedure`` does not, in the order of the file."""
    asked = procedure.readiness.get(role, ())
    return tuple(need for need in coming.readiness.get(role, ()) if need not in asked)


def kick_off_due(procedure: Procedure, demanded_on: date, holidays: frozenset[date]) -> date:
    """The last day for the kick-off meeting (S6, A18), in the debtor's calendar.

    Raises ValueError where the procedure asks for no meeting.
    """
    if procedure.kick_off is None:
        raise ValueError(f"{procedure.title} asks for no kick-off meeting: leave the demand out.")
    return business_deadline(demanded_on, procedure.kick_off.business_days, holidays)


def _lack(need: Requirement, form: ContactForm) -> str:
    """Why the need is not met; empty where it is."""
    if need.flag:
        return "" if getattr(form, need.flag, False) else FLAGS.get(need.flag, f"{need.flag} is not given.")
    given = [line for line in form.lines if line.purpose == need.purpose and line.value.strip()]
    lines = [line for line in given if not need.channel or line.channel == need.channel]
    if not lines:
        return "Nothing is given."
    fit = [line for line in lines if not _misfit(need, line)]
    enough = len({line.value for line in fit}) if need.channel else len(_persons(fit, need))
    if enough >= need.count:
        return ""
    return _misfits(need, lines) or _too_few(need, enough)


def _too_few(need: Requirement, enough: int) -> str:
    wanted = "with a phone number and an address" if not need.channel else "given"
    skills = " and operational skills" if need.skills else ""
    return f"{enough} of {need.count} {wanted}{skills}."


def _persons(lines: Iterable[FormLine], need: Requirement) -> list[str]:
    """The people that can be reached in every way."""
    ways: dict[str, set[str]] = {}
    skilled: set[str] = set()
    for line in lines:
        name = " ".join(line.person.split()).casefold()
        ways.setdefault(name, set()).add(line.channel)
        if line.operational_skills:
            skilled.add(name)
    return [name for name, by in ways.items() if by.issuperset(REACHED_BY) and (not need.skills or name in skilled)]


def _misfits(need: Requirement, lines: Iterable[FormLine]) -> str:
    return " ".join(dict.fromkeys(found for line in lines if (found := _misfit(need, line))))


def _misfit(need: Requirement, line: FormLine) -> str:
    if need.hours and (found := _hours_lack(need.hours, line.hours)):
        return found
    if need.language and need.language not in {each.casefold() for each in line.languages}:
        spoken = ", ".join(line.languages) or "no language"
        return f"It is needed in '{need.language}', {spoken} is given."
    if need.skills and need.channel and not line.operational_skills:
        return "Operational skills are not confirmed."
    return ""


@lru_cache(maxsize=4096)  # the same few texts stand in thousands of forms
def _hours_lack(needed: str, given: str) -> str:
    try:
        covered = _minutes(OpeningHours.parse(needed)) <= _minutes(OpeningHours.parse(given))
    except OpeningHoursError as error:
        return f"Hours: {error}" if given.strip() else f"It is needed {needed}, no hours are given."
    return "" if covered else f"It is needed {needed}, {given} is given."


def _minutes(hours: OpeningHours) -> frozenset[int]:
    """The minutes of a week from Monday 0:00 at which it is open."""
    spans = (range(day * 1440 + begin, day * 1440 + end) for day, begin, end in hours.spans)
    return frozenset(minute % _WEEK for span in spans for minute in span)
