from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roamdesk.worktime import LocalTimeError, OpeningHours, OpeningHoursError, clock_changes

BERLIN = ZoneInfo("Europe/Berlin")
SECOND = timedelta(seconds=1)
ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("right", "posix")))
SPLIT_DAY = "Mon-Fri 08:00-12:00,13:00-17:00; Sat 09:00-12:00"
FORMS = [
    "business",
    SPLIT_DAY,
    "22:00-06:00",
    "Mon-Sun 02:15-02:45",
    "Sat, Sun 23:30-00:30",
    "Fri-Mon 01:59-24:00",
]

zones = st.sampled_from(ZONES).map(ZoneInfo)
hours = st.sampled_from(FORMS).map(OpeningHours.parse)
EPOCH = datetime(1990, 1, 1, tzinfo=UTC)
instants = st.integers(0, 45 * 365 * 86400).map(lambda seconds: EPOCH + timedelta(seconds=seconds))


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "at", "open_then"),
    [
        ("24/7", "2026-12-25 03:00", True),
        ("closed", "2026-11-16 12:00", False),
        ("business", "2026-11-16 09:00", True),
        ("business", "2026-11-16 08:59:59", False),
        ("business", "2026-11-16 17:00", False),
        ("business", "2026-11-21 12:00", False),
        (SPLIT_DAY, "2026-11-16 12:30", False),
        (SPLIT_DAY, "2026-11-16 13:00", True),
        (SPLIT_DAY, "2026-11-21 11:59", True),
        (SPLIT_DAY, "2026-11-22 11:00", False),
        ("22:00-06:00", "2026-11-16 23:00", True),
        ("22:00-06:00", "2026-11-17 05:59", True),
        ("22:00-06:00", "2026-11-17 06:00", False),
        ("Sun 22:00-06:00", "2026-11-16 05:00", True),
        ("Sun 22:00-06:00", "2026-11-17 05:00", False),
        ("Fri-Mon 10:00-11:00", "2026-11-15 10:30", True),
        ("Fri-Mon 10:00-11:00", "2026-11-17 10:30", False),
        ("mon – fri  08:00 - 18:00", "2026-11-16 17:59", True),
    ],
)
def test_a_line_is_open_by_the_local_wall_clock(text: str, at: str, open_then: bool) -> None:
    assert OpeningHours.parse(text).is_open(berlin(at), BERLIN) is open_then


def test_a_holiday_closes_the_spans_that_begin_on_it() -> None:
    christmas = frozenset({date(2026, 12, 25)})
    nights = OpeningHours.parse("22:00-06:00")
    assert nights.is_open(berlin("2026-12-25 05:00"), BERLIN, christmas)
    assert not nights.is_open(berlin("2026-12-25 23:00"), BERLIN, christmas)
    assert not nights.is_open(berlin("2026-12-26 05:00"), BERLIN, christmas)
    assert OpeningHours.parse("24/7").is_open(berlin("2026-12-25 12:00"), BERLIN, christmas)


@pytest.mark.parametrize("text", ["24/7", "Mon-Sun 00:00-24:00", "06:00-22:00,22:00-06:00", "00:00-12:00,12:00-24:00"])
def test_around_the_clock_is_recognised_however_written(text: str) -> None:
    assert OpeningHours.parse(text).always


@pytest.mark.parametrize("text", ["closed", "business", "00:00-23:59", "Mon-Sat 00:00-24:00", "00:01-24:00"])
def test_anything_less_is_not_around_the_clock(text: str) -> None:
    assert not OpeningHours.parse(text).always


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("", "Write it like"),
        ("whenever", "'whenever' is not understood"),
        ("Mon-Fri", "'mon-fri' is not understood"),
        ("Mon-Fry 08:00-18:00", "'fry' is no day: use Mon"),
        ("Mon 8-18", "'8-18' is no span of time: write it like 08:00-18:00"),
        ("Mon 08:00-25:00", "'25:00' is no time of day"),
        ("Mon 08:60-09:00", "'08:60' is no time of day"),
        ("Mon 08:00-08:00", "write 00:00-24:00 for the whole day"),
        ("Mon 08:00-12:00;", "'' is not understood"),
        ("Mon " * 10_000, "at most 500 characters"),
    ],
)
def test_a_refusal_names_the_mend(text: str, mend: str) -> None:
    with pytest.raises(OpeningHoursError) as refusal:
        OpeningHours.parse(text)
    assert mend in str(refusal.value)


