"""Whatever a station sends, its connection and everybody else's live on."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from roamdesk.demo.stations import SimulatedStation
from roamdesk.ocpp.central import CentralSystem
from roamdesk.ocpp.events import Heartbeat, StationEvent, StatusReported
from roamdesk.ocpp.limits import Limits
from roamdesk.ocpp.outcomes import Result
from station_doubles import BOUND, MemoryEvents, MemoryRegistry

Start = Callable[..., Awaitable[SimulatedStation]]
DEEP = "[" * 900 + "]" * 900


def call_error_in(frame: list[object]) -> bool:
    return frame[0] == 4


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "not json",
        "null",
        "17",
        '"text"',
        "{}",
        "[]",
        "[2]",
        "[3]",
        '[2,17,"Heartbeat",{}]',
        '[2,"","Heartbeat",{}]',
        '[null,"x",{}]',
        '[2.0,"x","Heartbeat",{}]',
        '[true,"x","Heartbeat",{}]',
        '[3,"nobody asked",{}]',
        '[4,"nobody asked","InternalError","",{}]',
        '[3,"x",[]]',
        '[4,"x",17,"",{}]',
        '[77,"x",{}]',
        "[" * 100_000,
        DEEP,
        '{"a":' * 5_000,
        "x" * 1_500_000,
        "9" * 10_000,
        '[3,"x",NaN]',
        b"\x00\x01binary",
        b"",
    ],
    ids=lambda garbage: repr(garbage[:24]),
)
async def test_garbage_is_kept_raw_and_the_connection_lives(
    central: CentralSystem, station: Start, events: MemoryEvents, garbage: str | bytes
) -> None:
    post = await station("ocpp1.6")
    await post.send_raw(garbage)
    await events.until_unreadable(1)
    outcome = await central.unlock(1, 1, 1, timeout=5)
    assert outcome.result is Result.UNLOCKED
    assert central.connections[1].counts["unreadable"] == 1
    assert len(central.connections[1].unreadable[0]) <= 2000


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
@pytest.mark.parametrize(
    ("frame", "code_16", "code_2"),
    [
        ('[2,"i","Heartbeat",[]]', "FormationViolation", "FormatViolation"),
        ('[2,"i","Heartbeat"]', "FormationViolation", "FormatViolation"),
        ('[2,"i",17,{}]', "FormationViolation", "FormatViolation"),
        ('[2,"i","Heartbeat",{"a":', "FormationViolation", "FormatViolation"),
        ('[2,"i","Heartbeat",' + DEEP + "]", "FormationViolation", "FormatViolation"),
        ('[2,"i","DataTransfer",{"vendorId":"\\u0000"}]', "FormationViolation", "FormatViolation"),
        ('[2,"i","DataTransfer",{"vendorId":"\\ud800"}]', "FormationViolation", "FormatViolation"),
        ('[2,"i","Heartbeat",{"a":1e999999999}]', "FormationViolation", "FormatViolation"),
        ('[2,"i","Teleport",{}]', "NotImplemented", "NotImplemented"),
        ('[2,"i","../../call",{}]', "NotImplemented", "NotImplemented"),
        ('[2,"i","HeartbeatResponse",{}]', "NotImplemented", "NotImplemented"),
        ('[2,"i","SignCertificate",{"csr":"x"}]', "NotImplemented", "NotImplemented"),
        ('[2,"i","BootNotification",{}]', "OccurenceConstraintViolation", "OccurrenceConstraintViolation"),
        ('[2,"i","StatusNotification",{"connectorId":"1"}]', None, None),
        ('[2,"' + "i" * 37 + '","Heartbeat",{}]', "FormationViolation", "FormatViolation"),
        ('[2,"i","DataTransfer",{"vendorId":"' + "x" * 1_100_000 + '"}]', "FormationViolation", "FormatViolation"),
    ],
    ids=lambda value: str(value)[:32],
)
async def test_a_call_that_cannot_be_used_is_answered_with_its_error(
    station: Start, events: MemoryEvents, version: str, frame: str, code_16: str | None, code_2: str | None
) -> None:
    post = await station(version)
    await post.send_raw(frame)
    answers = await post.frames_where(call_error_in)
    answer = json.loads(answers[0])
    expected = {"ocpp1.6": code_16, "ocpp2.0.1": code_2}[version] or answer[2]
    assert answer[1].strip("i") == ""
    assert answer[2] == expected
    await events.until_unreadable(1)


async def test_wrong_types_are_named_and_change_nothing(station: Start, events: MemoryEvents) -> None:
    post = await station("ocpp1.6")
    before = len(events.of(StatusReported))
    payload = {"connectorId": "1", "errorCode": "NoError", "status": "Available"}
    await post.send_raw(json.dumps([2, "i", "StatusNotification", payload]))
    answer = json.loads((await post.frames_where(call_error_in))[0])
    assert answer[2:4] == ["TypeConstraintViolation", "data.connectorId must be integer"]
    assert len(events.of(StatusReported)) == before


@pytest.mark.parametrize(("version", "answered"), [("ocpp1.6", 0), ("ocpp2.0.1", 1)])
async def test_an_unknown_message_type_is_answered_in_2_x_only(
    station: Start, events: MemoryEvents, version: str, answered: int
) -> None:
    post = await station(version)
    await post.send_raw('[77,"i",{}]')
    await post.send_raw('[2,"after","Heartbeat",{}]')
    await post.frames_where(lambda frame: frame[1] == "after")
    errors = [json.loads(text) for text in post.frames if call_error_in(json.loads(text))]
    assert [error[2] for error in errors] == ["MessageTypeNotSupported"] * answered


async def test_a_2_1_message_without_answer_gets_none(station: Start, events: MemoryEvents) -> None:
    post = await station("ocpp2.1")
    await post.send_raw('[6,"s","NotifyPeriodicEventStream",{"id":1}]')
    await events.until_unreadable(1)
    await post.send_raw('[2,"after","Heartbeat",{}]')
    await post.frames_where(lambda frame: frame[1] == "after")
    assert [text for text in post.frames if '"s"' in text] == []


async def test_a_listener_that_fails_costs_one_error_answer(station: Start, events: MemoryEvents) -> None:
    post = await station("ocpp1.6")

    async def fail(station_id: int, event: StationEvent) -> None:
        raise RuntimeError("the database is away")

    events.hook = fail
    await post.send_raw('[2,"lost","Heartbeat",{}]')
    answer = json.loads((await post.frames_where(call_error_in))[0])
    events.hook = None
    assert answer[1:4] == ["lost", "InternalError", "not stored, please send again"]
    await post.send_raw('[2,"kept","Heartbeat",{}]')
    await post.frames_where(lambda frame: frame[:2] == [3, "kept"])


class TestFlood:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(
            frames_at_once=20,
            frames_per_second=100,
            unanswered_messages=10,
            unreadable_frames=10,
            seconds_to_finish=0.2,
        )

    async def test_too_much_garbage_closes_the_connection_with_the_reason(
        self, central: CentralSystem, station: Start
    ) -> None:
        post = await station("ocpp1.6")
        with pytest.raises(ConnectionClosed):
            await send_until_closed(post, "garbage")
        await post.socket.wait_closed()
        assert (post.socket.close_code, post.socket.close_reason) == (
            1008,
            "too many messages that are not OCPP",
        )

    async def test_calls_that_do_not_wait_for_answers_close_the_connection(
        self, central: CentralSystem, station: Start, events: MemoryEvents
    ) -> None:
        post = await station("ocpp1.6")
        stuck = asyncio.Event()

        async def hang(station_id: int, event: StationEvent) -> None:
            await stuck.wait()

        events.hook = hang
        for number in range(12):
            await post.send_raw(f'[2,"i{number}","Heartbeat",{{}}]')
        await asyncio.wait_for(post.socket.wait_closed(), BOUND)
        stuck.set()
        assert post.socket.close_code == 1008
        assert post.socket.close_reason == "10 messages wait for their answer"

    async def test_a_flooding_station_is_slowed_and_its_neighbour_is_not(
        self, central: CentralSystem, station: Start, events: MemoryEvents
    ) -> None:
        flooder = await station("ocpp1.6")
        neighbour = await station("ocpp1.6")
        for number in range(60):
            await flooder.send_raw(f'[2,"f{number}","Heartbeat",{{}}]')
        outcome = await asyncio.wait_for(central.unlock(2, 1, 1, timeout=5), 0.5)
        assert outcome.result is Result.UNLOCKED
        assert len(events.of(Heartbeat)) < 60
        await events.until_seen(Heartbeat, 60)
        assert central.connections[1].counts["slowed"] > 0
        assert central.connections[2].counts["slowed"] == 0
        assert neighbour.socket.close_code is None


async def send_until_closed(post: SimulatedStation, text: str) -> None:
    for _ in range(1000):
        await post.send_raw(text)
        await asyncio.sleep(0)


class TestReconnecting:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(connects_at_once=5, connects_per_second=0.1, seconds_to_finish=0.2)

    async def test_a_station_that_reconnects_all_the_time_leaves_nothing_behind(
        self, central: CentralSystem, station: Start, registry: MemoryRegistry
    ) -> None:
        post = await station("ocpp1.6")
        for _ in range(4):
            await post.drop()
            await post.start(quiet=True)
        await registry.until_logged("disconnected", times=4)
        assert list(central.connections) == [1]
        outcome = await central.unlock(1, 1, 1, timeout=5)
        assert outcome.result is Result.UNLOCKED

    async def test_a_tight_loop_is_told_to_wait_and_others_still_come_in(
        self, central: CentralSystem, station: Start, registry: MemoryRegistry, url: str
    ) -> None:
        registry.know("LOOP")
        looping = SimulatedStation(url, "LOOP")
        for _ in range(5):
            await looping.start(quiet=True)
            await looping.drop()
        with pytest.raises(InvalidStatus) as refused:
            await looping.start(quiet=True)
        assert refused.value.response.status_code == 429
        assert registry.asked.count("LOOP") == 5
        await station("ocpp1.6")
