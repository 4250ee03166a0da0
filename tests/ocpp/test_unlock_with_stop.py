"""2.x: the transaction is stopped first, its end is not waited for, and nobody else's is stopped (F05, F03)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from roamdesk.demo.stations import Behaviour, SimulatedStation
from roamdesk.ocpp.central import CentralSystem
from roamdesk.ocpp.events import StationEvent, TransactionEnded, TransactionUpdated
from roamdesk.ocpp.outcomes import Result
from roamdesk.ocpp.unlocking import UnlockOrder, unlock_with_stop
from station_doubles import MemoryEvents

Start = Callable[..., Awaitable[SimulatedStation]]
TOKEN = "04A1B2C3D4E5F6"
ORDER = UnlockOrder(station_id=1, evse=1, connector=1, answer_within=5, stop_visible_within=5)


def actions(post: SimulatedStation) -> list[str]:
    return [frame[2] for frame in map(json.loads, post.frames) if frame[0] == 2]


@pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp2.1"])
async def test_a_known_transaction_is_stopped_then_the_lock_opened(
    central: CentralSystem, station: Start, events: MemoryEvents, version: str
) -> None:
    post = await station(version)
    await post.plug_in_and_start(TOKEN)
    course = await unlock_with_stop(central, ORDER)
    assert actions(post) == ["RequestStopTransaction", "UnlockConnector"]
    assert course.stop is not None
    assert (course.stop.result, course.stop_seen) == (Result.ACCEPTED, True)
    assert course.unlock.result is Result.UNLOCKED
    assert events.of(TransactionEnded) == []


async def test_a_transaction_that_only_the_desk_knows_is_stopped_after_the_stations_word(
    central: CentralSystem, station: Start
) -> None:
    post = await station("ocpp2.0.1")
    transaction_id = await post.plug_in_and_start(TOKEN)
    central.transactions.note(1, forget(transaction_id))
    course = await unlock_with_stop(central, replace(ORDER, transaction_id=transaction_id))
    assert actions(post) == ["UnlockConnector", "RequestStopTransaction", "UnlockConnector"]
    assert course.first_unlock is not None
    assert course.first_unlock.result is Result.ONGOING_AUTHORIZED_TRANSACTION
    assert course.unlock.result is Result.UNLOCKED


async def test_a_transaction_that_nobody_here_knows_is_asked_for(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp2.0.1")
    transaction_id = await post.plug_in_and_start(TOKEN)
    central.transactions.note(1, forget(transaction_id))
    course = await unlock_with_stop(central, ORDER)
    assert actions(post) == ["UnlockConnector", "TriggerMessage", "RequestStopTransaction", "UnlockConnector"]
    assert course.unlock.result is Result.UNLOCKED


async def test_another_users_transaction_is_never_stopped(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp2.0.1")
    await post.plug_in_and_start(TOKEN)
    course = await unlock_with_stop(central, replace(ORDER, token="04FFFFFFFFFFFF"))
    assert actions(post) == ["UnlockConnector"]
    assert course.unlock.result is Result.ONGOING_AUTHORIZED_TRANSACTION


async def test_the_token_is_compared_without_regard_to_case(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp2.0.1")
    await post.plug_in_and_start(TOKEN)
    course = await unlock_with_stop(central, replace(ORDER, token=TOKEN.lower()))
    assert course.unlock.result is Result.UNLOCKED


async def test_a_neighbours_transaction_is_left_alone(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp2.0.1", connectors=2)
    await post.plug_in_and_start(TOKEN, connector=2)
    course = await unlock_with_stop(central, ORDER)
    assert actions(post) == ["UnlockConnector"]
    assert course.unlock.result is Result.UNLOCKED


async def test_a_transaction_without_authorisation_is_not_stopped_again(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp2.0.1")
    await post.plug_in_and_start(TOKEN)
    await post.end_session()
    course = await unlock_with_stop(central, ORDER)
    assert actions(post) == ["UnlockConnector"]
    assert (course.stop, course.unlock.result) == (None, Result.UNLOCKED)


async def test_a_stop_that_never_becomes_visible_is_waited_for_within_its_bound(
    central: CentralSystem, station: Start, events: MemoryEvents
) -> None:
    post = await station("ocpp2.0.1")
    await post.plug_in_and_start(TOKEN)

    async def forget_the_stop(self: object) -> None:
        await asyncio.sleep(0)

    post.end_session = lambda *_: forget_the_stop(post)  # type: ignore[method-assign]
    course = await unlock_with_stop(central, replace(ORDER, stop_visible_within=0.05))
    assert course.stop_seen is False
    assert course.unlock.result is Result.ONGOING_AUTHORIZED_TRANSACTION


async def test_a_1_6_station_is_only_told_to_unlock(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp1.6")
    await post.plug_in_and_start(TOKEN)
    course = await unlock_with_stop(central, ORDER)
    assert actions(post) == ["UnlockConnector"]
    assert course.unlock.result is Result.UNLOCKED


async def test_nothing_is_claimed_of_a_station_that_vanishes_during_the_stop(
    central: CentralSystem, station: Start, events: MemoryEvents
) -> None:
    post = await station("ocpp2.0.1", Behaviour.SILENT)
    await post.plug_in_and_start(TOKEN)

    async def vanish(station_id: int, event: StationEvent) -> None:
        match event:
            case TransactionUpdated():
                await post.drop()

    events.hook = vanish
    course = await unlock_with_stop(central, ORDER)
    assert course.stop_seen is True
    assert course.unlock.result in (Result.NOT_CONNECTED, Result.CONNECTION_LOST)
    assert "UnlockConnector" not in actions(post)


async def test_an_unconnected_station_is_reported_as_such(central: CentralSystem) -> None:
    course = await unlock_with_stop(central, ORDER)
    assert course.unlock.result is Result.NOT_CONNECTED


@pytest.mark.parametrize(("version", "result"), [("ocpp1.6", Result.REJECTED), ("ocpp2.0.1", Result.REJECTED)])
async def test_stopping_what_does_not_run_is_rejected(
    central: CentralSystem, station: Start, version: str, result: Result
) -> None:
    await station(version)
    outcome = await central.remote_stop(1, "4711", timeout=5)
    assert outcome.result is result


async def test_a_remote_stop_ends_a_1_6_transaction(
    central: CentralSystem, station: Start, events: MemoryEvents
) -> None:
    post = await station("ocpp1.6")
    transaction_id = await post.plug_in_and_start(TOKEN)
    outcome = await central.remote_stop(1, transaction_id, timeout=5)
    await events.until_seen(TransactionEnded)
    assert outcome.result is Result.ACCEPTED
    assert events.of(TransactionEnded)[0].reason == "Remote"


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
async def test_the_other_commands_of_a_desk_are_understood(
    central: CentralSystem, station: Start, version: str
) -> None:
    await station(version)
    outcomes = [
        await central.trigger_status(1, 1, 1, timeout=5),
        await central.change_availability(1, 1, 1, operative=False, timeout=5),
        await central.reset(1, at_once=False, timeout=5),
    ]
    assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED] * 3


def forget(transaction_id: str) -> StationEvent:
    ended_at = datetime(2026, 3, 10, tzinfo=UTC)
    return TransactionEnded(transaction_id, 1, 1, None, ended_at, "Local")
