"""What a CPO answers when the hub asks it to stop, start or reserve."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope, scopes_disabled

from builders import build_evse, build_station
from oicp_messages import (
    END_RESERVATION,
    EVCO,
    EVSE,
    OPERATOR,
    PROVIDER,
    REMOTE_START_OF_HUB,
    REMOTE_STOP,
    RESERVE_OF_HUB,
    SESSION,
    UID,
)
from roamdesk.charging.commanding import command_answered, command_sent
from roamdesk.charging.models import Command, Evse, RemoteStart, Reservation, Session
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.said import Authorisation, Origin, SessionIds, Step, TokenSaid
from roamdesk.charging.roaming.services import record_authorisation
from roamdesk.charging.services import store_session_started
from roamdesk.desks.models import Desk
from roamdesk.oicp import patience
from roamdesk.oicp.models import Exchange
from roamdesk.oicp.wire.writing import encode

STOP = f"/charging/v21/providers/{PROVIDER}/authorize-remote/stop"
THEIR_EVSE = "DE*NDL*E0001*1"
START = f"/charging/v21/providers/{PROVIDER}/authorize-remote/start"


@pytest.fixture
def evse(cpo_desk: Desk, cpo_hub: Any, at: datetime) -> Evse:
    """Ours, with a station that is connected and a session of the card."""
    with scope(desk=cpo_desk):
        station = build_station(cpo_desk, connection_id="holder/1")
        evse = build_evse(station, EVSE)
        store_session_started(
            station, evse_number=1, connector_number=1, token=UID, transaction_id="tx-1", started_at=at, at=at
        )
    return evse


@pytest.fixture
def session(evse: Evse, at: datetime) -> Session:
    """The hub's session there, authorised for VoltPass."""
    ids, origin = SessionIds(SESSION, cpo="tx-1"), Origin(at, sent_by_us=True)
    said = Authorisation(ids, Step.START, origin, TokenSaid(uid=UID), EVSE, OPERATOR, PROVIDER)
    return record_authorisation(evse.desk, said)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.2)


def orders(desk: Desk) -> list[Command]:
    with scope(desk=desk):
        return list(Command.objects.filter(desk=desk))


class StationThread:
    """Answers the next order with an outcome, as the process that holds the station does."""

    def __init__(self, outcome: Outcome, status: str = "") -> None:
        self._outcome, self._status = outcome, status
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> StationThread:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        with scopes_disabled():
            while not self._over.wait(0.02):
                command = Command.objects.select_related("desk", "station", "evse").filter(state="queued").first()
                if command is not None:
                    now = command.queued_at
                    Evse.objects.filter(pk=command.evse_id).update(status=self._status)
                    command_sent(command, message_id="m", request="{}", at=now)
                    command_answered(command, self._outcome, at=now)
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("outcome", "code"), [(Outcome.ACCEPTED, "000"), (Outcome.REJECTED, "021"), (Outcome.NO_ANSWER, "501")]
)
def test_the_station_is_told_to_stop_and_its_word_is_passed_on(
    evse: Evse, session: Session, hub_calls: Any, outcome: Outcome, code: str
) -> None:
    with StationThread(outcome):
        said = hub_calls("nordlade", STOP, REMOTE_STOP)
    assert (said["Result"], said["StatusCode"]["Code"]) == (code == "000", code)
    (command,) = orders(evse.desk)
    assert (command.kind, command.requested_by, command.token_key) == ("remote_stop", "DE-VPS through the hub", UID)


def test_a_station_that_does_not_answer_in_time_is_said_to_be_silent_and_asked_once(
    evse: Evse, session: Session, hub_calls: Any, impatient: None
) -> None:
    assert hub_calls("nordlade", STOP, REMOTE_STOP)["StatusCode"]["Code"] == "501"
    assert hub_calls("nordlade", STOP, REMOTE_STOP)["StatusCode"]["Code"] == "501"
    assert len(orders(evse.desk)) == 1


def test_a_station_that_is_away_is_said_so_at_once(evse: Evse, session: Session, hub_calls: Any) -> None:
    with scope(desk=evse.desk):
        evse.station.connection_id = ""
        evse.station.save()
    said = hub_calls("nordlade", STOP, REMOTE_STOP)
    assert said["StatusCode"] == {
        "Code": "501", "Description": "Communication to EVSE failed", "AdditionalInfo": "The station: not connected.",
    }  # fmt: skip


BOTH = {"RemoteIdentification": {"EvcoID": EVCO}, "RFIDMifareFamilyIdentification": {"UID": UID}}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"EvseID": "DE*NDL*E9999*1"}, "603"),
        ({"EvseID": "DE*XYZ*E0417*1"}, "603"),
        ({"EvseID": "nonsense"}, "603"),
        ({"ProviderID": "DE-XYZ"}, "022"),
        ({"SessionID": None}, "022"),
        ({"SessionID": "séance"}, "022"),
        ({"Identification": None}, "022"),
        ({"Identification": {}}, "022"),
        ({"Identification": BOTH}, "022"),
        ({"Identification": {"RemoteIdentification": {"EvcoID": "nonsense"}}}, "022"),
        ({"EvseID": THEIR_EVSE}, "603"),
        ({}, "602"),
    ],
    ids=str,
)
def test_a_start_that_cannot_be_is_refused_and_changes_nothing(
    evse: Evse, msp_desk: Desk, hub_calls: Any, change: Any, code: str
) -> None:
    with scope(desk=msp_desk):
        build_evse(build_station(msp_desk, "VPS-0001", connection_id="holder/2"), THEIR_EVSE)
    said = hub_calls("nordlade", START, changed(REMOTE_START_OF_HUB, **change))
    assert (said["Result"], said["StatusCode"]["Code"]) == (False, code)
    with scope(desk=evse.desk):
        assert (Command.objects.count(), RemoteStart.objects.count(), Session.objects.count()) == (0, 0, 1)


