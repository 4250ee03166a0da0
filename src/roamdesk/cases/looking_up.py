"""What the directory says of a place that someone named: label and id find each other (A12)."""

from __future__ import annotations

from typing import Any

from roamdesk.cases.models import Case
from roamdesk.charging.models import Evse
from roamdesk.identifiers import label_key
from roamdesk.partners.selectors import partner_of_operator
from roamdesk.procedure import Procedure


def complete(case: Case, procedure: Procedure, values: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """The values, and what else is known of the EVSE that they name; the names of what was looked up.

    A label that two EVSEs carry finds neither.
    """
    evse = _named(case, values) if values.get("evse_label") or values.get("evse_id") else case.evse
    if evse is None:
        return values, set()
    case.evse = evse
    case.partner = case.partner or evse.partner or _operator(case, evse)
    told = case.known.get("values", {})
    found = {
        name: value
        for name, value in _facts_of(evse).items()
        if value and name in procedure.facts and name not in told and name not in values
    }
    return {**values, **found}, set(found)


def _named(case: Case, values: dict[str, Any]) -> Evse | None:
    key = label_key(str(values.get("evse_label") or values.get("evse_id")))
    fits = list(Evse.objects.filter(label_key=key).select_related("partner")[:2])
    return fits[0] if len(fits) == 1 else None


def _operator(case: Case, evse: Evse) -> Any:
    return partner_of_operator(case.desk, evse.label_key[:5]) if case.side == "msp" else None


def _facts_of(evse: Evse) -> dict[str, str]:
    return {
        "evse_label": evse.label,
        "evse_id": evse.evse_id,
        "plug": evse.plug if evse.plug != "unknown" else "",
    }
