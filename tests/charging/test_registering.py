from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from roamdesk.charging import services
from roamdesk.charging.models import RefusedStation, Station
from roamdesk.charging.services import RegistrationRefused, StationRefused
from roamdesk.desks.models import Desk

PASSWORD = "0123456789abcdef0123"


def register(desk: Desk, **changes: object) -> Station:
    return services.register_station(desk, "NDL-0001", **{"password": PASSWORD} | changes)  # type: ignore[arg-type]


def test_a_registered_station_with_its_password_comes_in(in_cpo_desk: Desk) -> None:
    station = register(in_cpo_desk)
    assert services.check_station("NDL-0001", [PASSWORD], secure=False) == station


def test_the_password_is_stored_as_a_hash_only(in_cpo_desk: Desk) -> None:
    assert PASSWORD not in register(in_cpo_desk).password_hash


def test_any_spelling_of_the_password_may_fit(in_cpo_desk: Desk) -> None:
    station = register(in_cpo_desk)
    assert services.check_station("NDL-0001", ["x" * 20, PASSWORD], secure=True) == station


@pytest.mark.parametrize(
    ("identity", "passwords", "status"),
    [("NDL-0001", ["wrong" * 4], 401), ("NDL-0001", [], 401), ("ndl-0001", [PASSWORD], 404), ("x", [], 404)],
)
def test_a_stranger_or_a_wrong_password_is_refused_with_its_status(
    in_cpo_desk: Desk, identity: str, passwords: list[str], status: int
) -> None:
    register(in_cpo_desk)
    with pytest.raises(StationRefused) as refused:
        services.check_station(identity, passwords, secure=False)
    assert refused.value.status == status


def test_a_station_of_profile_two_is_refused_without_tls_even_with_its_password(in_cpo_desk: Desk) -> None:
    register(in_cpo_desk, security_profile=2)
    with pytest.raises(StationRefused, match="wss://") as refused:
        services.check_station("NDL-0001", [PASSWORD], secure=False)
    assert refused.value.status == 403


def test_a_station_of_profile_zero_needs_no_password(in_cpo_desk: Desk) -> None:
    station = register(in_cpo_desk, security_profile=0, password="")
    assert services.check_station("NDL-0001", [], secure=False) == station


def test_a_new_password_replaces_the_old_one(in_cpo_desk: Desk) -> None:
    services.set_password(register(in_cpo_desk), "another-password-", 1)
    with pytest.raises(StationRefused):
        services.check_station("NDL-0001", [PASSWORD], secure=False)


@pytest.mark.parametrize(
    ("identity", "changes", "words"),
    [
        ("", {}, "1 to 48"),
        ("N" * 49, {}, "1 to 48"),
        ("NDL:1", {}, "colon"),
        ("NDL/1", {}, "slash"),
        ("Станция", {}, "letters"),
        ("NDL-1", {"password": "short"}, "16 to 40"),
        ("NDL-1", {"password": ""}, "16 to 40"),
        ("NDL-1", {"security_profile": 3}, "0, 1 and 2"),
    ],
)
def test_a_station_that_cannot_stand_is_refused_in_words_and_not_stored(
    in_cpo_desk: Desk, identity: str, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(RegistrationRefused, match=words):
        services.register_station(in_cpo_desk, identity, **{"password": PASSWORD} | changes)  # type: ignore[arg-type]
    assert not Station.objects.exists()


def test_an_identity_is_given_once_on_the_installation(in_cpo_desk: Desk) -> None:
    register(in_cpo_desk)
    with pytest.raises(RegistrationRefused, match="registered already"):
        register(in_cpo_desk)


def test_refusals_are_counted_by_station_and_reason(db: None, at: datetime) -> None:
    for minute in range(3):
        services.refuse_station("NDL-9", f"192.0.2.{minute}:1", "unknown identity", at + timedelta(minutes=minute))
    services.refuse_station("NDL-9", "192.0.2.1:1", "wrong password", at)
    row = RefusedStation.objects.get(reason="unknown identity")
    assert (row.times, row.first_at, row.last_at) == (3, at, at + timedelta(minutes=2))
    assert row.remote == "192.0.2.2:1"


def test_a_refused_name_with_control_characters_is_shown_harmlessly(db: None, at: datetime) -> None:
    services.refuse_station("a\x00b\n" + "x" * 300, "", "unknown identity", at)
    identity = RefusedStation.objects.get().identity
    assert identity.startswith("a?b?x")
    assert len(identity) == 255


def test_who_knocks_under_ever_new_names_does_not_fill_the_table(
    db: None, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roamdesk.charging.registering.REFUSED_KEPT", 3)
    for number in range(6):
        services.refuse_station(f"S-{number}", "", "unknown identity", at + timedelta(seconds=number))
    assert set(RefusedStation.objects.values_list("identity", flat=True)) == {"S-3", "S-4", "S-5"}


def test_an_older_connection_that_says_goodbye_does_not_disconnect_the_newer(station: Station, at: datetime) -> None:
    services.station_connected(station, "c-2", "ocpp2.0.1", at)
    services.station_disconnected(station, "c-1", at + timedelta(seconds=1))
    station.refresh_from_db()
    assert (station.is_connected, station.version) == (True, "ocpp2.0.1")
    services.station_disconnected(station, "c-2", at + timedelta(seconds=2))
    station.refresh_from_db()
    assert (station.is_connected, station.last_seen_at) == (False, at + timedelta(seconds=2))


def test_a_boot_says_who_made_the_station_and_a_heartbeat_does_not_unsay_it(station: Station, at: datetime) -> None:
    services.station_seen(station, at, vendor="Voltbau", model="V2")
    services.station_seen(station, at + timedelta(minutes=5))
    station.refresh_from_db()
    assert (station.vendor, station.model, station.last_seen_at) == ("Voltbau", "V2", at + timedelta(minutes=5))


def test_stations_of_a_dead_process_count_as_not_connected(station: Station) -> None:
    services.forget_connections([station.pk])
    station.refresh_from_db()
    assert not station.is_connected
