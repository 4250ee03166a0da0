from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from roamdesk.console import words

NOW = datetime(2026, 11, 14, 1, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=-3), "0 s"),
        (timedelta(seconds=8), "8 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=4, seconds=50), "4 min"),
        (timedelta(hours=6), "6 h"),
        (timedelta(days=12, hours=23), "12 d"),
    ],
)
def test_an_age_is_said_in_its_largest_unit(passed: timedelta, said: str) -> None:
    assert words.age(NOW - passed, NOW) == said


def test_what_has_no_instant_has_no_known_age() -> None:
    assert words.age(None, NOW) == words.ago(None, NOW) == "age not known"


def test_an_age_as_a_phrase_ends_in_ago() -> None:
    assert words.ago(NOW - timedelta(days=12), NOW) == "12 d ago"


def test_a_contact_goes_stale_after_half_a_year_and_is_stale_when_never_verified() -> None:
    assert not words.is_stale("contact", NOW - timedelta(days=180), NOW)
    assert words.is_stale("contact", NOW - timedelta(days=181), NOW)
    assert words.is_stale("contact", None, NOW)


def test_a_moment_of_today_is_a_clock_time_and_another_day_is_named() -> None:
    assert words.moment(NOW, NOW, "Europe/Berlin") == "02:17"
    assert words.moment(NOW - timedelta(hours=4), NOW, "Europe/Berlin") == "13/11 22:17"


def test_a_zone_is_named_after_its_town() -> None:
    assert words.place_of("America/New_York") == "New York"


def test_a_phone_number_is_written_in_groups() -> None:
    assert words.phone("+493055501420") == "+49 30 55501420"


def test_what_is_no_number_is_left_alone() -> None:
    assert words.phone("erased") == "erased"


def test_a_language_nobody_translated_is_shown_by_its_code() -> None:
    assert words.languages(["en", "xx"]) == "English, XX"


def test_one_thing_is_counted_in_the_singular() -> None:
    assert words.counted(1, "case") == "1 case"
    assert words.counted(0, "case") == "0 cases"


def test_a_masked_number_keeps_its_groups() -> None:
    assert words.masked_phone("+491515550••••") == "+49 1515 550 ••••"
    assert words.masked_phone("…4F80") == "…4F80"
