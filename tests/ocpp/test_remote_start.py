"""Starts and reservations at stations of both generations, over a real WebSocket."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from roamdesk.demo.stations import Behaviour, SimulatedStation
from roamdesk.ocpp.central import CentralSystem
from roamdesk.ocpp.commands import CancelReservation, RemoteStart, Reserve
from roamdesk.ocpp.events import TokenStatus, TransactionStarted
from roamdesk.ocpp.outcomes import Result
from station_doubles import MemoryEvents

Start = Callable[..., Awaitable[SimulatedStation]]
VERSIONS = ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"]
TAG, OTHER = "HUB7Q2MZKX4ABCDEFGH", "HUB2222222222222222"
STARTING = RemoteStart(1, 1, TAG, 7)
RESERVING = Reserve(1, 1, TAG, 8, datetime.now(UTC) + timedelta(minutes=15))


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_station_starts_with_our_tag_and_since_2_x_names_our_number(
    central: CentralSystem, station: Start, events: MemoryEvents, version: str
) -> None:
    await station(version)
    outcome = await central.perform(1, STARTING, 5)
    await events.until_seen(TransactionStarted)
    (started,) = events.of(TransactionStarted)
    assert outcome.result is Result.ACCEPTED
    assert started.id_token is not None
    assert started.id_token.value == TAG
    assert started.remote_start == (None if version == "ocpp1.6" else 7)


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_transaction_may_come_before_the_answer(
    central: CentralSystem, station: Start, events: MemoryEvents, version: str
) -> None:
    await station(version, Behaviour.TALKS_FIRST)
    outcome = await central.perform(1, STARTING, 5)
    assert outcome.result is Result.ACCEPTED
    assert len(events.of(TransactionStarted)) == 1


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_tag_that_is_refused_starts_nothing(
    central: CentralSystem, station: Start, events: MemoryEvents, version: str
) -> None:
    events.token = TokenStatus.INVALID
    post = await station(version)
    assert (await central.perform(1, STARTING, 5)).result is Result.ACCEPTED
    await post.frames_where(lambda frame: '"Invalid"' in json.dumps(frame))
    assert (events.of(TransactionStarted), post.transactions) == ([], {})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("behaviour", "result"),
    [
        (Behaviour.FAILS, Result.REJECTED),
        (Behaviour.SILENT, Result.NO_ANSWER),
        (Behaviour.CALL_ERROR, Result.CALL_ERROR),
    ],
)
async def test_every_other_word_of_the_station_is_told_apart(
    central: CentralSystem, station: Start, version: str, behaviour: Behaviour, result: Result
) -> None:
    await station(version, behaviour)
    timeout = 0.2 if result is Result.NO_ANSWER else 5
    assert (await central.perform(1, STARTING, timeout)).result is result
    assert (await central.perform(1, RESERVING, timeout)).result is result


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_reserved_place_is_kept_for_its_tag_until_it_is_cancelled(
    central: CentralSystem, station: Start, events: MemoryEvents, version: str
) -> None:
    post = await station(version)
    assert (await central.perform(1, RESERVING, 5)).result is Result.ACCEPTED
    assert (await central.perform(1, Reserve(1, 1, OTHER, 9, RESERVING.until), 5)).result is Result.OCCUPIED
    assert (await central.perform(1, RemoteStart(1, 1, OTHER, 10), 5)).result is Result.REJECTED
    assert (await central.perform(1, CancelReservation(8), 5)).result is Result.ACCEPTED
    assert (await central.perform(1, CancelReservation(8), 5)).result is Result.REJECTED
    assert post.reserved == {}


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_start_with_the_tag_of_a_reservation_uses_it_up(
    central: CentralSystem, station: Start, events: MemoryEvents, version: str
) -> None:
    post = await station(version)
    await central.perform(1, RESERVING, 5)
    assert (await central.perform(1, STARTING, 5)).result is Result.ACCEPTED
    await events.until_seen(TransactionStarted)
    assert events.of(TransactionStarted)[0].reservation == 8
    assert post.reserved == {}
