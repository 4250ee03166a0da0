"""By whose hours a duty's time runs: those of whoever owes it."""

from __future__ import annotations

from roamdesk.cases.models import Case
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
        return Office(zone_of(case.desk.zone), BUSINESS, holidays_of(case.desk, case.opened_at))
    return _back_office(case, case.partner, side)


def _back_office(case: Case, partner: Partner, side: Side) -> Office:
    purpose, channel = ContactLine.Purpose.BACK_OFFICE, ContactLine.Channel.MAIL
    line = partner.lines.filter(role=side, purpose=purpose, channel=channel).first()
    hours = (hours_of(line) if line else None) or BUSINESS
    zone = zone_of(line.zone if line and line.zone else partner.zone)
    return Office(zone, hours, holidays_of(partner, case.opened_at))
