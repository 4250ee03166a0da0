"""The stations of a CPO's desk, and who was not let in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from builders import build_evse, build_station
from console.pages import page_of, text_of
from roamdesk.charging.models import Evse, RefusedStation
from roamdesk.desks.models import Desk, Person

STATIONS = "/d/nordlade/stations"


@pytest.fixture
def yard(cpo_desk: Desk) -> None:
    """One station that is connected, one that was, one that never was."""
    now = datetime.now(UTC)
    with scope(desk=cpo_desk):
        here = build_station(cpo_desk, "BER-1", connection_id="c1", version="ocpp1.6", last_seen_at=now)
        build_evse(here, "DE*NDL*E1*1", status="Charging", status_at=now - timedelta(hours=2))
        build_evse(here, "DE*NDL*E1*2", status="Faulted", error_code="GroundFailure", connector_number=2)
        gone = build_station(cpo_desk, "BER-2", version="ocpp2.0.1", last_seen_at=now - timedelta(days=3))
        build_evse(gone, "DE*NDL*E2*1", status="Available", status_at=now - timedelta(days=3))
        build_station(cpo_desk, "BER-3")


def refused(identity: str, reason: str = "unknown identity", times: int = 3) -> RefusedStation:
    at = datetime.now(UTC) - timedelta(minutes=4)
    return RefusedStation.objects.create(
        identity=identity, remote="192.0.2.7", reason=reason, times=times, first_at=at, last_at=at
    )


def test_each_station_says_whether_it_is_connected(client: Client, yard: None, cpo_operator: Person) -> None:
    text = text_of(page_of(client, cpo_operator, STATIONS))
    assert "1 of 3 connected" in text
    assert "Not connected last seen 3 d ago BER-2" in text
    assert "Never connected BER-3" in text
    assert "OCPP 2.0.1" in text


def test_a_status_counts_while_its_station_is_connected(client: Client, yard: None, cpo_operator: Person) -> None:
    html = page_of(client, cpo_operator, STATIONS)
    assert '<span class="strong">Charging</span> <span class="faint">2 h ago</span>' in html
    assert "Faulted GroundFailure" in text_of(html)
    assert 's-unknown"><svg class="i " aria-hidden="true"><use href="#i-unknown"/></svg>Available' in html


def test_a_station_without_a_label_says_what_is_missing(client: Client, yard: None, cpo_operator: Person) -> None:
    assert "roamdesk station label BER-3 LABEL --desk nordlade" in text_of(page_of(client, cpo_operator, STATIONS))


def test_a_part_of_a_label_finds_its_station(client: Client, yard: None, cpo_operator: Person) -> None:
    text = text_of(page_of(client, cpo_operator, f"{STATIONS}?station=e2*1"))
    assert "BER-2" in text
    assert "BER-1 " not in text


def test_who_was_refused_comes_with_the_command_that_lets_it_in(
    client: Client, yard: None, cpo_operator: Person
) -> None:
    refused("BER-NEW-007")
    text = text_of(page_of(client, cpo_operator, STATIONS))
    assert "BER-NEW-007 from 192.0.2.7 3 times, last 4 min ago" in text
    assert "roamdesk station add BER-NEW-007 --desk nordlade" in text


def test_what_a_station_calls_itself_stays_one_word_of_the_command(
    client: Client, yard: None, cpo_operator: Person
) -> None:
    refused("x'; reboot")
    html = page_of(client, cpo_operator, STATIONS)
    assert "x'; reboot" not in html
    assert """station add 'x'"'"'; reboot' --desk nordlade""" in text_of(html)


def test_a_known_station_with_a_wrong_password_needs_no_registration(
    client: Client, yard: None, cpo_operator: Person
) -> None:
    refused("BER-3", "wrong password")
    text = text_of(page_of(client, cpo_operator, STATIONS))
    assert "wrong password" in text
    assert "station add BER-3" not in text


def test_a_station_that_has_come_in_since_is_not_listed_as_refused(
    client: Client, yard: None, cpo_desk: Desk, cpo_operator: Person
) -> None:
    refused("BER-4")
    with scope(desk=cpo_desk):
        build_station(cpo_desk, "BER-4", connection_id="c4", connected_at=datetime.now(UTC))
    assert "Nobody was turned away." in text_of(page_of(client, cpo_operator, STATIONS))


def test_a_station_of_another_desk_is_not_shown_here(
    client: Client, yard: None, msp_desk: Desk, cpo_operator: Person
) -> None:
    with scope(desk=msp_desk):
        build_station(msp_desk, "ELSEWHERE-1")
    refused("ELSEWHERE-1", "wrong password")
    assert "ELSEWHERE-1" not in page_of(client, cpo_operator, STATIONS)


def test_a_desk_without_stations_is_told_how_to_begin(client: Client, cpo_operator: Person) -> None:
    text = text_of(page_of(client, cpo_operator, STATIONS))
    assert "No station is registered." in text
    assert "roamdesk station add BER-TRY-001 --desk nordlade" in text


def test_a_desk_that_plays_no_cpo_has_no_such_page(client: Client, msp_desk: Desk, msp_operator: Person) -> None:
    assert "Stations</a>" not in page_of(client, msp_operator, "/d/voltpass/queue")
    assert client.get("/d/voltpass/stations").status_code == 404


def test_more_stations_take_no_more_queries(
    client: Client, cpo_desk: Desk, cpo_operator: Person, django_assert_max_num_queries: Any
) -> None:
    with scope(desk=cpo_desk):
        for number in range(30):
            build_evse(build_station(cpo_desk, f"BER-{number}"), f"DE*NDL*E{number}*1")
        assert Evse.objects.count() == 30
    refused("BER-NEW-1")
    client.force_login(cpo_operator)
    with django_assert_max_num_queries(16):
        client.get(STATIONS)
