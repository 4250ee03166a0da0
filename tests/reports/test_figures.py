"""Figures are counted from duties, events and calls, for one desk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django_scopes import scope

from browser.night import Night, build_night
from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case, Duty
from roamdesk.cases.services import open_case
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


def test_both_notices_after_a_failure_are_counted_case_by_case(cpo_desk: Desk, cpo_operator: Person) -> None:
    told_twice, phoned_only = opened(cpo_desk, cpo_operator), opened(cpo_desk, cpo_operator)
    with scope(desk=cpo_desk):
        ended(told_twice, "phone_outcome")
        ended(told_twice, "mail_outcome")
        ended(phoned_only, "phone_outcome")
        assert figures.both_notices(cpo_desk, since()) == figures.Notices(failures=2, both=1)


def opened(desk: Desk, operator: Person) -> Case:
    told = {"caller": "partner", "problem": "cable_stuck"}
    return open_case(desk, side="cpo", facts=told, actor=Actor.of(operator), at=datetime.now(UTC))


def ended(case: Case, action: str) -> None:
    at = datetime.now(UTC)
    owed = {"owed_by": "cpo", "ours": True, "channel": "phone", "title": "Tell MSPcc", "cites": "S22"}
    Duty.objects.create(
        desk=case.desk, case=case, rule=action, action=action, state="done", raised_at=at, ended_at=at, **owed
    )
