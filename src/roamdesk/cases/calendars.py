"""By whose hours a duty's time runs: those of whoever owes it."""

from __future__ import annotations

from datetime import datetime

from roamdesk.cases.models import Case
from roamdesk.desks.models import Desk
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.opening import holidays_of, hours_of, zone_of
from roamdesk.procedure import Side
from roamdesk.worktime import Office, OpeningHours

BUSINESS = OpeningHours.parse("business")


def office_of(case: Case, side: Side) -> Office:
    """Ours by the desk's zone and holidays, Mon-Fri 9 to 5; theirs by the back-office line of their contact form (S2).

    As long as no partner is known, its office counts as ours.
    """
    if side == case.side or case.partner is None:
        return our_office(case.desk, case.opened_at)
    return _back_office(case, case.partner, side)


def our_office(desk: Desk, at: datetime) -> Office:
    """With the holidays around ``at``."""
    return Office(zone_of(desk.zone), BUSINESS, holidays_of(desk, at))


def _back_office(case: Case, partner: Partner, side: Side) -> Office:
    purpose, channel = ContactLine.Purpose.BACK_OFFICE, ContactLine.Channel.MAIL
    line = partner.lines.filter(role=side, purpose=purpose, channel=channel).first()
    hours = (hours_of(line) if line else None) or BUSINESS
    zone = zone_of(line.zone if line and line.zone else partner.zone)
    return Office(zone, hours, holidays_of(partner, case.opened_at))
