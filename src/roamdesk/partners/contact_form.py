"""A partner's contact form held against the procedure: ready, stale or not ready (S1 to S6, A11 for the MSP)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from roamdesk.partners.dialling import Trust, trust_of
from roamdesk.partners.models import ContactLine, Partner, ProcedureVersion
from roamdesk.partners.procedures import procedure_at
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
    given = [(_form_line(line), _is_fresh(line.verified_at, line.failures, at)) for line in lines if line.role == role]
    return _state(partner.form_published_at is not None, partner.procedures_agreed, role, procedure, given)


def standings(
    partners: Iterable[Partner], versions: Mapping[int, ProcedureVersion], at: datetime
) -> dict[int, Standing]:
    """How each partner stands by the version in force with it, by its id; the worst of its roles speaks. One query."""
    found = list(partners)
    procedures = {partner.pk: procedure_at(versions[partner.pk].pk) for partner in found}
    given: dict[tuple[int, str], list[tuple[FormLine, bool]]] = {}
    lines = ContactLine.objects.filter(partner__in=[partner.pk for partner in found])
    for partner_id, role, languages, verified_at, failures, *rest in lines.values_list(*_COLUMNS):
        purpose, channel, value, hours, person, skills = rest
        line = FormLine(purpose, channel, value, hours, tuple(languages), person, skills)
        given.setdefault((partner_id, role), []).append((line, _is_fresh(verified_at, failures, at)))
    return {
        partner.pk: max(
            (
                _state(
                    partner.form_published_at is not None,
                    partner.procedures_agreed,
                    role,
                    procedures[partner.pk],
                    given.get((partner.pk, role), []),
                ).standing
                for role in partner.roles
            ),
            key=_ORDER.index,
            default=Standing.NOT_READY,
        )
        for partner in found
    }


_ORDER = list(Standing)
_COLUMNS = (
    "partner_id", "role", "languages", "verified_at", "failures", "purpose", "channel", "value", "hours",
    "person_name", "operational_skills",
)  # fmt: skip


def _state(
    published: bool, agreed: bool, role: str, procedure: Procedure, given: list[tuple[FormLine, bool]]
) -> FormState:
    gaps = _gaps(published, agreed, role, procedure, (line for line, _ in given))
    if all(fresh for _, fresh in given):
        old: tuple[Gap, ...] = ()
    else:
        lacking = {gap.gap for gap in gaps}
        trusted = _gaps(published, agreed, role, procedure, (line for line, fresh in given if fresh))
        old = tuple(gap for gap in trusted if gap.gap not in lacking)
    return FormState(Standing.NOT_READY if gaps else Standing.STALE if old else Standing.READY, gaps, old)


def _gaps(published: bool, agreed: bool, role: str, procedure: Procedure, lines: Iterable[FormLine]) -> tuple[Gap, ...]:
    return readiness(procedure, role, ContactForm(published, agreed, tuple(lines))).gaps


def _is_fresh(verified_at: datetime | None, failures: int, at: datetime) -> bool:
    return trust_of(verified_at, failures, at) is Trust.FRESH


def contact_form(partner: Partner, role: str) -> ContactForm:
    """The form of ``partner`` as ``cpo`` or ``msp``, plain; raises ValueError for another role."""
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
