"""Which company answers for an EVSE: whose number is dialled."""

from __future__ import annotations

from roamdesk.charging.models import Evse
from roamdesk.desks.models import Desk
from roamdesk.identifiers import label_key
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


def _by_prefix(partner: Partner, evse: Evse) -> bool:
    key = label_key(evse.evse_id or evse.label)
    return any(key.startswith(label_key(prefix)) for prefix in partner.evse_prefixes)
