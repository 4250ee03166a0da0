"""Business days, public holidays and the deadlines counted in them (A18)."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

import holidays as calendars

SATURDAY_AND_SUNDAY = frozenset({5, 6})
_MOST_DAYS = 1000
_DAY = timedelta(days=1)


def business_deadline(
    demanded_on: date, days: int, holidays: frozenset[date], weekend: frozenset[int] = SATURDAY_AND_SUNDAY
) -> date:
    """The last business day of a period of days; the day of the demand does not count (A18).

    weekend holds weekdays from Monday 0. Raises ValueError unless 1 <= days <= 1000 and a weekday is worked.
    """
    if not 1 <= days <= _MOST_DAYS:
        raise ValueError(f"A deadline of {days} business days cannot be counted: give 1 to {_MOST_DAYS}.")
    if len(weekend) > 6:
        raise ValueError("A week without a working day has no deadline: leave a weekday out of the weekend.")
    day = demanded_on
    while days:
        day += _DAY
        days -= is_business_day(day, holidays, weekend)
    return day


def is_business_day(day: date, holidays: frozenset[date], weekend: frozenset[int] = SATURDAY_AND_SUNDAY) -> bool:
    """Neither weekend nor holiday."""
    return day.weekday() not in weekend and day not in holidays


def public_holidays(country: str, region: str | None, years: Iterable[int]) -> frozenset[date]:
    """The public holidays of a country (ISO 3166-1 alpha-2) and region (ISO 3166-2 part) in these years.

    Raises ValueError for a country or region without a calendar.
    """
    return _public_holidays(country.upper(), region.upper() if region else None, frozenset(years))


@lru_cache(maxsize=256)
def _public_holidays(country: str, region: str | None, years: frozenset[int]) -> frozenset[date]:
    regions = calendars.list_supported_countries(include_aliases=True).get(country)
    if regions is None:
        raise ValueError(f"No holiday calendar for country '{country[:20]}': use a code such as DE.")
    if region and region not in regions:
        known = ", ".join(regions) or "none, leave it empty"
        raise ValueError(f"No holiday calendar for region '{region[:20]}' of {country}. Regions: {known}.")
    return frozenset(calendars.country_holidays(country, subdiv=region, years=years))
