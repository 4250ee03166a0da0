"""The minimum set of information of a mail (S32, S33), filled from what is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from roamdesk.procedure.folding import Facts
from roamdesk.procedure.model import Kind, Procedure, TemplateField
from roamdesk.procedure.planning import Plan, plan
from roamdesk.procedure.wording import on_one_line, say

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class FilledField:
    """A line of the mail, unescaped and on one line. Times in ``text`` are UTC; ``shown_local`` is the desk's clock.

    ``values`` are the facts that the line tells, times as ISO 8601 in UTC.
    """

    name: str
    title: str
    text: str
    missing: bool
    indicative: bool
    shown_local: str
    values: Mapping[str, str] = dataclass_field(default_factory=dict)


def fill(procedure: Procedure, facts: Facts, zone: str) -> list[FilledField]:
    """Each field of the template with its first known source. ``zone`` is an IANA name, for people here only.

    A time that can't be read is kept as it was typed, and counts as missing.
    """
    plan_now, local = plan(procedure, facts), ZoneInfo(zone)
    return [_filled(plan_now, field, local) for field in procedure.template]


def missing(fields: Iterable[FilledField]) -> list[str]:
    """The names of the required fields that nothing is known for."""
    return [field.name for field in fields if field.missing]


def check_draft(procedure: Procedure, fields: Mapping[str, str]) -> list[str]:
    """The names of the required template fields that a draft written by hand lacks.

    A field may be given under its own name, under a source's (``session_id``), or by the reason of its absence.
    """
    given = {name for name, value in fields.items() if on_one_line(value)}
    return [field.name for field in procedure.template if field.required and not given & _names(field)]


def without_needless_reasons(procedure: Procedure, told: Mapping[str, str]) -> dict[str, str]:
    """What was told, without the reason of an absence where the very thing was told as well."""
    needless = {
        name
        for field in procedure.template
        if any(told.get(source) for source in field.sources)
        for name in _PLACEHOLDER.findall(" ".join(field.absent))
        if procedure.facts[name].kind is Kind.TEXT
    }
    return {name: value for name, value in told.items() if name not in needless}


def read_time(value: Any) -> datetime | None:
    """An instant in UTC from a datetime or an ISO 8601 text; one without offset is taken as UTC."""
    try:
        read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Exactness:
    """The fact that says whether a time is exact, with its two values, and the word that marks one that is not."""

    fact: str
    indicative: str
    exact: str
    mark: str


def exactness(procedure: Procedure, field: TemplateField) -> Exactness | None:
    """None for a field whose time is never marked."""
    if field.indicative is None or not field.indicative.alternatives:
        return None
    test = field.indicative.alternatives[0][0]
    options = procedure.facts[test.fact].options
    marks = field.words["en"].indicative if "en" in field.words else ()
    return Exactness(
        fact=test.fact,
        indicative=next((value for value in options if value in test.values), ""),
        exact=next((value for value in options if value not in test.values), ""),
        mark=next(iter(marks), "indicative"),
    )


def _filled(plan_now: Plan, field: TemplateField, local: ZoneInfo) -> FilledField:
    known = plan_now.facts.values
    source = next((name for name in field.sources if on_one_line(known.get(name, ""))), None)
    if source is None:
        return _absent(field, known)
    if field.time_format:
        return _time(plan_now, field, source, local)
    value = on_one_line(known[source])
    fact = plan_now.procedure.facts[source]
    text = fact.options.get(value, value) if fact.kind is Kind.CHOICE else value
    return FilledField(field.name, field.title, text, False, _is_indicative(plan_now, field), "", {source: value})


def _time(plan_now: Plan, field: TemplateField, source: str, local: ZoneInfo) -> FilledField:
    value = plan_now.facts.values[source]
    instant = read_time(value)
    if instant is None:
        return FilledField(field.name, field.title, on_one_line(value), field.required, False, "")
    marked, indicative = exactness(plan_now.procedure, field), _is_indicative(plan_now, field)
    text = instant.strftime(field.time_format) + (f", {marked.mark}" if marked and indicative else "")
    values = {source: f"{instant:%Y-%m-%dT%H:%M:%SZ}"}
    if marked:
        values[marked.fact] = marked.indicative if indicative else marked.exact
    return FilledField(field.name, field.title, text, False, indicative, _on_the_wall(instant, field, local), values)


def _on_the_wall(instant: datetime, field: TemplateField, local: ZoneInfo) -> str:
    try:
        return instant.astimezone(local).strftime(f"{field.time_format} %Z")
    except OverflowError:
        return ""


def _absent(field: TemplateField, known: Mapping[str, Any]) -> FilledField:
    """The wording for "there is none", where all that it names is known."""
    said = next(((text, wording) for wording in field.absent if (text := _sayable(wording, known))), ("", ""))
    values = {name: on_one_line(known[name]) for name in _PLACEHOLDER.findall(said[1])}
    return FilledField(field.name, field.title, said[0], field.required and not said[0], False, "", values)


def _sayable(wording: str, known: Mapping[str, Any]) -> str:
    named = {name: on_one_line(known.get(name, "")) for name in _PLACEHOLDER.findall(wording)}
    return say(wording, named) if all(named.values()) else ""


def _is_indicative(plan_now: Plan, field: TemplateField) -> bool:
    return field.indicative is not None and plan_now.holds(field.indicative)


def _names(field: TemplateField) -> set[str]:
    return {field.name, *field.sources, *_PLACEHOLDER.findall(" ".join(field.absent))}
