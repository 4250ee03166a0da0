"""The stations process on a real PostgreSQL, with real sockets: sessions stored, commands carried out."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from websockets.exceptions import InvalidStatus

from builders import build_evse, build_station
from roamdesk.charging.models import Command, Evse, RefusedStation, Session, Station
from roamdesk.charging.ports import Outcome
from roamdesk.charging.services import register_station
from roamdesk.demo.stations import Behaviour, SimulatedStation
from roamdesk.desks.models import Desk
from roamdesk.ocpp.holding import forget_connections_of_dead_holders
from roamdesk.ocpp.process import StationsProcess
from running_stations import BOUND, IDENTITY, Database, new_process

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "04A1B2C3D4E5F6"
State = Command.State


@pytest.fixture
async def database(cpo_desk: Desk) -> AsyncIterator[Database]:
    database = Database(cpo_desk)
    await database.run(lambda: build_evse(build_station(cpo_desk, IDENTITY)))
    yield database
    await database.threads.close()


@pytest.fixture
async def process(database: Database) -> AsyncIterator[StationsProcess]:
    async with new_process() as running:
        await asyncio.wait_for(running.listening.wait(), BOUND)
        yield running


Connect = Callable[..., Awaitable[SimulatedStation]]


@pytest.fixture
async def connect(process: StationsProcess) -> AsyncIterator[Connect]:
    started: list[SimulatedStation] = []

    async def start(version: str = "ocpp1.6", behaviour: Behaviour = Behaviour.UNLOCKS) -> SimulatedStation:
        post = SimulatedStation(f"ws://127.0.0.1:{process.port}", IDENTITY, version, behaviour)
        started.append(post)
        await post.start()
        return post

    yield start
    for post in started:
        await post.stop()


async def test_a_station_is_connected_while_it_is(connect: Connect, database: Database) -> None:
    post = await connect("ocpp2.0.1")
    station = await database.station()
    assert station.is_connected
    assert (station.version, station.vendor, station.model) == ("ocpp2.0.1", "Nordlade", "Post 2")
    await post.stop()
    await database.until(lambda: Station.objects.get(), lambda row: not row.is_connected)


async def test_who_is_not_let_in_is_shown_with_the_reason(process: StationsProcess, database: Database) -> None:
    await database.run(lambda: register_station(database.desk, "NDL-0002", password="x" * 20))
    url = f"ws://127.0.0.1:{process.port}"
    for post in (SimulatedStation(url, "NOBODY"), SimulatedStation(url, "NDL-0002", password="y" * 20)):
        with pytest.raises(InvalidStatus):
            await post.start()
    refused = await database.run(lambda: list(RefusedStation.objects.order_by("pk").values_list("identity", "reason")))
    assert refused == [
        ("NOBODY", "unknown identity: register the station at its desk"),
        ("NDL-0002", "wrong password"),
    ]


async def test_a_registered_password_opens(process: StationsProcess, database: Database) -> None:
    await database.run(lambda: register_station(database.desk, "NDL-0002", password="a-password-of-20-chr"))
    post = SimulatedStation(f"ws://127.0.0.1:{process.port}", "NDL-0002", password="a-password-of-20-chr")
    await post.start()
    await post.stop()


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
async def test_an_order_reaches_the_station_and_its_answer_the_order(
    connect: Connect, database: Database, version: str
) -> None:
    post = await connect(version)
    queued = await database.order()
    command = await database.finished()
    assert queued.state == State.QUEUED
    assert (command.state, command.outcome, command.late) == (State.ANSWERED, Outcome.UNLOCKED, False)
    assert command.request == post.frames[-1]
    assert json.loads(command.response) == [3, command.message_id, {"status": "Unlocked"}]
    assert command.queued_at <= command.sent_at <= command.answered_at


@pytest.mark.parametrize(
    ("version", "behaviour", "state", "outcome"),
    [
        ("ocpp1.6", Behaviour.FAILS, State.ANSWERED, Outcome.UNLOCK_FAILED),
        ("ocpp1.6", Behaviour.NO_LOCK, State.ANSWERED, Outcome.NOT_SUPPORTED),
        ("ocpp1.6", Behaviour.CALL_ERROR, State.ANSWERED, Outcome.CALL_ERROR),
        ("ocpp2.0.1", Behaviour.NO_LOCK, State.ANSWERED, Outcome.CALL_ERROR),
        ("ocpp1.6", Behaviour.TALKS_FIRST, State.ANSWERED, Outcome.UNLOCKED),
        ("ocpp1.6", Behaviour.GARBAGE, State.ANSWERED, Outcome.UNLOCKED),
    ],
)
async def test_every_outcome_is_stored_apart(
    connect: Connect, database: Database, version: str, behaviour: Behaviour, state: str, outcome: str
) -> None:
    await connect(version, behaviour)
    await database.order()
    command = await database.finished()
    assert (command.state, command.outcome) == (state, outcome)


async def test_an_error_answer_keeps_its_words(connect: Connect, database: Database) -> None:
    await connect("ocpp1.6", Behaviour.CALL_ERROR)
    await database.order()
    command = await database.finished()
    assert command.detail == "InternalError: lock controller does not reply"


async def test_silence_is_unknown_and_a_late_answer_is_accepted(database: Database) -> None:
    async with new_process(answer_within=0.2) as process:
        post = SimulatedStation(f"ws://127.0.0.1:{process.port}", IDENTITY, behaviour=Behaviour.LATE)
        await post.start()
        await database.order()
        silent = await database.finished()
        post.answer_now.set()
        answered = await database.finished(State.ANSWERED)
        await post.stop()
    assert (silent.state, silent.outcome) == (State.UNKNOWN, Outcome.NO_ANSWER)
    assert (answered.outcome, answered.late) == (Outcome.UNLOCKED, True)
    assert json.loads(answered.response)[1] == silent.message_id


async def test_a_dropped_connection_is_unknown_at_once(connect: Connect, database: Database) -> None:
    post = await connect("ocpp1.6", Behaviour.SILENT)
    await database.order()
    await post.received("UnlockConnector")
    await post.drop()
    command = await asyncio.wait_for(database.finished(), 1)
    assert (command.state, command.outcome) == (State.UNKNOWN, Outcome.CONNECTION_LOST)


async def test_a_2_0_1_session_is_stopped_before_the_lock_opens(connect: Connect, database: Database) -> None:
    post = await connect("ocpp2.0.1")
    await post.plug_in_and_start(TOKEN)
    await database.order()
    command = await database.finished()
    session = await database.run(lambda: Session.objects.get())
    sent = [json.loads(line) for line in command.request.splitlines()]
    assert [frame[2] for frame in sent] == ["RequestStopTransaction", "UnlockConnector"]
    assert [frame[1] for frame in sent][-1] == command.message_id
    assert len(command.response.splitlines()) == 2
    assert command.outcome == Outcome.UNLOCKED
    assert command.detail == "the session was told to stop first (accepted) and was seen to stop"
    assert (session.charging, session.ended_at) == (False, None)


async def test_a_stop_is_sent_for_the_open_session(connect: Connect, database: Database) -> None:
    post = await connect("ocpp1.6")
    transaction_id = await post.plug_in_and_start(TOKEN)
    await database.order(Command.Kind.REMOTE_STOP)
    command = await database.finished()
    session = await database.until(lambda: Session.objects.get(), lambda row: row.ended_at is not None)
    assert command.outcome == Outcome.ACCEPTED
    assert json.loads(command.request)[3] == {"transactionId": int(transaction_id)}
    assert (session.stop_reason, session.energy_kwh) == ("Remote", Decimal("6.400"))


async def test_a_stop_without_a_session_is_not_sent_and_says_why(connect: Connect, database: Database) -> None:
    await connect("ocpp1.6")
    await database.order(Command.Kind.REMOTE_STOP)
    command = await database.finished()
    assert (command.state, command.outcome) == (State.NOT_SENT, Outcome.NOT_POSSIBLE)
    assert command.detail == "no session is open there"


async def test_the_status_is_read_anew(connect: Connect, database: Database) -> None:
    post = await connect("ocpp1.6")
    before = await database.run(lambda: Evse.objects.get().status_at)
    await database.order(Command.Kind.STATUS)
    command = await database.finished()
    evse = await database.until(lambda: Evse.objects.get(), lambda row: row.status_at > before)
    assert command.outcome == Outcome.ACCEPTED
    assert evse.status == "Available"
    await database.until(lambda: post.frames[-1], lambda frame: frame.startswith("[3,"))


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
async def test_a_session_is_stored_from_start_to_end(connect: Connect, database: Database, version: str) -> None:
    post = await connect(version)
    transaction_id = await post.plug_in_and_start(TOKEN)
    running = await database.run(lambda: Session.objects.select_related("evse").get())
    assert (running.transaction_id, running.token_key, running.ended_at) == (transaction_id, TOKEN, None)
    assert running.evse.label == "DE*NDL*E4421*1"
    await post.end_session()
    await post.unplug()
    ended = await database.run(lambda: Session.objects.get())
    assert (ended.stop_reason, ended.charging) == ("Local", False)
    assert ended.ended_at is not None


async def test_a_repeated_start_gives_the_same_transaction(connect: Connect, database: Database) -> None:
    post = await connect("ocpp1.6")
    payload = {"connectorId": 1, "idTag": TOKEN, "meterStart": 0, "timestamp": "2026-03-10T09:15:00Z"}
    for number in ("first", "second"):
        await post.send_raw(json.dumps([2, number, "StartTransaction", payload]))
    answers = await post.frames_where(lambda frame: frame[1] in ("first", "second"), times=2)
    assert len({json.loads(answer)[2]["transactionId"] for answer in answers}) == 1


async def test_a_lock_problem_stands_until_it_is_taken_back(connect: Connect, database: Database) -> None:
    post = await connect("ocpp2.0.1")
    await post.send_raw(lock_problem("true"))
    await database.until(lambda: Evse.objects.get().error_code, lambda code: code == "ConnectorLockFailure")
    await post.report_status()
    assert await database.run(lambda: Evse.objects.get().error_code) == "ConnectorLockFailure"
    await post.send_raw(lock_problem("false"))
    await database.until(lambda: Evse.objects.get().error_code, lambda code: code == "")


async def test_an_order_of_which_nobody_told_is_found(connect: Connect, database: Database) -> None:
    await connect("ocpp1.6")
    await database.run(
        lambda: Command.objects.create(
            desk=database.desk,
            station=Station.objects.get(),
            evse=Evse.objects.get(),
            kind=Command.Kind.UNLOCK,
            key="k1",
            requested_by="nils.operator",
            queued_at=datetime.now(UTC),
        )
    )
    assert (await database.finished()).outcome == Outcome.UNLOCKED


async def test_two_processes_carry_an_order_out_once(connect: Connect, database: Database) -> None:
    post = await connect("ocpp1.6")
    async with new_process() as other:
        await asyncio.wait_for(other.listening.wait(), BOUND)
        await database.order()
        command = await database.finished()
    assert command.outcome == Outcome.UNLOCKED
    assert len(await post.received("UnlockConnector")) == 1


async def test_listening_survives_a_broken_database_connection(
    connect: Connect, database: Database, process: StationsProcess
) -> None:
    await connect("ocpp1.6")
    process.listening.clear()
    await database.run(break_listeners)
    await asyncio.wait_for(process.listening.wait(), BOUND)
    await database.order()
    assert (await database.finished()).outcome == Outcome.UNLOCKED
    assert (await database.station()).is_connected


async def test_stations_of_a_killed_process_do_not_count_as_connected(connect: Connect, database: Database) -> None:
    await connect("ocpp1.6")
    gone = "0000beef-0123456789abcdef0123456789a"
    await database.run(lambda: build_station(database.desk, "NDL-0002", connection_id=gone))
    await database.run(forget_connections_of_dead_holders)
    connected = await database.run(lambda: {row.identity: row.is_connected for row in Station.objects.all()})
    assert connected == {IDENTITY: True, "NDL-0002": False}


async def test_ending_the_process_stores_what_is_in_flight_as_unknown(database: Database) -> None:
    async with new_process() as process:
        post = SimulatedStation(f"ws://127.0.0.1:{process.port}", IDENTITY, behaviour=Behaviour.SILENT)
        await post.start()
        await database.order()
        await post.received("UnlockConnector")
    command = await database.finished()
    assert (command.state, command.outcome) == (State.UNKNOWN, Outcome.CONNECTION_LOST)
    assert not (await database.station()).is_connected
    await post.stop()


def lock_problem(value: str) -> str:
    data = {
        "eventId": 1,
        "timestamp": "2026-03-10T09:15:00Z",
        "trigger": "Alerting",
        "actualValue": value,
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connectorId": 1}},
        "variable": {"name": "Problem"},
    }
    payload = {"generatedAt": "2026-03-10T09:15:00Z", "seqNo": 0, "eventData": [data]}
    return json.dumps([2, f"lock-{value}", "NotifyEvent", payload])


def break_listeners() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE 'LISTEN%%' AND datname = current_database()"
        )
