"""Texts of the procedure, filled with what a case knows."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from roamdesk.cases.models import Case, PersonalValue
from roamdesk.cases.procedures import procedure_of
from roamdesk.procedure import Procedure
from roamdesk.procedure.model import Kind
from roamdesk.procedure.wording import say

MASKED = "••••"


def fill(case: Case, text: str, *, operator: str = "", personal: bool = False) -> str:
    """The text with its {placeholders} filled; personal values masked unless ``personal``."""
    return say(text, names(case, operator=operator, personal=personal)) if "{" in text else text


def names(case: Case, *, operator: str = "", personal: bool = False) -> dict[str, str]:
    """Everything a text of the procedure may name, as an operator reads it (local time of the desk)."""
    desk, partner = case.desk, case.partner
    procedure = procedure_of(case)
    texts = {
        "desk": desk.name,
        "partner": partner.name if partner else "the operator of the station" if case.side == "msp" else "the MSP",
        "operator_name": operator or desk.name,
        "emergency_number": desk.emergency_number,
        "reference": case.reference,
        "their_reference": case.their_reference,
    }
    if case.evse:
        texts["station_address"] = case.evse.address
    for name, value in case.known.get("values", {}).items():
        texts[name] = shown(procedure, case, name, value, personal=personal)
    return {name: text for name, text in texts.items() if text}


def shown(procedure: Procedure, case: Case, name: str, value: object, *, personal: bool = False) -> str:
    """One value as an operator reads it."""
    fact = procedure.facts.get(name)
    if isinstance(value, dict):
        return full(case, name, value) if personal else masked(full(case, name, value))
    if fact is None:
        return str(value)
    if fact.kind is Kind.TIME:
        return datetime.fromisoformat(str(value)).astimezone(ZoneInfo(case.desk.zone)).strftime("%H:%M")
    return fact.options.get(str(value), str(value))


def full(case: Case, name: str, pointer: dict[str, int]) -> str:
    """A personal value in full; empty once it was erased."""
    return PersonalValue.objects.filter(case=case, pk=pointer["personal"]).values_list("value", flat=True).first() or ""


def masked(value: str) -> str:
    """The last four stay: ``…4F80``; of a phone number the last four go instead."""
    if value.startswith("+"):
        return value[:-4] + MASKED if len(value) > 6 else MASKED
    return f"…{value[-4:]}" if len(value) > 4 else MASKED
