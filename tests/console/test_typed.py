from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamdesk.console.typed import TimeRefused, instant_of, told
from roamdesk.procedure import shipped

BERLIN = "Europe/Berlin"
NOW = datetime(2026, 11, 14, 1, 17, tzinfo=UTC)  # 02:17 in Berlin


@pytest.mark.parametrize("text", ["06:30", "0630", "6:30", " 06.30 "])
def test_a_promise_is_the_next_such_time(text: str) -> None:
    assert instant_of(text, NOW, BERLIN, ahead=True) == datetime(2026, 11, 14, 5, 30, tzinfo=UTC)


def test_a_promise_for_an_earlier_hour_is_for_tomorrow() -> None:
    assert instant_of("01:00", NOW, BERLIN, ahead=True) == datetime(2026, 11, 15, 0, 0, tzinfo=UTC)


def test_what_happened_is_the_last_such_time() -> None:
    assert instant_of("23:50", NOW, BERLIN, ahead=False) == datetime(2026, 11, 13, 22, 50, tzinfo=UTC)


@pytest.mark.parametrize("text", ["16/11 06:30", "16.11. 06:30", "16/11/2026 06:30"])
def test_a_day_may_be_named(text: str) -> None:
    assert instant_of(text, NOW, BERLIN, ahead=True) == datetime(2026, 11, 16, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["soon", "25:00", "31/02 10:00", "06:61", ""])
def test_what_is_no_time_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(TimeRefused, match="06:30"):
        instant_of(text, NOW, BERLIN, ahead=True)


def test_a_time_that_the_clocks_skipped_is_refused() -> None:
    with pytest.raises(TimeRefused):
        instant_of("28/03/2027 02:30", NOW, BERLIN, ahead=True)


@given(text=st.text(alphabet=st.characters(exclude_categories=["Nd"]), max_size=40))
def test_no_text_without_figures_is_taken_for_a_time(text: str) -> None:
    with pytest.raises(TimeRefused):
        instant_of(text, NOW, BERLIN, ahead=True)


def test_only_times_are_read_the_rest_is_told_as_typed() -> None:
    values = {"promised_at": "0630", "issue": " smoke ", "consent": "", "nonsense": "x"}
    assert told(shipped("hubject"), values, NOW, BERLIN) == {
        "promised_at": "2026-11-14T05:30:00+00:00",
        "issue": "smoke",
    }
