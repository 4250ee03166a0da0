"""What the desk's own data say of a place or a User that someone named: label and id find each other (A12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roamdesk.cases.models import Case
from roamdesk.charging.dialling import operating_company
from roamdesk.charging.lookup import evses_named
from roamdesk.charging.models import Evse, RoamingUser
from roamdesk.charging.selectors import find_tokens
from roamdesk.identifiers import label_key
from roamdesk.partners.models import Partner
from roamdesk.procedure import Procedure

NAMING = ("evse_label", "evse_id")


def complete(case: Case, procedure: Procedure, values: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """The values, and what else is known of the EVSE that they name; the names of what was looked up.

    A label that two EVSEs carry finds neither. What was looked up for another EVSE before does not stay.
    """
    named = _naming(values)
    withdrawn = any(name in values for name in NAMING)
    if not named and not withdrawn and (case.evse_id is None or case.version):
        return values, set()
    before = case.evse if case.version else None
    evse = _named(case, named) if named else case.evse if not withdrawn else None
    _follow(case, before, evse, named)
    told = case.known.get("values", {})
    outdated = {name for name, value in _facts_of(before).items() if told.get(name) == value}
    found: dict[str, Any] = {
        name: value
        for name, value in _facts_of(evse).items()
        if name in procedure.facts and name not in values and (name not in told or name in outdated)
    }
    found |= {name: None for name in outdated if name not in values and name not in found}
    changed = {name: value for name, value in found.items() if told.get(name) != value}
    return {**values, **changed}, set(changed)


def complete_user(case: Case, procedure: Procedure, values: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """An MSP knows its own Users: part of a token finds the whole, and the number to call back.

    A part that fits two tokens finds none.
    """
    if case.side != "msp" or not values.get("token"):
        return values, set()
    hits = find_tokens(case.desk, str(values["token"]))
    whole = [hit for hit in hits if hit.whole] or hits
    if len(whole) != 1:
        return values, set()
    found = {"token": whole[0].token.value} | _facts_of_user(whole[0].user)
    told = case.known.get("values", {})
    new = {name: value for name, value in found.items() if name == "token" or name not in (*told, *values)}
    new = {name: value for name, value in new.items() if name in procedure.facts}
    return {**values, **new}, set(new) - {"token"}


def _facts_of_user(user: RoamingUser | None) -> dict[str, str]:
    facts = {"user_phone": user.phone, "user_name": user.name} if user else {}
    return {name: value for name, value in facts.items() if value}


def locate(case: Case) -> None:
    """Have the case at the EVSE that it names now, after an answer was taken back."""
    named = _naming(case.known["values"])
    evse = _named(case, named) if named else None
    _follow(case, case.evse, evse, named)


def _naming(values: Mapping[str, Any]) -> str:
    return next((str(values[name]) for name in NAMING if values.get(name)), "")


def _named(case: Case, named: str) -> Evse | None:
    """The EVSE of this name; of several, the one that the case was opened at."""
    key = label_key(named)
    fits = evses_named(case.desk_id, key)
    chosen = [each for each in fits if each.pk == case.evse_id]
    return fits[0] if len(fits) == 1 else next(iter(chosen), None)


def _follow(case: Case, before: Evse | None, evse: Evse | None, named: str) -> None:
    """The case goes with the EVSE; its partner too, unless it was chosen and not found by the EVSE."""
    found_before = before is not None and case.partner is not None and case.partner == _partner(case, before, "")
    case.evse = evse
    if case.partner is None or found_before:
        case.partner = _partner(case, evse, named) or case.partner


def _partner(case: Case, evse: Evse | None, named: str) -> Partner | None:
    if case.side == "msp":
        return operating_company(case.desk, evse, named)
    return evse.partner if evse else None


def _facts_of(evse: Evse | None) -> dict[str, str]:
    if evse is None:
        return {}
    plug = evse.plug if evse.plug != "unknown" else ""
    facts = {"evse_label": evse.label, "evse_id": evse.evse_id, "plug": plug}
    return {name: value for name, value in facts.items() if value}
