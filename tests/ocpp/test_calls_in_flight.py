"""Commands while the network, the station or the desk misbehaves; each test is a trap of the `ocpp` package."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from roamdesk.demo.stations import Behaviour, SimulatedStation
from roamdesk.ocpp.central import CentralSystem
from roamdesk.ocpp.commands import Unlock
from roamdesk.ocpp.events import Booted, StationEvent, StatusReported
from roamdesk.ocpp.limits import Limits
from roamdesk.ocpp.outcomes import CommandOutcome, Result
from station_doubles import MemoryEvents, MemoryRegistry, utc_now

Start = Callable[..., Awaitable[SimulatedStation]]
FOREVER = 3600.0
AT_ONCE = 1.0


@pytest.fixture
def limits() -> Limits:
    return Limits(waiting_calls=2, seconds_to_finish=0.5)


async def test_a_dropped_socket_resolves_the_unlock_at_once(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp1.6", Behaviour.SILENT)
    unlocking = asyncio.create_task(central.unlock(1, 1, 1, timeout=FOREVER))
    await post.received("UnlockConnector")
    await post.drop()
    outcome = await asyncio.wait_for(unlocking, AT_ONCE)
    assert outcome.result is Result.CONNECTION_LOST
    assert outcome.sent_at is not None
    assert outcome.result.is_unknown


async def test_commands_behind_a_dropped_socket_are_reported_as_not_sent(
    central: CentralSystem, station: Start
) -> None:
    post = await station("ocpp1.6", Behaviour.SILENT)
    first = asyncio.create_task(central.unlock(1, 1, 1, timeout=FOREVER))
    await post.received("UnlockConnector")
    second = asyncio.create_task(central.trigger_status(1, 1, 1, timeout=FOREVER))
    await asyncio.sleep(0)
    await post.drop()
    outcomes = await asyncio.wait_for(asyncio.gather(first, second), AT_ONCE)
    assert [outcome.result for outcome in outcomes] == [Result.CONNECTION_LOST, Result.NOT_CONNECTED]
    assert outcomes[1].request is None


async def test_a_newer_connection_makes_the_older_ones_command_unknown_at_once(
    central: CentralSystem, station: Start, registry: MemoryRegistry, url: str
) -> None:
    older = await station("ocpp1.6", Behaviour.SILENT)
    unlocking = asyncio.create_task(central.unlock(1, 1, 1, timeout=FOREVER))
    await older.received("UnlockConnector")
    newer = SimulatedStation(url, older.identity)
    await newer.start()
    outcome = await asyncio.wait_for(unlocking, AT_ONCE)
    assert (outcome.result, outcome.detail) == (
        Result.CONNECTION_LOST,
        "the station opened a newer connection",
    )
    again = await central.unlock(1, 1, 1, timeout=5)
    assert again.result is Result.UNLOCKED
    await registry.until_logged("disconnected")
    assert central.connections[1].connection_id == registry.log[1][2]
    await newer.stop()


async def test_one_command_at_a_time_is_open_at_a_station(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp1.6", Behaviour.LATE)
    both = asyncio.gather(central.unlock(1, 1, 1, timeout=FOREVER), central.trigger_status(1, 1, 1, timeout=FOREVER))
    await post.received("UnlockConnector")
    assert "TriggerMessage" not in "".join(post.frames)
    post.answer_now.set()
    outcomes = await asyncio.wait_for(both, AT_ONCE)
    assert [outcome.result for outcome in outcomes] == [Result.UNLOCKED, Result.ACCEPTED]


async def test_a_command_beyond_the_short_queue_is_told_that_the_station_is_busy(
    central: CentralSystem, station: Start
) -> None:
    post = await station("ocpp1.6", Behaviour.SILENT)
    waiting = [asyncio.create_task(central.unlock(1, 1, 1, timeout=FOREVER)) for _ in range(3)]
    await post.received("UnlockConnector")
    outcome = await asyncio.wait_for(central.unlock(1, 1, 1, timeout=FOREVER), AT_ONCE)
    assert (outcome.result, outcome.request) == (Result.BUSY, None)
    await post.drop()
    await asyncio.wait_for(asyncio.gather(*waiting), AT_ONCE)


async def test_waiting_for_the_turn_is_bounded_too(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp1.6", Behaviour.SILENT)
    first = asyncio.create_task(central.unlock(1, 1, 1, timeout=FOREVER))
    await post.received("UnlockConnector")
    outcome = await central.trigger_status(1, 1, 1, timeout=0.02)
    assert (outcome.result, outcome.sent_at) == (Result.BUSY, None)
    await post.drop()
    await first


async def test_a_late_answer_reaches_whoever_asked(
    central: CentralSystem, station: Start, events: MemoryEvents
) -> None:
    post = await station("ocpp1.6", Behaviour.LATE)
    silent = await central.unlock(1, 1, 1, timeout=0.05)
    assert silent.result is Result.NO_ANSWER
    post.answer_now.set()
    await events.until_late()
    station_id, message_id, outcome = events.late[0]
    assert (station_id, message_id) == (1, silent.message_id)
    assert outcome.result is Result.UNLOCKED
    assert (outcome.request, outcome.sent_at) == (silent.request, silent.sent_at)
    assert json.loads(outcome.response or "")[:2] == [3, message_id]


async def test_a_late_error_is_a_late_answer_too(central: CentralSystem, station: Start, events: MemoryEvents) -> None:
    post = await station("ocpp1.6", Behaviour.SILENT)
    silent = await central.unlock(1, 1, 1, timeout=0.05)
    await post.send_raw(json.dumps([4, silent.message_id, "VendorCode17", "jammed", {}]))
    await events.until_late()
    assert events.late[0][2].error_code == "VendorCode17"


async def test_a_late_answer_is_not_taken_for_the_answer_to_the_next_command(
    central: CentralSystem, station: Start, events: MemoryEvents
) -> None:
    post = await station("ocpp1.6", Behaviour.SILENT)
    first = await central.unlock(1, 1, 1, timeout=0.05)
    second = asyncio.create_task(central.unlock(1, 1, 1, timeout=FOREVER))
    sent = await post.received("UnlockConnector", times=2)
    await post.send_raw(json.dumps([3, first.message_id, {"status": "UnlockFailed"}]))
    await events.until_late()
    await post.send_raw(json.dumps([3, json.loads(sent[1])[1], {"status": "Unlocked"}]))
    outcome = await asyncio.wait_for(second, AT_ONCE)
    assert outcome.result is Result.UNLOCKED


async def test_an_answer_after_a_reconnect_is_kept_but_credited_to_nobody(
    central: CentralSystem, station: Start, events: MemoryEvents
) -> None:
    post = await station("ocpp1.6", Behaviour.SILENT)
    silent = await central.unlock(1, 1, 1, timeout=0.05)
    await post.drop()
    await post.start()
    await post.send_raw(json.dumps([3, silent.message_id, {"status": "Unlocked"}]))
    await events.until_unreadable(1)
    assert events.late == []


async def test_a_station_that_waits_for_our_answer_before_it_answers_is_served(
    central: CentralSystem, station: Start, events: MemoryEvents
) -> None:
    await station("ocpp1.6", Behaviour.TALKS_FIRST)
    before = len(events.of(StatusReported))
    outcome = await asyncio.wait_for(central.unlock(1, 1, 1, timeout=FOREVER), 5)
    assert outcome.result is Result.UNLOCKED
    assert len(events.of(StatusReported)) == before + 1


async def test_a_listener_may_command_the_station_whose_message_it_handles(
    central: CentralSystem, registry: MemoryRegistry, events: MemoryEvents, url: str
) -> None:
    outcomes: list[CommandOutcome] = []

    async def unlock_on_boot(station_id: int, event: StationEvent) -> None:
        match event:
            case Booted():
                outcomes.append(await central.unlock(station_id, 1, 1, timeout=FOREVER))

    events.hook = unlock_on_boot
    registry.know("NDL-1")
    post = SimulatedStation(url, "NDL-1")
    await asyncio.wait_for(post.start(), 5)
    assert [outcome.result for outcome in outcomes] == [Result.UNLOCKED]
    await post.stop()


async def test_an_answer_that_breaks_its_schema_is_unknown_and_kept(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp1.6", Behaviour.SILENT)
    unlocking = asyncio.create_task(central.unlock(1, 1, 1, timeout=FOREVER))
    sent = await post.received("UnlockConnector")
    await post.send_raw(json.dumps([3, json.loads(sent[0])[1], {"status": "Opened"}]))
    outcome = await asyncio.wait_for(unlocking, AT_ONCE)
    assert outcome.result is Result.UNREADABLE_ANSWER
    assert '"Opened"' in (outcome.response or "")


async def test_a_message_id_in_use_is_refused_and_nothing_is_sent(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp1.6", Behaviour.SILENT)
    await central.unlock(1, 1, 1, timeout=0.05, message_id="once")
    with pytest.raises(ValueError, match="take a new one"):
        await central.unlock(1, 1, 1, timeout=0.05, message_id="once")
    with pytest.raises(ValueError, match="1 to 36"):
        await central.unlock(1, 1, 1, timeout=0.05, message_id="x" * 37)
    assert len(await post.received("UnlockConnector")) == 1


async def test_a_cancelled_command_does_not_block_the_next(central: CentralSystem, station: Start) -> None:
    post = await station("ocpp1.6", Behaviour.SILENT)
    first = asyncio.create_task(central.unlock(1, 1, 1, timeout=FOREVER))
    await post.received("UnlockConnector")
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    outcome = await central.trigger_status(1, 1, 1, timeout=5)
    assert outcome.result is Result.ACCEPTED


async def test_closing_the_central_system_resolves_what_is_in_flight(
    central: CentralSystem, station: Start, registry: MemoryRegistry
) -> None:
    post = await station("ocpp1.6", Behaviour.SILENT)
    unlocking = asyncio.create_task(central.unlock(1, 1, 1, timeout=FOREVER))
    await post.received("UnlockConnector")
    await central.close()
    outcome = await asyncio.wait_for(unlocking, AT_ONCE)
    assert outcome.result is Result.CONNECTION_LOST
    await registry.until_logged("disconnected")
    assert central.connections == {}


async def test_a_station_that_went_away_without_a_word_is_noticed_by_its_missing_pong(
    registry: MemoryRegistry, events: MemoryEvents
) -> None:
    limits = Limits(seconds_to_close=0.1)
    impatient = CentralSystem(registry, events, clock=utc_now, ping_seconds=0.1, limits=limits)
    await impatient.serve("127.0.0.1", 0)
    registry.know("NDL-1")
    post = SimulatedStation(f"ws://127.0.0.1:{impatient.port}", "NDL-1", behaviour=Behaviour.SILENT)
    await post.start()
    unlocking = asyncio.create_task(impatient.unlock(1, 1, 1, timeout=FOREVER))
    await post.received("UnlockConnector")
    post.socket.transport.pause_reading()
    outcome = await asyncio.wait_for(unlocking, AT_ONCE)
    assert outcome.result is Result.CONNECTION_LOST
    await post.drop()
    await impatient.close()


async def test_a_command_that_is_withdrawn_when_its_turn_comes_is_not_sent(
    central: CentralSystem, station: Start
) -> None:
    post = await station("ocpp1.6")
    before = len(post.frames)
    announced: list[str] = []

    async def withdraw(message_id: str, frame: str) -> bool:
        announced.append(frame)
        return False

    outcome = await central.perform(1, Unlock(1, 1), 5, announce=withdraw)
    assert (outcome.result, outcome.request, outcome.sent_at) == (Result.WITHDRAWN, None, None)
    assert [json.loads(frame)[2] for frame in announced] == ["UnlockConnector"]
    assert len(post.frames) == before


async def test_a_command_whose_announcement_fails_is_not_sent_and_blocks_nobody(
    central: CentralSystem, station: Start
) -> None:
    await station("ocpp1.6")

    async def fail(message_id: str, frame: str) -> bool:
        raise RuntimeError("the database is away")

    with pytest.raises(RuntimeError):
        await central.perform(1, Unlock(1, 1), 5, announce=fail)
    assert (await central.unlock(1, 1, 1, timeout=5)).result is Result.UNLOCKED
