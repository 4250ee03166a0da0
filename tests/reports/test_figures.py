"""Figures are counted from duties, events and calls, for one desk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django_scopes import scope

from browser.night import Night, build_night
from roamdesk.desks.models import Desk, Person
from roamdesk.reports import figures


@pytest.fixture
def night(msp_desk: Desk, cpo_desk: Desk, msp_operator: Person, cpo_operator: Person) -> Night:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    return build_night(msp_desk, cpo_desk, msp_operator, cpo_operator)


def since() -> datetime:
    return datetime.now(UTC) - timedelta(days=1)


def test_open_cases_are_counted_by_route_and_lateness(night: Night) -> None:
    with scope(desk=night.msp):
        counts = figures.open_by_route(night.msp, datetime.now(UTC))
    assert sum(count.open for count in counts) == figures_open(night)
    assert {count.title for count in counts} >= {"Unlock through the partner", "Danger"}
    assert sum(count.late for count in counts) >= 1


def figures_open(night: Night) -> int:
    with scope(desk=night.msp):
        return night.msp.cases.filter(state="open").count()


def test_each_outcome_has_its_time_and_its_target(night: Night) -> None:
    with scope(desk=night.msp):
        told = figures.outcomes(night.msp, since())
    assert timedelta(minutes=3) in [outcome.took for outcome in told]
    assert {outcome.target for outcome in told} == {timedelta(minutes=15)}


def test_what_is_within_its_target_is_counted_of_all(night: Night) -> None:
    with scope(desk=night.msp):
        told = figures.outcomes(night.msp, since())
    in_time, of = figures.within_target(told)
    assert 0 < in_time <= of == len(told)


def test_unlock_results_keep_silence_apart(night: Night) -> None:
    with scope(desk=night.msp):
        (count,) = figures.unlock_results(night.msp, since())
    assert (count.partner, count.ok, count.failed, count.unknown) == ("Nordlade", 2, 2, 2)


def test_calls_are_counted_in_the_last_day_of_hours(night: Night) -> None:
    with scope(desk=night.msp):
        hours = figures.calls_per_hour(night.msp, datetime.now(UTC))
    assert len(hours) == 24
    assert sum(count for _, count in hours) >= 6


def test_another_desk_counts_nothing_of_it(night: Night) -> None:
    with scope(desk=night.cpo):
        counts = figures.unlock_results(night.cpo, since())
    assert [count.partner for count in counts] == ["VoltPass"]
