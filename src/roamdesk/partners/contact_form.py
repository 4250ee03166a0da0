"""A partner's contact form as plain values, for the readiness check of S1 to S6 (and A11 for the MSP)."""

from __future__ import annotations

from roamdesk.partners.models import ContactLine, Partner
from roamdesk.procedure.readiness import ContactForm, FormLine

ROLES = ("cpo", "msp")


def contact_form(partner: Partner, role: str) -> ContactForm:
    """The form of ``partner`` as ``cpo`` or ``msp``; raises ValueError for another role."""
    if role not in ROLES:
        raise ValueError(f"{role!r} is no role. Use one of {', '.join(ROLES)}.")
    lines = tuple(_form_line(line) for line in partner.lines.filter(role=role))
    return ContactForm(partner.form_published_at is not None, partner.procedures_agreed, lines)


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
