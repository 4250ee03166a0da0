"""A partner's contact form as plain values, for the readiness check of S1 to S6 (and A11 for the MSP)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.opening import hours_of

Purpose = ContactLine.Purpose
_SUPPORT = {"cpo": (Purpose.FIRST_LEVEL,), "msp": (Purpose.CALL_CENTRE, Purpose.MSP_SUPPORT)}


@dataclass(frozen=True)
class FormLine:
    """A number or an address. ``hours`` as written, ``always`` when that is around the clock."""

    purpose: str
    channel: str
    value: str
    hours: str
    always: bool
    languages: tuple[str, ...]
    verified_at: datetime | None


@dataclass(frozen=True)
class FormPerson:
    """A reference person (focal point) with every phone number and e-mail address given."""

    name: str
    operational_skills: bool
    phones: tuple[str, ...]
    mails: tuple[str, ...]
    verified_at: datetime | None


@dataclass(frozen=True)
class ContactForm:
    """What a partner filled in for one role. ``published_at`` is aware UTC, None when it never was."""

    role: str
    support_lines: tuple[FormLine, ...]
    back_office: tuple[FormLine, ...]
    reference_persons: tuple[FormPerson, ...]
    agreed: bool
    published_at: datetime | None

    @property
    def published(self) -> bool:
        return self.published_at is not None


def contact_form(partner: Partner, role: str) -> ContactForm:
    """The form of ``partner`` as ``cpo`` or ``msp``; raises ValueError for another role."""
    if role not in _SUPPORT:
        raise ValueError(f"{role!r} is no role. Use one of {', '.join(_SUPPORT)}.")
    lines = list(partner.lines.filter(role=role))
    return ContactForm(
        role=role,
        support_lines=tuple(_form_line(line) for line in lines if line.purpose in _SUPPORT[role]),
        back_office=tuple(_form_line(line) for line in lines if line.purpose == Purpose.BACK_OFFICE),
        reference_persons=_persons([line for line in lines if line.purpose == Purpose.REFERENCE_PERSON]),
        agreed=partner.procedures_agreed,
        published_at=partner.form_published_at,
    )


def _form_line(line: ContactLine) -> FormLine:
    hours = hours_of(line)
    return FormLine(
        purpose=line.purpose,
        channel=line.channel,
        value=line.value,
        hours=line.hours,
        always=hours is not None and hours.always,
        languages=tuple(line.languages),
        verified_at=line.verified_at,
    )


def _persons(lines: list[ContactLine]) -> tuple[FormPerson, ...]:
    by_name: dict[str, list[ContactLine]] = {}
    for line in lines:
        by_name.setdefault(line.person_name, []).append(line)
    return tuple(_person(name, theirs) for name, theirs in by_name.items())


def _person(name: str, lines: list[ContactLine]) -> FormPerson:
    ages = [line.verified_at for line in lines]
    return FormPerson(
        name=name,
        operational_skills=any(line.operational_skills for line in lines),
        phones=tuple(line.value for line in lines if line.channel == ContactLine.Channel.PHONE),
        mails=tuple(line.value for line in lines if line.channel == ContactLine.Channel.MAIL),
        verified_at=min((age for age in ages if age), default=None) if all(ages) else None,
    )
