"""Another company becomes a partner of a desk: who it is, what it plays, where it sits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from django.db import transaction
from django.db.models import Q

from roamdesk.desks.models import Desk
from roamdesk.identifiers import IdentifierError, OperatorId, ProviderId
from roamdesk.partners import history
from roamdesk.partners.models import Partner
from roamdesk.partners.models.partner import operator_key, provider_key
from roamdesk.worktime import public_holidays

ANY_YEAR = 2000
_PREFIX = re.compile(r"[A-Z]{2}[*]?[A-Z0-9]{3}[*]?E[A-Z0-9*]{1,16}")
_LONGEST_NAME = Partner._meta.get_field("name").max_length or 0


class PartnerRefused(ValueError):
    """A partner that cannot stand like this; nothing was stored. The text says all that is to mend."""


FIELDS = (
    "name", "plays_msp", "plays_cpo", "operator_ids", "provider_ids", "evse_prefixes", "zone", "country", "region",
    "procedures_agreed",
)  # fmt: skip


def put_partner(desk: Desk, name: str, values: Mapping[str, Any], *, by: str = "", at: datetime) -> Partner:
    """Add a partner, or correct the one of that name; ``values`` are fields of Partner, what is left out stays.

    A new one sits where the desk does unless told otherwise; a correction is noted in its history. Runs in the
    desk's scope. Raises PartnerRefused.
    """
    with transaction.atomic():
        Desk.objects.select_for_update(no_key=True).get(pk=desk.pk)
        name = " ".join(name.split())
        partner = partner_named(desk, name) or Partner(
            desk=desk, name=name, zone=desk.zone, country=desk.country, region=desk.region
        )
        before = _values_of(partner) if partner.pk else None
        if values.get("country", partner.country) != partner.country:
            partner.region = ""
        for field, value in values.items():
            setattr(partner, field, value)
        if faults := " ".join(_faults(partner)):
            raise PartnerRefused(faults)
        partner.save()
        if before is not None:
            history.note(partner, None, before, _values_of(partner), by=by, at=at)
    return partner


def add_partner(desk: Desk, name: str, values: Mapping[str, Any], *, by: str = "", at: datetime) -> Partner:
    """As ``put_partner``, where none of that name may be there yet. Raises PartnerRefused."""
    if found := partner_named(desk, name):
        raise PartnerRefused(f"{found} is a partner already. Open its page and change it there.")
    return put_partner(desk, name, values, by=by, at=at)


def _values_of(partner: Partner) -> dict[str, Any]:
    return {name: getattr(partner, name) for name in FIELDS}


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
        yield "A partner plays the CPO side, the MSP side, or both: say which (--cpo, --msp)."
    if partner.operator_ids and not partner.plays_cpo:
        yield "An operator id belongs to a CPO: let it play that side (--cpo), or leave the id out."
    if partner.provider_ids and not partner.plays_msp:
        yield "A provider id belongs to an MSP: let it play that side (--msp), or leave the id out."
    yield from _faults_of_ids(partner)
    yield from _faults_of_prefixes(partner)
    yield from _faults_of_taken(partner)
    yield from _faults_of_place(partner)


def _faults_of_ids(partner: Partner) -> Iterator[str]:
    readers: tuple[tuple[list[str], Callable[[str], object]], ...] = (
        (partner.operator_ids, OperatorId.parse),
        (partner.provider_ids, ProviderId.parse),
    )
    for texts, read in readers:
        for text in texts:
            try:
                read(text)
            except IdentifierError as fault:
                yield f"{fault}"


def _faults_of_prefixes(partner: Partner) -> Iterator[str]:
    """A prefix begins with the operator id that the EVSEs bear, and goes on."""
    if partner.evse_prefixes and not partner.plays_cpo:
        yield "EVSEs belong to a CPO: let it play the CPO side, or leave the prefixes out."
    for text in partner.evse_prefixes:
        if not _PREFIX.fullmatch(text.upper()):
            yield f"{text[:40]!r} is no beginning of an EVSE id. Write operator id and more, like DE*NDL*E08."


def _faults_of_taken(partner: Partner) -> Iterator[str]:
    partner.derive_keys()
    taken = Q(operator_keys__overlap=partner.operator_keys) | Q(provider_keys__overlap=partner.provider_keys)
    for other in Partner.objects.filter(taken, desk=partner.desk_id).exclude(pk=partner.pk).order_by("name")[:5]:
        theirs = {*other.operator_keys, *other.provider_keys}
        for text in [*partner.operator_ids, *partner.provider_ids, *partner.evse_prefixes]:
            if theirs & {operator_key(text), provider_key(text)}:
                yield f"{text} is {other}'s already: an id names one partner. Correct one of them."


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
