"""One line of a contact form to be filled in: what stands there, what was typed, what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from roamdesk.partners import history
from roamdesk.partners.models import Check, ContactLine, Partner
from roamdesk.partners.services import ROLES_OF_PURPOSE
from roamdesk.partners.verifying import CALL_RESULTS

TYPED = ("what", "value", "person_name", "languages", "hours", "zone", "countries", "priority", "operational_skills")
SHOWN = 10


@dataclass(frozen=True)
class LineScreen:
    """``choices`` are role and purpose together, as ``role:purpose`` with its words; ``seen`` guards a newer change."""

    partner: Partner
    line: ContactLine | None
    typed: Mapping[str, str]
    choices: tuple[tuple[str, str], ...]
    faults: Mapping[str, str]
    seen: int
    checks: tuple[Check, ...]

    @property
    def results(self) -> list[tuple[str, str]]:
        """What a test call can have come to."""
        return [(result.value, str(result.label)) for result in CALL_RESULTS]


def line_screen(
    partner: Partner,
    line: ContactLine | None,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
) -> LineScreen:
    """Runs in the desk's scope."""
    newest = history.newest_change(line) if line else None
    return LineScreen(
        partner=partner,
        line=line,
        typed=typed or as_typed(partner, line),
        choices=tuple(_choices(partner)),
        faults=faults or {},
        seen=newest.pk if newest else 0,
        checks=tuple(Check.objects.filter(partner=partner, value=line.value)[:SHOWN]) if line else (),
    )


def as_typed(partner: Partner, line: ContactLine | None) -> dict[str, str]:
    """The line as somebody would have typed it; a new one answers round the clock in English."""
    if line is None:
        return dict.fromkeys(TYPED, "") | {"hours": "24/7", "languages": "en", "priority": "1"}
    return {
        "what": f"{line.role}:{line.purpose}",
        "value": line.value,
        "person_name": line.person_name,
        "languages": ", ".join(line.languages),
        "hours": line.hours,
        "zone": line.zone,
        "countries": ", ".join(line.countries),
        "priority": str(line.priority),
        "operational_skills": "yes" if line.operational_skills else "",
    }


def values_in(typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, as ``save_line`` takes it. What is no number stays out of range and is refused there."""
    role, _, purpose = typed["what"].partition(":")
    priority = typed["priority"].strip()
    return {
        "role": role,
        "purpose": purpose,
        "channel": ContactLine.Channel.MAIL if "@" in typed["value"] else ContactLine.Channel.PHONE,
        "value": typed["value"],
        "person_name": typed["person_name"],
        "languages": _words_in(typed["languages"]),
        "hours": typed["hours"],
        "zone": typed["zone"],
        "countries": _words_in(typed["countries"]),
        "priority": int(priority) if priority.isascii() and priority.isdecimal() and len(priority) < 6 else 0,
        "operational_skills": bool(typed["operational_skills"]),
    }


def _words_in(text: str) -> list[str]:
    return text.replace(",", " ").replace(";", " ").split()


def _choices(partner: Partner) -> list[tuple[str, str]]:
    return [
        (f"{role}:{purpose}", f"{purpose.label}, as {role.upper()}" if len(partner.roles) > 1 else purpose.label)
        for role in partner.roles
        for purpose, roles in ROLES_OF_PURPOSE.items()
        if role in roles
    ]