@given(st.text("monfri sat0123:45-9,;/", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(OpeningHoursError):
        OpeningHours.parse(text)


@pytest.mark.parametrize(
    ("text", "at", "change", "opens"),
    [
        ("business", "2026-11-16 10:00", "2026-11-16 17:00", False),
        ("business", "2026-11-20 17:00", "2026-11-23 09:00", True),
        ("Mon-Tue 00:00-24:00", "2026-11-16 10:00", "2026-11-18 00:00", False),
        ("22:00-06:00", "2026-11-16 23:00", "2026-11-17 06:00", False),
    ],
)
def test_the_next_change_is_named_with_its_direction(text: str, at: str, change: str, opens: bool) -> None:
    assert OpeningHours.parse(text).next_change(berlin(at), BERLIN) == (berlin(change), opens)


def test_a_line_opens_after_the_holidays() -> None:
    christmas = frozenset({date(2026, 12, 25), date(2026, 12, 24)})
    change = OpeningHours.parse("business").next_change(berlin("2026-12-23 18:00"), BERLIN, christmas)
    assert change == (berlin("2026-12-28 09:00"), True)


@pytest.mark.parametrize("text", ["24/7", "closed"])
def test_what_never_changes_has_no_next_change(text: str) -> None:
    assert OpeningHours.parse(text).next_change(berlin("2026-11-16 10:00"), BERLIN) is None


def test_a_span_inside_a_skipped_hour_does_not_open_that_day() -> None:
    change = OpeningHours.parse("02:15-02:45").next_change(berlin("2026-03-28 03:00"), BERLIN)
    assert change == (berlin("2026-03-30 02:15"), True)


def test_a_span_inside_a_repeated_hour_opens_twice() -> None:
    early = OpeningHours.parse("02:15-02:45")
    first, _ = early.next_change(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), BERLIN) or (None, None)
    assert first == datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert early.next_change(first, BERLIN) == (datetime(2026, 10, 25, 1, 15, tzinfo=UTC), True)


@given(hours, zones, instants)
@settings(max_examples=300, deadline=None)
def test_the_next_change_flips_and_nothing_flips_before(line: OpeningHours, zone: ZoneInfo, at: datetime) -> None:
    change, opens = line.next_change(at, zone) or (at, None)
    assert change > at
    assert line.is_open(change, zone) is opens
    assert line.is_open(change - timedelta(microseconds=1), zone) is not opens
    steps = [at + (change - at) * part / 40 for part in range(40)]
    assert {line.is_open(step, zone) for step in steps} == {not opens}


@pytest.mark.parametrize("form", FORMS)
def test_changes_around_every_clock_change_of_every_zone_follow_the_wall_clock(form: str) -> None:
    line = OpeningHours.parse(form)
    for zone in map(ZoneInfo, ZONES):
        for change in clock_changes(zone, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)):
            assert _walked(line, zone, change) == _minutes_open(line, zone, change)


def _walked(line: OpeningHours, zone: ZoneInfo, change: datetime) -> list[bool]:
    """Open or not in each minute about a clock change, told by next_change alone."""
    at, end = change - timedelta(hours=3), change + timedelta(hours=3)
    state, told = line.is_open(at, zone), []
    while at < end:
        until, _ = line.next_change(at, zone) or (end, state)
        told += [state] * ((min(until, end) - at) // timedelta(minutes=1))
        at, state = until, not state
    return told


def _minutes_open(line: OpeningHours, zone: ZoneInfo, change: datetime) -> list[bool]:
    begin = change - timedelta(hours=3)
    return [line.is_open(begin + timedelta(minutes=minute), zone) for minute in range(360)]


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(LocalTimeError, match="aware datetime"):
        OpeningHours.parse("business").is_open(datetime.fromisoformat("2026-11-16"), BERLIN)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("Mon-Fri 08:00-12:00,11:00-17:00", "Mon 11:00"),
        ("Mon 22:00-06:00; Tue 05:00-09:00", "Tue 05:00"),
        ("Sun 22:00-06:00; Mon 05:00-09:00", "Mon 05:00"),
        ("Mon-Sun 00:00-24:00; Wed 09:00-10:00", "Wed 09:00"),
    ],
)
def test_spans_that_overlap_are_refused_with_the_place(text: str, where: str) -> None:
    with pytest.raises(OpeningHoursError, match=f"overlap on {where}"):
        OpeningHours.parse(text)


def test_spans_may_touch() -> None:
    assert OpeningHours.parse("Mon 22:00-06:00; Tue 06:00-09:00; Sun 22:00-24:00").spans


@given(hours, zones, instants, st.frozensets(st.integers(0, 9), max_size=3))
@settings(max_examples=60, deadline=None)
def test_open_spans_are_exactly_when_it_is_open(
    line: OpeningHours, zone: ZoneInfo, at: datetime, off: frozenset[int]
) -> None:
    end = at + timedelta(days=8)
    holidays = frozenset(at.date() + timedelta(days=ahead) for ahead in off)
    spans = line.open_spans(at, end, zone, holidays)
    assert all(first < last for first, last in spans)
    assert all(earlier[1] < later[0] for earlier, later in pairwise(spans))
    edges = {edge + step for span in spans for edge in span for step in (-SECOND, SECOND)}
    for moment in sorted({*edges, *(at + timedelta(hours=hour, seconds=1) for hour in range(190))}):
        if at <= moment < end:
            assert any(first <= moment < last for first, last in spans) == line.is_open(moment, zone, holidays)


@pytest.mark.parametrize("form", FORMS)
def test_open_spans_hold_over_the_clock_changes_of_every_zone(form: str) -> None:
    line = OpeningHours.parse(form)
    for zone in map(ZoneInfo, ZONES):
        for change in clock_changes(zone, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)):
            spans = line.open_spans(change - timedelta(hours=20), change + timedelta(hours=20), zone)
            for minutes in range(-240, 241, 15):
                moment = change + timedelta(minutes=minutes, seconds=1)
                assert any(first <= moment < last for first, last in spans) == line.is_open(moment, zone)


def test_open_spans_of_around_the_clock_are_one() -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    always = OpeningHours.parse("24/7")
    assert always.open_spans(begin, begin + timedelta(days=9), BERLIN) == ((begin, begin + timedelta(days=9)),)
    assert always.open_spans(begin, begin, BERLIN) == ()
