from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roamdesk.worktime import LocalTimeError, Office, OpeningHours, common_slots

BERLIN, AUCKLAND, LISBON = ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Auckland"), ZoneInfo("Europe/Lisbon")
BUSINESS = OpeningHours.parse("business")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("right", "posix")))
offices = st.builds(
    Office,
    st.sampled_from(ZONES).map(ZoneInfo),
    st.sampled_from(["business", "24/7", "Mon-Fri 07:30-16:15", "22:00-06:00", "Sat-Sun 10:00-12:00"]).map(
        OpeningHours.parse
    ),
    st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=20),
)
begins = st.integers(0, 364 * 86400).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
lengths = st.sampled_from([timedelta(minutes=30), HOUR, timedelta(minutes=90), timedelta(hours=3)])


@settings(max_examples=60, deadline=None)
@given(ours=offices, theirs=offices, begin=begins, length=lengths)
def test_every_slot_lies_in_both_offices_hours_at_every_minute(
    ours: Office, theirs: Office, begin: datetime, length: timedelta
) -> None:
    end = begin + timedelta(days=9)
    found = common_slots([ours, theirs], begin, end, length)
    assert list(found) == sorted(found)
    for first, last in found:
        assert begin <= first < last == first + length <= end
        for office in (ours, theirs):
            local = [(first + timedelta(minutes=n)).astimezone(office.zone) for n in range(0, length // MINUTE, 15)]
            assert all(moment.date() not in office.holidays and moment.weekday() < 5 for moment in local)
            assert all(office.hours.is_open(moment.astimezone(UTC), office.zone) for moment in local)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(found))


def test_the_slots_of_a_day_are_what_both_sides_share() -> None:
    shared = common_slots(
        [Office(BERLIN, BUSINESS), Office(LISBON, BUSINESS)], MONDAY, MONDAY + timedelta(days=1), HOUR
    )
    assert [first.hour for first, _ in shared] == [9, 10, 11, 12, 13, 14, 15]


def test_a_holiday_of_one_side_leaves_no_slot() -> None:
    off = Office(LISBON, BUSINESS, frozenset({MONDAY.date()}))
    assert common_slots([Office(BERLIN, BUSINESS), off], MONDAY, MONDAY + timedelta(days=1), HOUR) == ()


def test_offices_at_both_ends_of_the_world_may_share_nothing() -> None:
    sides = [Office(BERLIN, BUSINESS), Office(AUCKLAND, BUSINESS)]
    assert common_slots(sides, MONDAY, MONDAY + timedelta(days=7), HOUR) == ()


def test_on_the_night_the_clocks_change_the_hours_follow_the_wall() -> None:
    sunday = datetime(2026, 3, 29, tzinfo=UTC)
    [(before, _)] = common_slots([Office(BERLIN, BUSINESS)], sunday - timedelta(days=2), sunday, HOUR, most=1)
    [(after, _)] = common_slots([Office(BERLIN, BUSINESS)], sunday, sunday + timedelta(days=2), HOUR, most=1)
    assert (before.hour, after.hour) == (8, 7)


@pytest.mark.parametrize("length", [timedelta(), -HOUR, 13 * HOUR])
def test_a_length_that_is_no_meetings_is_refused(length: timedelta) -> None:
    with pytest.raises(ValueError, match="give another length"):
        common_slots([Office(BERLIN, BUSINESS)], MONDAY, MONDAY + timedelta(days=1), length)


def test_a_span_without_end_and_an_instant_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="within 400 days"):
        common_slots([], MONDAY, MONDAY + timedelta(days=500), HOUR)
    with pytest.raises(LocalTimeError):
        common_slots([], MONDAY.replace(tzinfo=None), MONDAY, HOUR)


# ---- so much working time after an instant ----


@pytest.mark.parametrize(
    ("begin", "hours", "until"),
    [
        ("2026-03-10T09:15Z", 1, "2026-03-10T10:15Z"),
        ("2026-03-10T09:15Z", 8, "2026-03-11T09:15Z"),
        ("2026-03-06T15:00Z", 2, "2026-03-09T09:00Z"),
        ("2026-03-07T12:00Z", 8, "2026-03-09T16:00Z"),
        ("2026-03-27T08:00Z", 9, "2026-03-30T08:00Z"),
    ],
)
def test_business_hours_pass_only_while_the_office_is_open(begin: str, hours: int, until: str) -> None:
    office = Office(ZoneInfo("Europe/Berlin"), OpeningHours.parse("business"))
    found = office.after(datetime.fromisoformat(begin), timedelta(hours=hours))
    assert found == datetime.fromisoformat(until)


def test_an_office_around_the_clock_counts_every_hour_and_a_closed_one_too() -> None:
    begin, day = datetime(2026, 3, 7, tzinfo=UTC), timedelta(days=1)
    for hours in ("24/7", "closed"):
        assert Office(ZoneInfo("Europe/Rome"), OpeningHours.parse(hours)).after(begin, day) == begin + day


@given(
    begins,
    st.integers(1, 200),
    st.sampled_from(["business", "Mon-Sat 07:00-12:00,13:00-19:00", "Mon-Fri 20:00-08:00"]),
)
def test_exactly_so_much_of_the_time_until_then_is_worked(begin: datetime, hours: int, open_hours: str) -> None:
    office = Office(ZoneInfo("Europe/Berlin"), OpeningHours.parse(open_hours))
    until = office.after(begin, timedelta(hours=hours))
    spans = office.hours.open_spans(begin, until, office.zone)
    assert sum((closes - opens for opens, closes in spans), timedelta()) == timedelta(hours=hours)
