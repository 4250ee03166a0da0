"""When a contact line is staffed, by the partner's own clock and holidays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from roamdesk.desks.models import Desk
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.worktime import OpeningHours, OpeningHoursError, public_holidays


@dataclass(frozen=True)
class Opening:
    """Open or closed at an instant; ``opens_at`` or ``closes_at`` (UTC) where that changes again.

    ``understood`` is false when the hours in the form cannot be read: such a line counts as closed.
    """

    open_now: bool
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    understood: bool = True


def opening(line: ContactLine, partner: Partner, at: datetime) -> Opening:
    """Whether the line is staffed at ``at`` (aware UTC)."""
    hours = hours_of(line)
    if hours is None:
        return Opening(False, understood=False)
    zone, holidays = zone_of(line.zone or partner.zone), holidays_of(partner, at)
    open_now = hours.is_open(at, zone, holidays)
    change = hours.next_change(at, zone, holidays)
    instant = change[0] if change else None
    return Opening(True, closes_at=instant) if open_now else Opening(False, opens_at=instant)


def hours_of(line: ContactLine) -> OpeningHours | None:
    return hours_in(line.hours)


@lru_cache(maxsize=4096)  # the same few texts stand in thousands of lines
def hours_in(text: str) -> OpeningHours | None:
    """None where they cannot be read."""
    try:
        return OpeningHours.parse(text)
    except OpeningHoursError:
        return None


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; UTC when it is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def holidays_of(place: Partner | Desk, at: datetime) -> frozenset[date]:
    """As ``holidays_in``, where a partner or we are."""
    return holidays_in(place.country, place.region, at)


def holidays_in(country: str, region: str, at: datetime) -> frozenset[date]:
    """Public holidays of last year, this year and the next; none when there is no calendar for the place."""
    year = at.astimezone(UTC).year
    for part in (region or None, None):
        try:
            return public_holidays(country, part, (year - 1, year, year + 1))
        except ValueError:
            continue
    return frozenset()
