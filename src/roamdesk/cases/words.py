"""Texts of the procedure, filled with what a case knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from roamdesk.cases import writing
from roamdesk.cases.models import Case
from roamdesk.cases.procedures import procedure_of
from roamdesk.procedure import Procedure
from roamdesk.procedure.model import Kind
from roamdesk.procedure.wording import say

MASKED = "••••"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def fill(case: Case, text: str, *, operator: str = "", personal: bool = False) -> str:
    """The text with its {placeholders} filled for an operator: local time, personal values masked unless wanted."""
    wanted = _PLACEHOLDER.findall(text)
    if not wanted:
        return text
    return say(text, {name: _named(case, name, operator=operator, personal=personal) for name in wanted})


def fill_mail(case: Case, text: str) -> str:
    """The text as the partner reads it: times with their date, in UTC (S32)."""
    known = case.known.get("values", {})
    names = {name: _named(case, name) for name in _PLACEHOLDER.findall(text)}
    times = {name: in_utc(known[name]) for name in names if name in known and _is_time(case, name)}
    return say(text, names | times)


def in_utc(value: object) -> str:
    return f"{datetime.fromisoformat(str(value)).astimezone(UTC):%d/%m/%Y %H:%M} UTC"


def _is_time(case: Case, name: str) -> bool:
    fact = procedure_of(case).facts.get(name)
    return fact is not None and fact.kind is Kind.TIME


def _named(case: Case, name: str, *, operator: str = "", personal: bool = False) -> str:
    """What a text of the procedure calls by this name, as an operator reads it (local time of the desk)."""
    told = case.known.get("values", {})
    if name in told:
        return shown(procedure_of(case), case, name, told[name], personal=personal)
    context = _CONTEXT.get(name)
    if name == "operator_name":
        return operator or case.desk.name
    return context(case) if context else ""


def _partner(case: Case) -> str:
    if case.partner:
        return case.partner.name
    return "the operator of the station" if case.side == "msp" else "the MSP"


_CONTEXT: dict[str, Callable[[Case], str]] = {
    "desk": lambda case: case.desk.name,
    "partner": _partner,
    "emergency_number": lambda case: case.desk.emergency_number,
    "reference": lambda case: case.reference,
    "their_reference": lambda case: case.their_reference,
    "station_address": lambda case: case.evse.address if case.evse else "",
}


def shown(procedure: Procedure, case: Case, name: str, value: object, *, personal: bool = False) -> str:
    """One value as an operator reads it."""
    fact = procedure.facts.get(name)
    if isinstance(value, dict):
        return full(case, name, value) if personal else masked(full(case, name, value))
    if fact is None:
        return str(value)
    if fact.kind is Kind.TIME:
        return f"{datetime.fromisoformat(str(value)).astimezone(ZoneInfo(case.desk.zone)):%H:%M}"
    return fact.options.get(str(value), str(value))


def full(case: Case, name: str, pointer: dict[str, int]) -> str:
    """A personal value in full; empty once it was erased."""
    known = case.draft.personal
    if pointer["personal"] not in known:
        known.update(writing.personal_values(case))
    return known.get(pointer["personal"], "")


def masked(value: str) -> str:
    """The last four stay: ``…4F80``; of a phone number the last four go instead."""
    if value.startswith("+"):
        return value[:-4] + MASKED if len(value) > 6 else MASKED
    return f"…{value[-4:]}" if len(value) > 4 else MASKED
