"""The number to dial now for an EVSE: which company answers for it, where the User stands, and which line."""

from __future__ import annotations

from datetime import datetime

import phonenumbers

from roamdesk.charging.models import Evse
from roamdesk.desks.models import Desk
from roamdesk.identifiers import EvseId, IdentifierError, Standard, label_key
from roamdesk.partners.dialling import Dial, Hotline, number_to_dial
from roamdesk.partners.models import Partner
from roamdesk.partners.selectors import partner_running


def operating_company(desk: Desk, evse: Evse | None, named: str = "") -> Partner | None:
    """Who runs the EVSE: a sub-operator by its prefix, else whom the directory names, else by the operator id.

    ``named`` is what was heard of an EVSE that the directory does not know. None for our own and nobody's.
    """
    running = partner_running(desk, (evse.evse_id or evse.label) if evse else named)
    if evse is None or (running is not None and _by_prefix(running, evse)):
        return running
    if running is not None and running.pk == evse.partner_id:
        return running  # read already
    return evse.partner or (running if evse.station_id is None else None)


def number_at(
    partner: Partner, to: str, at: datetime, language: str, *, evse: Evse | None = None, named: str = ""
) -> Dial:
    """As ``number_to_dial``, for a User at ``evse``, or at one that the directory does not know and is ``named`` so.

    Lines for the country there come first, and the EVSE's own hotline is a fallback.
    """
    hotline = Hotline(evse.hotline, evse.hotline_at) if evse and evse.hotline else None
    return number_to_dial(partner, to, at, language, country_of(evse, named), hotline)


def country_of(evse: Evse | None, named: str = "") -> str:
    """Where it stands (ISO 3166-1 alpha-2): as the directory says, else as its EVSE id begins; empty: not known."""
    if evse and evse.country:
        return evse.country
    try:
        read = EvseId.parse((evse.evse_id or evse.label) if evse else named)
    except IdentifierError:
        return ""
    if read.standard is Standard.DIN:
        region = phonenumbers.region_code_for_country_code(int(read.country.removeprefix("+")))
        return region if region in phonenumbers.SUPPORTED_REGIONS else ""
    return read.country


def _by_prefix(partner: Partner, evse: Evse) -> bool:
    key = label_key(evse.evse_id or evse.label)
    return any(key.startswith(label_key(prefix)) for prefix in partner.evse_prefixes)
