"""The board's figures, counted from real cases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope

from roamdesk.cases import services
from roamdesk.cases.actors import Actor, Through
from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner
from roamdesk.reports.figures import board

ACTOR = Actor("Olga", Through.CONSOLE)


@pytest.fixture
def cases(msp_desk: Desk, at: datetime) -> Desk:
    """A danger case, a stuck cable whose outcome was known after 12 minutes, and one that is overdue."""
    with scope(desk=msp_desk):
        partner = Partner.objects.get(desk=msp_desk)
        opening = {"caller": "user", "evse_label": "DE*NDL*E0472*1"}
        kwargs: dict[str, Any] = {"side": "msp", "partner": partner, "actor": ACTOR, "at": at}
        services.open_case(msp_desk, facts={**opening, "problem": "danger"}, **kwargs)
        for _ in range(2):
            case = services.open_case(msp_desk, facts={**opening, "problem": "cable_stuck"}, **kwargs)
            services.record_facts(
                case, {"self_help": "not_helped", "unlock_asked": "yes", "identity": "full"}, actor=ACTOR, at=at
            )
        services.record_facts(case, {"unlock": "ok", "freed": "yes"}, actor=ACTOR, at=at + timedelta(minutes=12))
    return msp_desk


@pytest.mark.django_db
def test_open_cases_are_counted_by_route_danger_and_lateness(cases: Desk, at: datetime) -> None:
    with scope(desk=cases):
        shown = board(cases, at + timedelta(minutes=16))
    assert (shown.open, shown.danger, shown.overdue) == (3, 1, 2)
    assert {(load.route, load.open, load.overdue) for load in shown.routes} == {
        ("a_via_msp", 2, 1),
        ("b_via_msp", 1, 1),
    }
    assert {load.title for load in shown.routes} == {"Unlock through the partner", "Danger"}


@pytest.mark.django_db
def test_time_to_outcome_counts_from_the_opening_of_the_case(cases: Desk, at: datetime) -> None:
    with scope(desk=cases):
        outcomes = board(cases, at + timedelta(minutes=16)).outcomes
    assert outcomes.median_minutes == 12
    assert outcomes.target_minutes == 15
    assert outcomes.counts == (0, 0, 1, 0, 0, 0, 0, 0)


@pytest.mark.django_db
def test_an_empty_desk_has_no_median_rather_than_zero(msp_desk: Desk, at: datetime) -> None:
    with scope(desk=msp_desk):
        shown = board(msp_desk, at)
    assert shown.outcomes.median_minutes is None
    assert shown.unlocks == ()
    assert len(shown.calls_per_hour) == 24
