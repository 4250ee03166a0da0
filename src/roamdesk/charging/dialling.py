"""From an EVSE label to the number to dial, in one place: EVSE, the company that runs it, its line, the next one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from roamdesk.charging.models import Evse
from roamdesk.desks.models import Desk
from roamdesk.identifiers import label_key
from roamdesk.partners.dialling import Dial, number_to_dial
from roamdesk.partners.models import Partner
from roamdesk.partners.selectors import partner_running


@dataclass(frozen=True)
class Dialling:
    """``evse`` is None for one that the directory does not know, or knows twice; ``partner`` where nobody runs it."""

    evse: Evse | None
    partner: Partner | None
    dial: Dial


def dial_for(desk: Desk, text: str, to: str, at: datetime, language: str) -> Dialling:
    """Whom to dial ``at`` (UTC) about the EVSE of that label or id, at most three queries (S8).

    Runs in the desk's scope.
    """
    key = label_key(text)
    known = list(Evse.objects.filter(Q(label_key=key) | Q(id_key=key), desk=desk).select_related("partner")[:2])
    evse = known[0] if len(known) == 1 else None
    partner = operating_company(desk, evse, text)
    return Dialling(evse, partner, number_to_dial(partner, to, at, language) if partner else Dial(()))


def operating_company(desk: Desk, evse: Evse | None, named: str = "") -> Partner | None:
    """Who runs the EVSE: a sub-operator by its prefix, else whom the directory names, else by the operator id.

    ``named`` is what was heard of an EVSE that the directory does not know. None for our own and nobody's.
    """
    running = partner_running(desk, (evse.evse_id or evse.label) if evse else named)
    if evse is None or (running is not None and _by_prefix(running, evse)):
        return running
    return evse.partner or (running if evse.station_id is None else None)


def _by_prefix(partner: Partner, evse: Evse) -> bool:
    key = label_key(evse.evse_id or evse.label)
    return any(key.startswith(label_key(prefix)) for prefix in partner.evse_prefixes)
