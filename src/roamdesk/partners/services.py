"""The verbs of partners: keep a partner and the lines of its contact form, note that one answered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from django.db import transaction
from django.db.models import Q, QuerySet

from roamdesk.partners import history
from roamdesk.partners.addresses import AddressRefused, mail_address
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.numbers import NumberRefused, phone_number
from roamdesk.partners.registering import PartnerRefused, partner_named, put_partner, the_partner
from roamdesk.worktime import OpeningHours, OpeningHoursError

__all__ = [
    "LineRefused",
    "PartnerRefused",
    "confirm_line",
    "correct_line",
    "forget_failures",
    "line_answered",
    "lines_with",
    "number_answered",
    "partner_named",
    "put_line",
    "put_partner",
    "refuse_faults",
    "remove_line",
    "save_line",
    "stored_value",
    "the_partner",
]

Purpose = ContactLine.Purpose
Channel = ContactLine.Channel
Way = ContactLine.Way
ROLES_OF_PURPOSE = {
    Purpose.FIRST_LEVEL: ("cpo",),
    Purpose.HOTLINE: ("cpo",),
    Purpose.CALL_CENTRE: ("msp",),
    Purpose.MSP_SUPPORT: ("msp",),
    Purpose.BACK_OFFICE: ("cpo", "msp"),
    Purpose.REFERENCE_PERSON: ("cpo", "msp"),
}
_LANGUAGE = re.compile("[a-z]{2}")


class LineRefused(ValueError):
    """A contact line that cannot stand like this; nothing was stored. ``faults`` are sentences by field."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


def save_line(
    partner: Partner,
    *,
    role: str,
    purpose: str,
    channel: str,
    value: str,
    hours: str = "24/7",
    zone: str = "",
    languages: Sequence[str] = (),
    countries: Sequence[str] = (),
    person_name: str = "",
    operational_skills: bool = False,
    priority: int = 1,
    at: datetime | None,
    by: str = "",
    how: str = Way.BY_HAND,
    changed_at: datetime | None = None,
    line: ContactLine | None = None,
) -> ContactLine:
    """Add a line to a partner's contact form, or change ``line``; it counts as verified ``at`` (UTC) (S5).

    None for ``at``: nobody verified it. Numbers are kept as E.164. What changed is noted in the form's history as
    of ``changed_at`` (UTC, else ``at``). Raises LineRefused with every fault at once.
    """
    noted_at = changed_at or at
    if noted_at is None:
        raise ValueError("A change that verifies nothing needs its own time: give changed_at.")
    checked: dict[str, Any] = {
        "role": role,
        "purpose": purpose,
        "channel": channel,
        "value": value.strip(" "),
        "hours": " ".join(hours.split()),
        "zone": zone.strip(),
        "languages": list(dict.fromkeys(language.strip().lower() for language in languages)),
        "countries": list(dict.fromkeys(country.strip().upper() for country in countries)),
        "person_name": " ".join(person_name.split()),
        "operational_skills": operational_skills,
        "priority": priority,
    }
    refuse_faults(partner, checked)
    if line is not None and line.partner_id != partner.pk:
        raise LineRefused({"line": "This line belongs to another partner. Open that partner's form."})
    with transaction.atomic():
        kept = line or ContactLine(desk=partner.desk, partner=partner)
        before = history.values_of(kept) if kept.pk else {}
        if kept.value != checked["value"]:
            _forget_trust(kept)
        for name, entry in checked.items():
            setattr(kept, name, entry)
        kept.verified_at, kept.verified_how = at, how if at else ""
        kept.save()
        history.note(partner, kept.pk, before, checked, by=by, at=noted_at)
    return kept


def correct_line(
    line: ContactLine, values: Mapping[str, Any], *, seen: int, verified: bool, by: str, at: datetime
) -> ContactLine:
    """Change a line to ``values`` (as ``save_line`` takes them), as of ``at`` (UTC).

    ``seen`` is the number of the newest change that whoever corrects it has seen. A line that is not ``verified``
    now stays as verified as it was while its number or address stays. Raises LineRefused.
    """
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=line.partner_id)
        newest = history.newest_change(line)
        if newest is not None and newest.pk != seen:
            raise LineRefused({"line": f"{newest.by or 'Somebody'} changed this line meanwhile. Look at it again."})
        stays = not verified and stored_value(line.partner, values["channel"], values["value"]) == line.value
        trust = {"at": line.verified_at, "how": line.verified_how} if stays else {"at": at if verified else None}
        return save_line(line.partner, **values, **trust, by=by, changed_at=at, line=line)


def remove_line(line: ContactLine, *, by: str, at: datetime) -> None:
    """Take a line off the form; its history stays and can bring it back."""
    with transaction.atomic():
        history.note(line.partner, line.pk, history.values_of(line), {}, by=by, at=at)
        line.delete()


def lines_with(
    partner: Partner, value: str, *, role: str | None = None, purpose: str | None = None
) -> list[ContactLine]:
    """The partner's lines with this number or address, in any spelling; of one role or purpose where it is given."""
    asked = {"role": role, "purpose": purpose}
    channel = Channel.MAIL if "@" in value else Channel.PHONE
    found = partner.lines.filter(channel=channel, value=stored_value(partner, channel, value))
    return list(found.filter(**{name: text for name, text in asked.items() if text}))