@pytest.mark.parametrize(("status", "code"), [("Faulted", "700"), ("Unavailable", "700"), ("Available", "501")])
def test_a_start_is_answered_by_what_the_station_last_said_of_the_place(
    evse: Evse, hub_calls: Any, status: str, code: str, impatient: None
) -> None:
    with scope(desk=evse.desk):
        evse.status = status
        evse.save()
    assert hub_calls("nordlade", START, REMOTE_START_OF_HUB)["StatusCode"]["Code"] == code


def changed(message: Any, **values: Any) -> bytes:
    return json.dumps(json.loads(encode(message)) | values).encode()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"SessionID": "00000000-0000-0000-0000-000000000000"}, "400"),
        ({"EvseID": "DE*NDL*E9999*1"}, "603"),
        ({"EvseID": "DE*XYZ*E0417*1"}, "603"),
        ({"EvseID": "nonsense"}, "603"),
        ({"ProviderID": "DE-XYZ"}, "022"),
        ({"SessionID": None}, "022"),
    ],
    ids=str,
)
def test_a_stop_of_what_is_not_theirs_or_not_ours_is_refused_and_orders_nothing(
    evse: Evse, session: Session, hub_calls: Any, change: Any, code: str
) -> None:
    said = hub_calls("nordlade", STOP, changed(REMOTE_STOP, **change))
    assert (said["Result"], said["StatusCode"]["Code"]) == (False, code)
    assert orders(evse.desk) == []


def test_another_providers_session_is_not_stopped(evse: Evse, session: Session, hub_calls: Any) -> None:
    said = hub_calls("nordlade", STOP.replace(PROVIDER, "DE-XYZ"), changed(REMOTE_STOP, ProviderID="DE-XYZ"))
    assert said["StatusCode"]["AdditionalInfo"] == "The session is another provider's."
    assert orders(evse.desk) == []


def test_an_evse_spelled_without_separators_is_the_same_evse(
    evse: Evse, session: Session, hub_calls: Any, impatient: None
) -> None:
    hub_calls("nordlade", STOP, changed(REMOTE_STOP, EvseID="DENDLE04171", SessionID=SESSION.upper()))
    assert len(orders(evse.desk)) == 1


@pytest.mark.parametrize("path", [STOP, START])
def test_an_msp_that_is_called_as_cpo_refuses(emp_hub: Any, hub_calls: Any, path: str) -> None:
    assert hub_calls("voltpass", path, REMOTE_STOP)["StatusCode"]["Code"] == "320"


RESERVE_PATHS = [
    f"/reservation/v11/providers/{PROVIDER}/reservation-start-request",
    f"/charging/v21/providers/{PROVIDER}/authorize-remote-reservation/start",
]
END_PATHS = [
    f"/reservation/v11/providers/{PROVIDER}/reservation-stop-request",
    f"/charging/v21/providers/{PROVIDER}/authorize-remote-reservation/stop",
]


@pytest.mark.parametrize("path", RESERVE_PATHS)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"EvseID": "DE*NDL*E9999*1"}, "603"),
        ({"Duration": 0}, "022"),
        ({"Duration": 100}, "022"),
        ({"SessionID": None}, "022"),
        ({"Identification": None}, "022"),
        ({"Identification": BOTH}, "022"),
        ({}, "602"),
    ],
    ids=str,
)
def test_a_reservation_that_cannot_be_is_refused_and_changes_nothing(
    evse: Evse, hub_calls: Any, path: str, change: Any, code: str
) -> None:
    assert hub_calls("nordlade", path, changed(RESERVE_OF_HUB, **change))["StatusCode"]["Code"] == code
    with scope(desk=evse.desk):
        assert (Command.objects.count(), Reservation.objects.count()) == (0, 0)
        assert set(Exchange.objects.values_list("path", flat=True)) == {f"/api/oicp{path}"}


@pytest.mark.parametrize("path", END_PATHS)
@pytest.mark.parametrize(("change", "code"), [({}, "400"), ({"EvseID": "DE*NDL*E9999*1"}, "603")], ids=str)
def test_the_end_of_a_reservation_that_is_unknown_is_refused(
    evse: Evse, hub_calls: Any, path: str, change: Any, code: str
) -> None:
    assert hub_calls("nordlade", path, changed(END_RESERVATION, **change))["StatusCode"]["Code"] == code
    assert orders(evse.desk) == []


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        (Outcome.OCCUPIED, "Available", "602"),
        (Outcome.OCCUPIED, "Reserved", "601"),
        (Outcome.FAULTED, "Available", "700"),
        (Outcome.UNAVAILABLE, "Available", "700"),
        (Outcome.REJECTED, "Available", "320"),
        (Outcome.CALL_ERROR, "Available", "021"),
        (Outcome.NO_ANSWER, "Available", "501"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_the_stations_word_on_a_reservation_is_passed_on(
    evse: Evse, hub_calls: Any, outcome: Outcome, status: str, code: str
) -> None:
    with scope(desk=evse.desk):
        Evse.objects.update(status="Available")
    with StationThread(outcome, status):
        said = hub_calls("nordlade", RESERVE_PATHS[0], RESERVE_OF_HUB)
    again = hub_calls("nordlade", RESERVE_PATHS[0], RESERVE_OF_HUB)
    assert (said["StatusCode"]["Code"], again["StatusCode"]["Code"]) == (code, code)
    assert len(orders(evse.desk)) == 1
