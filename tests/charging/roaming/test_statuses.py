from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django_scopes import scope

from builders import build_evse, build_station
from roamdesk.charging.models import Evse
from roamdesk.charging.roaming.said_of_evses import StatusSaid
from roamdesk.charging.roaming.services import record_status
from roamdesk.charging.roaming.statuses import status_confirmed_at
from roamdesk.desks.models import Desk


@pytest.fixture
def evse(msp_desk: Desk) -> Evse:
    with scope(desk=msp_desk):
        made: Evse = Evse.objects.create(desk=msp_desk, label="DE*NDL*E1", evse_id="DE*NDL*E1")
    return made


def again(evse: Evse) -> Evse:
    with scope(desk=evse.desk):
        evse.refresh_from_db()
    return evse


def test_a_status_has_the_time_of_our_own_fetch(msp_desk: Desk, evse: Evse, at: datetime) -> None:
    tally = record_status(msp_desk, [StatusSaid("DENDLE1", "Occupied"), StatusSaid("DE*NDL*E404", "Available")], at=at)
    assert (tally.said, tally.changed) == (2, 1)
    assert (again(evse).status, evse.status_at) == ("Occupied", at)


def test_a_status_that_stays_is_as_young_as_the_fetch_of_its_operator(msp_desk: Desk, evse: Evse, at: datetime) -> None:
    later = at + timedelta(minutes=5)
    record_status(msp_desk, [StatusSaid("DE*NDL*E1", "Occupied")], at=at, operators=None)
    record_status(msp_desk, [StatusSaid("DE*NDL*E1", "Occupied")], at=later, operators=["DE*NDL"])
    record_status(msp_desk, [], at=later + timedelta(hours=1), operators=["DE*XYZ"])
    with scope(desk=msp_desk):
        assert (again(evse).status_at, status_confirmed_at(evse)) == (at, later)


def test_older_news_never_replaces_newer(msp_desk: Desk, evse: Evse, at: datetime) -> None:
    record_status(msp_desk, [StatusSaid("DE*NDL*E1", "Occupied")], at=at)
    record_status(msp_desk, [StatusSaid("DE*NDL*E1", "Available")], at=at - timedelta(minutes=1))
    assert again(evse).status == "Occupied"


def test_an_evse_that_stands_twice_in_a_fetch_changes_once(msp_desk: Desk, evse: Evse, at: datetime) -> None:
    record_status(msp_desk, [StatusSaid("DE*NDL*E1", "Occupied")] * 2, at=at)
    assert again(evse).status == "Occupied"


def test_what_our_own_station_reports_is_not_replaced(cpo_desk: Desk, at: datetime) -> None:
    with scope(desk=cpo_desk):
        ours = build_evse(build_station(cpo_desk), "DE*NDL*E1", status="Charging", status_at=at)
    record_status(cpo_desk, [StatusSaid("DE*NDL*E1", "Available")], at=at + timedelta(minutes=1))
    assert again(ours).status == "Charging"


def test_a_strangers_directory_is_not_touched(cpo_desk: Desk, evse: Evse, at: datetime) -> None:
    record_status(cpo_desk, [StatusSaid("DE*NDL*E1", "Occupied")], at=at)
    assert again(evse).status == ""