def confirm_line(line: ContactLine, *, at: datetime, how: str = Way.BY_HAND) -> None:
    """The line is right as it stands, as of ``at`` (UTC): it is fresh, and no failure counts any more."""
    ContactLine.objects.filter(pk=line.pk).update(
        verified_at=at, verified_how=how, failures=0, last_failed_at=None, last_failure=""
    )


def forget_failures(partner: Partner, value: str) -> None:
    """The partner stands by this number or address: what failed before counts no more."""
    lines = ContactLine.objects.filter(partner=partner, value=value)
    lines.update(failures=0, last_failed_at=None, last_failure="")


def put_line(
    partner: Partner, *, role: str, purpose: str, value: str, person_name: str = "", **rest: Any
) -> ContactLine:
    """As ``save_line``, mail or phone as ``value`` looks; a line that stands there is corrected, not doubled.

    One that nobody verifies now stays as verified as it was. Raises LineRefused.
    """
    named: dict[str, Any] = {"role": role, "purpose": purpose, "person_name": " ".join(person_name.split())}
    channel = Channel.MAIL if "@" in value else Channel.PHONE
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=partner.pk)
        stored = stored_value(partner, channel, value)
        line = ContactLine.objects.filter(partner=partner, channel=channel, value=stored, **named).first()
        if rest["at"] is None and line is not None:
            rest |= {"at": line.verified_at, "how": line.verified_how}
        return save_line(partner, channel=channel, value=value, line=line, **named, **rest)


def line_answered(line: ContactLine, at: datetime) -> None:
    """Somebody picked up on this line at ``at`` (UTC); an earlier instant changes nothing."""
    _freshen(ContactLine.objects.filter(pk=line.pk), at)


def number_answered(partner: Partner, number: str, at: datetime) -> None:
    """As ``line_answered`` for every line of the partner with this number."""
    _freshen(ContactLine.objects.filter(partner=partner, channel=ContactLine.Channel.PHONE, value=number), at)


def _freshen(lines: QuerySet[ContactLine], at: datetime) -> None:
    newer = Q(last_answered_at__isnull=True) | Q(last_answered_at__lt=at)
    lines.filter(newer).update(last_answered_at=at, failures=0, last_failed_at=None, last_failure="")


def _forget_trust(line: ContactLine) -> None:
    """Another number has another past."""
    line.last_answered_at = line.last_failed_at = None
    line.failures, line.last_failure = 0, ""


def stored_value(partner: Partner, channel: str, value: str) -> str:
    """What ``save_line`` keeps of it; the text itself where that refuses it."""
    try:
        return phone_number(value.strip(), partner.country) if channel == Channel.PHONE else mail_address(value.strip())
    except (NumberRefused, AddressRefused):
        return value


def refuse_faults(partner: Partner, entry: dict[str, Any]) -> None:
    """Checks every field and puts the number into its stored form. Raises LineRefused."""
    faults = _choice_faults(entry) | _value_fault(partner, entry) | _hours_fault(entry["hours"]) | _place_faults(entry)
    strange = [code for code in entry["languages"] if not _LANGUAGE.fullmatch(code)]
    if strange:
        faults["languages"] = f"{strange[0][:20]!r} is no language. Use two letters, like en or de."
    if entry["purpose"] == Purpose.REFERENCE_PERSON and not entry["person_name"]:
        faults["person_name"] = "A reference person needs a name. Write it."
    if len(entry["person_name"]) > 80 or "\x00" in entry["person_name"]:
        faults["person_name"] = "A name has at most 80 characters. Shorten it."
    if not 1 <= entry["priority"] <= 99:
        faults["priority"] = "The order of dialling is a number from 1 to 99. Correct it."
    if faults:
        raise LineRefused(faults)


def _choice_faults(entry: dict[str, Any]) -> dict[str, str]:
    if entry["purpose"] not in Purpose.values:
        return {"purpose": f"Choose a purpose: {', '.join(Purpose.values)}."}
    roles = ROLES_OF_PURPOSE[Purpose(entry["purpose"])]
    if entry["role"] not in roles:
        label = Purpose(entry["purpose"]).label
        return {"role": f"{label} belongs to a contact form as {' or '.join(roles).upper()}. Choose that role."}
    return {}


def _value_fault(partner: Partner, entry: dict[str, Any]) -> dict[str, str]:
    try:
        if entry["channel"] == ContactLine.Channel.PHONE:
            entry["value"] = phone_number(entry["value"], partner.country)
        elif entry["channel"] == ContactLine.Channel.MAIL:
            entry["value"] = mail_address(entry["value"])
        else:
            return {"channel": "Choose phone or mail."}
    except (NumberRefused, AddressRefused) as refused:
        return {"value": str(refused)}
    return {}


def _place_faults(entry: dict[str, Any]) -> dict[str, str]:
    faults = {}
    if entry["zone"] and entry["zone"] not in available_timezones():
        faults["zone"] = f"There is no zone {entry['zone'][:40]!r}. Write it as Europe/Berlin, or leave it empty."
    strange = [code for code in entry["countries"] if code not in phonenumbers.SUPPORTED_REGIONS]
    if strange:
        faults["countries"] = f"There is no country {strange[0][:20]!r}. Use two letters, like DE."
    return faults


def _hours_fault(hours: str) -> dict[str, str]:
    if len(hours) > 200:
        return {"hours": "Opening hours have at most 200 characters. Shorten them."}
    try:
        OpeningHours.parse(hours)
    except OpeningHoursError as unreadable:
        return {"hours": str(unreadable)}
    return {}
