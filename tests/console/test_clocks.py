from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from roamdesk.console.clocks import clock_of, passed

NOW = datetime(2026, 11, 14, 1, 17, tzinfo=UTC)
SPANS = st.timedeltas(min_value=timedelta(seconds=-100_000), max_value=timedelta(seconds=100_000))


def test_a_clock_says_what_is_left_and_how_much_is_used() -> None:
    clock = clock_of(NOW + timedelta(minutes=3), NOW - timedelta(minutes=12), NOW)
    assert clock is not None
    assert (clock.text, clock.word, clock.over, clock.used) == ("3:00", "left", False, 80)


def test_a_clock_that_ran_out_says_by_how_much() -> None:
    clock = clock_of(NOW - timedelta(minutes=4, seconds=5), NOW - timedelta(minutes=19), NOW)
    assert clock is not None
    assert (clock.text, clock.word, clock.over, clock.used) == ("+4:05", "over", True, 100)


def test_nothing_due_shows_no_clock() -> None:
    assert clock_of(None, NOW, NOW) is None


@given(due=SPANS, since=st.none() | SPANS)
def test_a_bar_is_never_longer_than_full_nor_shorter_than_empty(due: timedelta, since: timedelta | None) -> None:
    clock = clock_of(NOW + due, None if since is None else NOW + since, NOW)
    assert clock is not None
    assert 0 <= clock.used <= 100


def test_time_passed_is_empty_before_anything_began() -> None:
    assert passed(None, NOW) == ""
    assert passed(NOW - timedelta(seconds=401), NOW) == "6:41"
