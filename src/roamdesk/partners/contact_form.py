"""A partner's contact form held against the procedure: ready, stale or not ready (S1 to S6, A11 for the MSP)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from roamdesk.partners.dialling import Trust, trust_of
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.procedure import Procedure
from roamdesk.procedure.readiness import ContactForm, FormLine, Gap, readiness

ROLES = ("cpo", "msp")


class Standing(StrEnum):
    """Stale: everything is given, but something that is needed was not verified for 180 days, or failed since."""

    READY = "ready"
    STALE = "stale"
    NOT_READY = "not_ready"


@dataclass(frozen=True)
class FormState:
    """How a contact form stands; ``old`` is what would be a gap without the lines that nobody can trust."""

    standing: Standing
    gaps: tuple[Gap, ...]
    old: tuple[Gap, ...]


def form_state(
    partner: Partner, role: str, procedure: Procedure, lines: Iterable[ContactLine], at: datetime
) -> FormState:
    """As of ``at`` (UTC), by the requirements that ``procedure`` has of this role; ``lines`` are the partner's."""
    given = list(lines)
    fresh = [line for line in given if trust_of(line.verified_at, line.failures, at) is Trust.FRESH]
    gaps = readiness(procedure, role, contact_form(partner, role, given)).gaps
    lacking = {gap.gap for gap in gaps}
    trusted = gaps if len(fresh) == len(given) else readiness(procedure, role, contact_form(partner, role, fresh)).gaps
    old = tuple(gap for gap in trusted if gap.gap not in lacking)
    return FormState(Standing.NOT_READY if gaps else Standing.STALE if old else Standing.READY, gaps, old)


def contact_form(partner: Partner, role: str, lines: Iterable[ContactLine] | None = None) -> ContactForm:
    """The form of ``partner`` as ``cpo`` or ``msp``, plain; raises ValueError for another role."""
    if role not in ROLES:
        raise ValueError(f"{role!r} is no role. Use one of {', '.join(ROLES)}.")
    given = partner.lines.filter(role=role) if lines is None else (line for line in lines if line.role == role)
    return ContactForm(
        partner.form_published_at is not None, partner.procedures_agreed, tuple(_form_line(line) for line in given)
    )


def _form_line(line: ContactLine) -> FormLine:
    return FormLine(
        purpose=line.purpose,
        channel=line.channel,
        value=line.value,
        hours=line.hours,
        languages=tuple(line.languages),
        person=line.person_name,
        operational_skills=line.operational_skills,
    )
