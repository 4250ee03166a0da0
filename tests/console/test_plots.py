from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from roamdesk.console import plots
from roamdesk.reports.figures import Outcome, RouteCount, UnlockCount

TARGET = timedelta(minutes=15)
COUNTS = st.integers(min_value=0, max_value=10_000)


def took(minutes: float) -> Outcome:
    return Outcome("VPS-2611-0001", "Nordlade", timedelta(minutes=minutes), TARGET)


@given(st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=7))
def test_bars_of_open_cases_stay_inside_the_plot(pairs: list[tuple[int, int]]) -> None:
    counts = [RouteCount("r", "Route", calm + late + 1, late) for calm, late in pairs]
    plot = plots.by_route(counts)
    assert all(bar.x >= 0 and bar.x + bar.width <= plot.width for bar in plot.bars)


@given(st.lists(st.floats(min_value=0, max_value=600), min_size=1, max_size=60))
def test_every_outcome_stands_in_some_bar_above_the_floor(minutes: list[float]) -> None:
    plot = plots.times([took(each) for each in minutes])
    assert plot.bars
    assert all(plots.ROOF - 1 <= bar.y <= plots.FLOOR for bar in plot.bars)


def test_only_what_is_late_is_hatched() -> None:
    fills = {bar.fill for bar in plots.times([took(3), took(7)]).bars}
    assert fills == {"bar"}
    assert {bar.fill for bar in plots.times([took(3), took(21)]).bars} == {"bar", "late"}


def test_the_target_is_a_line_with_its_value() -> None:
    plot = plots.times([took(3)])
    assert plot.target_text == "target 15 min"
    assert plot.target is not None


@given(ok=COUNTS, failed=COUNTS, unknown=st.integers(min_value=1, max_value=10_000))
def test_shares_of_unlock_results_fill_the_row_and_no_more(ok: int, failed: int, unknown: int) -> None:
    bars = plots.unlocks([UnlockCount("Nordlade", ok, failed, unknown)]).bars
    assert max(bar.x + bar.width for bar in bars) <= 104 + 288


def test_silence_has_a_share_of_its_own() -> None:
    (bar,) = plots.unlocks([UnlockCount("Nordlade", 0, 0, 4)]).bars
    assert bar.fill == "unknown"


def test_one_mark_stands_for_one_outcome() -> None:
    marks = plots.each_outcome([took(3), took(21), took(500)]).marks
    assert [mark.fill for mark in marks] == ["bar", "late", "late"]
    assert max(mark.x for mark in marks) <= plots.WIDE


def test_nothing_to_plot_is_an_empty_plot() -> None:
    assert plots.times([]).bars == plots.unlocks([]).bars == plots.each_outcome([]).marks == ()
