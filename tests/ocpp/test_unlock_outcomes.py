"""Every answer to an unlock is told apart, over a real WebSocket (OCPP 1.6 and 2.x F05)."""

import json
import uuid
from collections.abc import Awaitable, Callable

import pytest

from roamdesk.demo.stations import Behaviour, SimulatedStation
from roamdesk.ocpp.central import CentralSystem
from roamdesk.ocpp.commands import ImpossibleCommand
from roamdesk.ocpp.events import TransactionEnded
from roamdesk.ocpp.outcomes import Result
from station_doubles import MemoryEvents

Start = Callable[..., Awaitable[SimulatedStation]]
VERSIONS = ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("behaviour", "result"),
    [
        (Behaviour.UNLOCKS, Result.UNLOCKED),
        (Behaviour.FAILS, Result.UNLOCK_FAILED),
        (Behaviour.TALKS_FIRST, Result.UNLOCKED),
        (Behaviour.GARBAGE, Result.UNLOCKED),
        (Behaviour.CALL_ERROR, Result.CALL_ERROR),
        (Behaviour.SILENT, Result.NO_ANSWER),
    ],
)
async def test_the_stations_word_is_the_result(
    central: CentralSystem, station: Start, version: str, behaviour: Behaviour, result: Result
) -> None:
    await station(version, behaviour)
    outcome = await central.unlock(1, 1, 1, timeout=0.3 if result is Result.NO_ANSWER else 5)
    assert outcome.result is result


async def test_a_1_6_station_without_a_lock_says_not_supported(central: CentralSystem, station: Start) -> None:
    await station("ocpp1.6", Behaviour.NO_LOCK)
    outcome = await central.unlock(1, 1, 1, timeout=5)
    assert outcome.result is Result.NOT_SUPPORTED


async def test_a_2_0_1_station_without_a_lock_answers_with_an_error(central: CentralSystem, station: Start) -> None:
    await station("ocpp2.0.1", Behaviour.NO_LOCK)
    outcome = await central.unlock(1, 1, 1, timeout=5)
    assert (outcome.result, outcome.error_code) == (Result.CALL_ERROR, "NotSupported")


@pytest.mark.parametrize(
    ("version", "result"), [("ocpp1.6", Result.NOT_SUPPORTED), ("ocpp2.0.1", Result.UNKNOWN_CONNECTOR)]
)
async def test_a_connector_that_is_not_there_is_never_unlocked(
    central: CentralSystem, station: Start, version: str, result: Result
) -> None:
    await station(version)
    outcome = await central.unlock(1, 7, 7, timeout=5)
    assert outcome.result is result


async def test_a_2_0_1_station_with_an_authorised_transaction_does_nothing(
    central: CentralSystem, station: Start
) -> None:
    post = await station("ocpp2.0.1")
    transaction_id = await post.plug_in_and_start("04A1B2C3D4E5F6")
    outcome = await central.unlock(1, 1, 1, timeout=5)
    assert outcome.result is Result.ONGOING_AUTHORIZED_TRANSACTION
    assert post.transactions == {1: transaction_id}


async def test_a_1_6_station_ends_the_transaction_before_it_unlocks(
    central: CentralSystem, station: Start, events: MemoryEvents
) -> None:
    post = await station("ocpp1.6")
    transaction_id = await post.plug_in_and_start("04A1B2C3D4E5F6")
    outcome = await central.unlock(1, 1, 1, timeout=5)
    assert outcome.result is Result.UNLOCKED
    ended = events.of(TransactionEnded)
    assert [(event.transaction_id, event.reason) for event in ended] == [(transaction_id, "UnlockCommand")]


async def test_nothing_is_sent_to_a_station_that_is_not_connected(central: CentralSystem) -> None:
    outcome = await central.unlock(99, 1, 1, timeout=5)
    assert (outcome.result, outcome.request, outcome.sent_at) == (Result.NOT_CONNECTED, None, None)


async def test_both_frames_and_both_times_are_kept(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp1.6")
    message_id = str(uuid.uuid4())
    outcome = await central.unlock(1, 1, 1, timeout=5, message_id=message_id)
    assert outcome.request == post.frames[-1] == f'[2,"{message_id}","UnlockConnector",{{"connectorId":1}}]'
    assert json.loads(outcome.response or "") == [3, message_id, {"status": "Unlocked"}]
    assert outcome.sent_at is not None
    assert outcome.answered_at is not None
    assert outcome.sent_at <= outcome.answered_at


async def test_an_error_answer_keeps_code_and_description(central: CentralSystem, station: Start) -> None:
    await station("ocpp1.6", Behaviour.CALL_ERROR)
    outcome = await central.unlock(1, 1, 1, timeout=5)
    assert outcome.error_code == "InternalError"
    assert outcome.error_description == "lock controller does not reply"


async def test_the_whole_station_cannot_be_unlocked(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp1.6")
    before = len(post.frames)
    with pytest.raises(ImpossibleCommand, match="from 1 on"):
        await central.unlock(1, 1, 0, timeout=5)
    assert len(post.frames) == before


async def test_message_ids_are_never_used_twice(central: CentralSystem, station: Start) -> None:
    await station("ocpp1.6")
    outcomes = [await central.unlock(1, 1, 1, timeout=5) for _ in range(20)]
    ids = {outcome.message_id for outcome in outcomes}
    assert len(ids) == 20
    assert {len(message_id) for message_id in ids} == {36}
