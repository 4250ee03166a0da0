"""Another company becomes a partner of a desk: who it is, what it plays, where it sits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from django.db import transaction

from roamdesk.desks.models import Desk
from roamdesk.identifiers import IdentifierError, OperatorId, ProviderId
from roamdesk.partners.models import Partner
from roamdesk.worktime import public_holidays

ANY_YEAR = 2000
_LONGEST_NAME = Partner._meta.get_field("name").max_length or 0


class PartnerRefused(ValueError):
    """A partner that cannot stand like this; nothing was stored. The text says all that is to mend."""


def put_partner(desk: Desk, name: str, values: Mapping[str, Any]) -> Partner:
    """Add a partner, or correct the one of that name; ``values`` are fields of Partner, what is left out stays.

    A new one sits where the desk does unless told otherwise. Runs in the desk's scope. Raises PartnerRefused.
    """
    with transaction.atomic():
        Desk.objects.select_for_update(no_key=True).get(pk=desk.pk)
        name = " ".join(name.split())
        partner = partner_named(desk, name) or Partner(
            desk=desk, name=name, zone=desk.zone, country=desk.country, region=desk.region
        )
        if values.get("country", partner.country) != partner.country:
            partner.region = ""
        for field, value in values.items():
            setattr(partner, field, value)
        if faults := " ".join(_faults(partner)):
            raise PartnerRefused(faults)
        partner.save()
    return partner


def partner_named(desk: Desk, name: str) -> Partner | None:
    """The desk's partner of that name, in capitals or not."""
    return Partner.objects.filter(desk=desk, name__iexact=" ".join(name.split())).first()


def the_partner(desk: Desk, name: str) -> Partner:
    """As ``partner_named``; raises PartnerRefused with the names that there are."""
    partner = partner_named(desk, name)
    if partner is None:
        known = ", ".join(Partner.objects.filter(desk=desk).order_by("name").values_list("name", flat=True)[:20])
        raise PartnerRefused(f"{desk} has no partner {name[:80]!r}. Partners: {known or 'none yet, add it first'}.")
    return partner


def _faults(partner: Partner) -> Iterator[str]:
    if not 0 < len(partner.name) <= _LONGEST_NAME or not partner.name.isprintable():
        yield f"A partner's name has 1 to {_LONGEST_NAME} letters. Correct it."
    if not partner.plays_cpo and not partner.plays_msp:
        yield "A partner plays the CPO side, the MSP side, or both: add --cpo, --msp or both."
    if partner.operator_ids and not partner.plays_cpo:
        yield "An operator id belongs to a CPO: add --cpo, or leave the id out."
    if partner.provider_ids and not partner.plays_msp:
        yield "A provider id belongs to an MSP: add --msp, or leave the id out."
    yield from _faults_of_ids(partner, "operator_ids", lambda text: OperatorId.parse(text).key)
    yield from _faults_of_ids(partner, "provider_ids", lambda text: ProviderId.parse(text).key)
    yield from _faults_of_place(partner)


def _faults_of_ids(partner: Partner, field: str, key: Callable[[str], str]) -> Iterator[str]:
    others = Partner.objects.filter(desk=partner.desk_id).exclude(pk=partner.pk)
    taken = {_key_or_text(text, key): other for other in others for text in getattr(other, field)}
    for text in getattr(partner, field):
        try:
            owner = taken.get(key(text))
        except IdentifierError as fault:
            yield f"{fault}"
            continue
        if owner:
            yield f"{text} is {owner}'s already: an id names one partner. Correct one of them."


def _key_or_text(text: str, key: Callable[[str], str]) -> str:
    try:
        return key(text)
    except IdentifierError:
        return text


def _faults_of_place(partner: Partner) -> Iterator[str]:
    if partner.zone not in available_timezones():
        yield f"There is no zone {partner.zone[:40]!r}. Write it as Europe/Berlin."
    if partner.country not in phonenumbers.SUPPORTED_REGIONS:
        yield f"There is no country {partner.country[:20]!r}. Use two letters, like DE."
    elif partner.region:
        yield from _faults_of_region(partner)


def _faults_of_region(partner: Partner) -> Iterator[str]:
    try:
        public_holidays(partner.country, partner.region, (ANY_YEAR,))
    except ValueError as fault:
        yield f"{fault}"
