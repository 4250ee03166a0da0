from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamdesk.worktime import business_deadline, format_clock, is_business_day, public_holidays

NONE: frozenset[date] = frozenset()


def test_the_day_of_the_demand_does_not_count() -> None:
    assert business_deadline(date(2026, 11, 16), 5, NONE) == date(2026, 11, 23)


@pytest.mark.parametrize("demanded_on", [date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)])
def test_a_demand_at_the_weekend_counts_from_monday(demanded_on: date) -> None:
    assert business_deadline(demanded_on, 1, NONE) == date(2026, 11, 23)


def test_holidays_of_country_and_region_put_the_deadline_off() -> None:
    bavaria, berlin = public_holidays("DE", "BY", [2026, 2027]), public_holidays("de", "be", [2026, 2027])
    assert business_deadline(date(2026, 12, 23), 5, berlin) == date(2027, 1, 4) - timedelta(days=4)
    assert business_deadline(date(2027, 1, 5), 1, bavaria) == date(2027, 1, 7)
    assert business_deadline(date(2027, 1, 5), 1, berlin) == date(2027, 1, 6)


def test_another_weekend_can_be_given() -> None:
    assert business_deadline(date(2026, 11, 19), 1, NONE, frozenset({4, 5})) == date(2026, 11, 22)


@pytest.mark.parametrize("days", [0, -1, 1001])
def test_a_number_of_days_that_cannot_be_counted_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match="give 1 to 1000"):
        business_deadline(date(2026, 11, 16), days, NONE)


def test_a_week_without_working_days_is_refused() -> None:
    with pytest.raises(ValueError, match="leave a weekday out"):
        business_deadline(date(2026, 11, 16), 1, NONE, frozenset(range(7)))


@pytest.mark.parametrize(
    ("country", "region", "mend"),
    [
        ("XX", None, "use a code such as DE"),
        ("DE", "ZZ", "Regions: BB, BE"),
        ("D" * 10_000, None, "No holiday"),
    ],
)
def test_an_unknown_calendar_is_refused_with_the_known_ones(country: str, region: str | None, mend: str) -> None:
    with pytest.raises(ValueError, match=mend):
        public_holidays(country, region, [2026])


@given(
    st.dates(date(2000, 1, 1), date(2050, 1, 1)),
    st.integers(1, 60),
    st.frozensets(st.integers(1, 90), max_size=40),
)
def test_as_many_business_days_lie_in_the_period_as_were_given(demanded: date, days: int, off: frozenset[int]) -> None:
    holidays = frozenset(demanded + timedelta(days=offset) for offset in off)
    deadline = business_deadline(demanded, days, holidays)
    period = [demanded + timedelta(days=step) for step in range(1, (deadline - demanded).days + 1)]
    assert sum(is_business_day(day, holidays) for day in period) == days
    assert is_business_day(deadline, holidays)


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (timedelta(minutes=11, seconds=24), "11:24"),
        (timedelta(minutes=11, seconds=24, milliseconds=900), "11:24"),
        (-timedelta(minutes=4, seconds=5), "+4:05"),
        (timedelta(), "0:00"),
        (-timedelta(milliseconds=400), "0:00"),
        (timedelta(minutes=59, seconds=59), "59:59"),
        (timedelta(hours=1), "1 h 00"),
        (timedelta(hours=3, minutes=40, seconds=59), "3 h 40"),
        (-timedelta(hours=3, minutes=4), "+3 h 04"),
        (timedelta(days=2, minutes=5), "48 h 05"),
    ],
)
def test_a_clock_reads_as_the_console_shows_it(left: timedelta, text: str) -> None:
    assert format_clock(left) == text
