from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roamdesk.worktime import AmbiguousTime, LocalTimeError, SkippedTime, clock_changes, local_to_utc

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("right", "posix")))
YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_an_ordinary_local_time_is_one_instant() -> None:
    assert local_to_utc(local("2026-11-14 02:17"), BERLIN) == datetime(2026, 11, 14, 1, 17, tzinfo=UTC)


def test_a_skipped_hour_is_refused_with_what_to_do() -> None:
    with pytest.raises(SkippedTime) as refusal:
        local_to_utc(local("2026-03-29 02:30"), BERLIN)
    assert str(refusal.value) == (
        "29/03/2026 02:30 did not exist in Europe/Berlin: the clocks went forward over it. Ask for the time again."
    )


def test_a_repeated_hour_asks_which_and_offers_both() -> None:
    with pytest.raises(AmbiguousTime, match=r"occurred twice in Europe/Berlin: choose 00:30 UTC") as refusal:
        local_to_utc(local("2026-10-25 02:30"), BERLIN)
    assert refusal.value.earlier == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert refusal.value.later == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(("fold", "hour"), [(0, 0), (1, 1)])
def test_fold_chooses_one_of_the_two(fold: int, hour: int) -> None:
    instant = local_to_utc(local("2026-10-25 02:30"), BERLIN, fold)
    assert instant == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "naive",
    [datetime(2026, 1, 1, tzinfo=UTC), local("0001-01-01 00:00"), local("9999-12-31 23:59").replace(tzinfo=BERLIN)],
)
def test_what_is_no_local_time_is_refused(naive: datetime) -> None:
    with pytest.raises(LocalTimeError):
        local_to_utc(naive, ZoneInfo("Asia/Tokyo"))


@given(
    st.sampled_from(ZONES).map(ZoneInfo),
    st.integers(-20 * 365 * 86400, 70 * 365 * 86400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
@settings(deadline=None)
def test_every_instant_comes_back_from_its_local_time(zone: ZoneInfo, instant: datetime) -> None:
    there = instant.astimezone(zone)
    assert local_to_utc(there.replace(tzinfo=None), zone, there.fold) == instant


def test_at_every_clock_change_the_lost_hour_is_refused_and_the_doubled_one_asked_about() -> None:
    for zone in map(ZoneInfo, ZONES):
        for change in clock_changes(zone, *YEAR):
            before = (change - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None, fold=0)
            after = change.astimezone(zone).replace(tzinfo=None, fold=0)
            error, odd = (SkippedTime, before) if after > before else (AmbiguousTime, after - timedelta(seconds=1))
            with pytest.raises(error):
                local_to_utc(odd + timedelta(seconds=2), zone)


def test_clock_changes_of_a_year_are_found_to_the_second() -> None:
    assert list(clock_changes(BERLIN, *YEAR)) == [
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC),
    ]
