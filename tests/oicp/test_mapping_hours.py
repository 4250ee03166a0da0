"""When an EVSE is open, as a person reads it on its page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamdesk.oicp.mapping_hours import hours_of
from roamdesk.oicp.wire.evse import OpeningTimesType, PeriodType
from roamdesk.worktime import OpeningHours

WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def times(*entries: tuple[Any, ...]) -> list[OpeningTimesType | None]:
    """Each: the day, then spans like `08:00-18:00`."""
    return [
        OpeningTimesType(on=on, Period=[PeriodType(begin=span.split("-")[0], end=span.split("-")[1]) for span in spans])
        for on, *spans in entries
    ]


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (times(*((day, "07:00-18:30") for day in WEEK[:5])), "Mon-Fri 07:00-18:30"),
        (times(*((day, "08:00-17:30") for day in reversed(WEEK))), "Mon-Sun 08:00-17:30"),
        (times(*((day, "18:00-23:59", "00:00-05:00") for day in WEEK)), "Mon-Sun 18:00-05:00"),
        (times(*((day, "18:00-24:00", "00:00-05:00") for day in WEEK[:5])), "Mon-Fri 00:00-05:00,18:00-24:00"),
        (times(("Everyday", "00:00-24:00")), "24/7"),
        (times(("Everyday", "00:00-00:00")), "24/7"),
        (times(("Workdays", "6:00-22:00:00"), ("Saturday", "08:00-12:00")), "Mon-Fri 06:00-22:00; Sat 08:00-12:00"),
        (times(("Friday", "22:00-02:00")), "Fri 22:00-02:00"),
        (times(("Weekend", "08:00-12:00"), ("Sunday", "14:00-16:00")), "Sat 08:00-12:00; Sun 08:00-12:00,14:00-16:00"),
        (times(("Everyday", "08:00-20:00"), ("Sunday", "08:00-22:00")), "Mon-Sat 08:00-20:00; Sun 08:00-22:00"),
        (times(("Everyday", "00:00-12:00", "12:00-24:00")), "24/7"),
        (times(("Holidays", "08:00-12:00"), ("Monday", "08:00-25:00")), "Holidays 08:00-12:00; Monday 08:00-25:00"),
        (times((None, "08:00-12:00")), "08:00-12:00"),
        (times(("Monday",)), ""),
        ([None, OpeningTimesType(on="Monday")], ""),
        ([OpeningTimesType(on="Monday", Period=[PeriodType()])], "Monday -"),
    ],
    ids=str,
)
def test_hours_are_told_as_a_person_would(said: list[OpeningTimesType | None], read: str) -> None:
    assert hours_of(False, said) == read


def test_open_around_the_clock_needs_no_times() -> None:
    assert hours_of(True, times(("Monday", "08:00-12:00"))) == "24/7"


HOURS = st.integers(0, 23).map(lambda hour: f"{hour:02}:00")


@given(st.sets(st.sampled_from(WEEK)), HOURS, HOURS)
def test_what_was_said_clearly_can_be_reckoned_with(days: set[str], begin: str, end: str) -> None:
    read = hours_of(False, times(*((day, f"{begin}-{end}") for day in days)))
    assert (
        not days or begin == end != "00:00" or len({day for day, _, _ in OpeningHours.parse(read).spans}) == len(days)
    )
