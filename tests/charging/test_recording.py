from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django_scopes import scope

from builders import build_station
from roamdesk.charging import services
from roamdesk.charging.models import Evse, Session, Station, Token
from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner

CARD = "04A3B2C1D04F80"
Start = Callable[..., Session]


@pytest.fixture
def start(station: Station, evse: Evse, at: datetime) -> Start:
    def store(**changes: Any) -> Session:
        values: dict[str, Any] = {
            "evse_number": 1,
            "connector_number": 1,
            "token": "04:a3:b2:c1:d0:4f:80",
            "transaction_id": "tx-1",
            "started_at": at,
            "at": at,
        }
        return services.store_session_started(station, **values | changes)

    return store


def test_a_started_session_knows_its_evse_and_token(start: Start, evse: Evse, at: datetime) -> None:
    session = start()
    assert (session.evse, session.token_key, session.transaction_id) == (evse, CARD, "tx-1")
    assert (session.started_at, session.ended_at, session.charging) == (at, None, True)


def test_the_same_start_said_twice_is_one_session_seen_later(start: Start, at: datetime) -> None:
    start()
    again = start(at=at + timedelta(minutes=1))
    assert Session.objects.count() == 1
    assert again.observed_at == at + timedelta(minutes=1)


def test_a_station_that_makes_no_ids_gets_one_and_the_same_again_for_a_repeat(start: Start) -> None:
    first, repeat = start(transaction_id=None), start(transaction_id=None)
    assert first.transaction_id == repeat.transaction_id
    assert 0 < int(first.transaction_id) < 2**31


def test_a_new_start_without_an_id_is_another_session(start: Start, at: datetime) -> None:
    first = start(transaction_id=None)
    second = start(transaction_id=None, started_at=at + timedelta(minutes=30))
    assert first.transaction_id != second.transaction_id


def test_an_earlier_start_that_comes_later_moves_the_start_back(start: Start, at: datetime) -> None:
    start()
    assert start(started_at=at - timedelta(minutes=5)).started_at == at - timedelta(minutes=5)


def test_two_stations_may_use_the_same_transaction_id(start: Start, in_cpo_desk: Desk, at: datetime) -> None:
    start()
    other = build_station(in_cpo_desk, "NDL-0002")
    services.store_session_started(
        other, evse_number=1, connector_number=1, token="", transaction_id="tx-1", started_at=at, at=at
    )
    assert Session.objects.filter(transaction_id="tx-1").count() == 2


def test_the_first_end_counts_and_its_reason_is_kept(start: Start, station: Station, at: datetime) -> None:
    start()
    end = at + timedelta(minutes=40)
    for reason, ended_at in (("Remote", end), ("PowerLoss", end + timedelta(hours=1))):
        services.store_session_ended(station, "tx-1", ended_at=ended_at, stop_reason=reason, at=ended_at)
    session = Session.objects.get()
    assert (session.ended_at, session.stop_reason, session.charging) == (end, "Remote", False)


def test_a_start_that_is_repeated_after_the_end_does_not_open_the_session_again(
    start: Start, station: Station, at: datetime
) -> None:
    start()
    services.store_session_ended(station, "tx-1", ended_at=at, stop_reason="Local", at=at)
    assert start().ended_at == at


def test_an_end_before_the_start_is_stored_as_the_start(start: Start, station: Station, at: datetime) -> None:
    start()
    early = at - timedelta(hours=1)
    ended = services.store_session_ended(station, "tx-1", ended_at=early, stop_reason="Local", at=at)
    assert ended is not None
    assert ended.ended_at == at


def test_the_end_of_a_session_that_nobody_knows_is_no_session(station: Station, at: datetime) -> None:
    assert services.store_session_ended(station, "tx-9", ended_at=at, stop_reason="Local", at=at) is None
    assert services.store_meter(station, "tx-9", register_kwh=Decimal(1), at=at) is None
    assert services.store_authorisation_ended(station, "tx-9", at=at) is None


def test_a_session_without_authorisation_is_open_but_no_longer_charging(
    start: Start, station: Station, at: datetime
) -> None:
    start()
    session = services.store_authorisation_ended(station, "tx-1", at=at)
    assert session is not None
    assert (session.charging, session.ended_at) == (False, None)


def test_energy_is_what_came_on_top_of_the_first_reading_and_never_shrinks(
    start: Start, station: Station, at: datetime
) -> None:
    start(meter_start_kwh=Decimal("1000.5"))
    for register in ("1004.5", "1002.0"):
        services.store_meter(station, "tx-1", register_kwh=Decimal(register), at=at)
    assert Session.objects.get().energy_kwh == Decimal("4.0")


def test_a_token_of_a_contract_names_the_msp(start: Start, cpo_desk: Desk, msp_desk: Desk) -> None:
    session = start(token="DE-VPS-C00012345-2")
    assert session.partner == Partner.objects.get(desk=cpo_desk, name="VoltPass")


def test_a_card_that_is_known_with_its_contract_names_the_msp(start: Start, cpo_desk: Desk, msp_desk: Desk) -> None:
    Token.objects.create(desk=cpo_desk, value=CARD, contract_id="DE-VPS-C00012345-2")
    assert start().partner == Partner.objects.get(desk=cpo_desk, name="VoltPass")


def test_a_token_that_is_garbage_is_kept_as_it_came(start: Start) -> None:
    assert start(token="???").token_key == "???"


def test_a_session_at_a_connector_without_mapping_is_kept_without_an_evse(start: Start) -> None:
    assert start(connector_number=7).evse is None


@pytest.mark.usefixtures("evse", "other_evse")
def test_a_station_number_that_fits_two_evses_names_neither(station: Station) -> None:
    assert services.evse_of(station, 1, None) is None


def test_newer_status_replaces_older_and_never_the_other_way(station: Station, evse: Evse, at: datetime) -> None:
    say = {"evse_number": 1, "connector_number": 1}
    later = at + timedelta(seconds=9)
    services.store_status(station, **say, status="Faulted", error_code="ConnectorLockFailure", at=later)
    services.store_status(station, **say, status="Finishing", error_code="NoError", at=at)
    evse.refresh_from_db()
    assert (evse.status, evse.error_code, evse.status_at) == ("Faulted", "ConnectorLockFailure", later)


def test_no_error_is_stored_as_none(station: Station, evse: Evse, at: datetime) -> None:
    stored = services.store_status(
        station, evse_number=1, connector_number=1, status="Available", error_code="NoError", at=at
    )
    assert stored is not None
    assert stored.error_code == ""


def test_the_database_refuses_a_second_session_of_one_transaction(start: Start, station: Station) -> None:
    session = start()
    session.pk = None
    with pytest.raises(IntegrityError):
        session.save()


def test_another_desk_sees_none_of_the_sessions(start: Start, msp_desk: Desk) -> None:
    start()
    with scope(desk=msp_desk):
        assert not Session.objects.exists()
