"""A remote start from the hub's call at the TLS port to the station's socket, and back, in both OCPP generations."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from builders import build_evse, build_station
from hub_caller import as_caller, post
from oicp.conftest import HUB
from oicp_messages import EVSE, PROVIDER, REMOTE_STOP, SESSION
from oicp_messages import REMOTE_START_OF_HUB as START
from roamdesk.charging.models import Command, Evidence, Evse, RemoteStart, Session
from roamdesk.charging.ports import Outcome
from roamdesk.charging.services import queue_command
from roamdesk.demo.stations import Behaviour, SimulatedStation
from roamdesk.desks.models import Desk
from roamdesk.ocpp.process import StationsProcess
from roamdesk.oicp.port import Port
from roamdesk.oicp.wire.writing import encode
from running_stations import BOUND, IDENTITY, Database, new_process

pytestmark = pytest.mark.django_db(transaction=True)
PATH = f"/oicp/nordlade/api/oicp/charging/v21/providers/{PROVIDER}/authorize-remote"
STEM = "DEVPSC00012345"
CARD = "04A1B2C3D4E5F6"
OTHER = "00000000-0000-4000-8000-000000000000"
SILENCE = 0.5
Calls = Callable[..., Awaitable[dict[str, Any]]]
Connect = Callable[..., Awaitable[SimulatedStation]]
EACH_VERSION = pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])


@pytest.fixture
async def database(cpo_desk: Desk) -> AsyncIterator[Database]:
    database = Database(cpo_desk)
    await database.run(lambda: build_evse(build_station(cpo_desk, IDENTITY), EVSE))
    yield database
    await database.threads.close()


@pytest.fixture
async def process(database: Database) -> AsyncIterator[StationsProcess]:
    async with new_process(answer_within=SILENCE) as running:
        await asyncio.wait_for(running.listening.wait(), BOUND)
        yield running


@pytest.fixture
async def connect(process: StationsProcess) -> AsyncIterator[Connect]:
    started: list[SimulatedStation] = []

    async def start(version: str, behaviour: Behaviour = Behaviour.UNLOCKS) -> SimulatedStation:
        station = SimulatedStation(f"ws://127.0.0.1:{process.port}", IDENTITY, version, behaviour)
        started.append(station)
        await station.start()
        return station

    yield start
    for station in started:
        await station.stop()


@pytest.fixture
def hub(port: Port, authority: trustme.CA, tmp_path: Path, cpo_hub: Any) -> Calls:
    context = as_caller(tmp_path, authority, HUB, authority)

    async def call(message: Any = START, path: str = f"{PATH}/start", **changes: Any) -> dict[str, Any]:
        body = json.dumps(json.loads(encode(message)) | changes).encode()
        status, said = await asyncio.to_thread(post, f"https://127.0.0.1:{port.port}{path}", body, context)
        assert status == 200
        return said

    return call


def code(said: dict[str, Any]) -> str:
    assert said["Result"] is (said["StatusCode"]["Code"] == "000")
    return str(said["StatusCode"]["Code"])


def starts_in(station: SimulatedStation) -> list[dict[str, Any]]:
    frames = map(json.loads, station.frames)
    return [frame[3] for frame in frames if frame[0] == 2 and frame[2].endswith("StartTransaction")]


async def begun(database: Database) -> Session:
    """The only session, once its transaction has begun."""
    return await database.until(lambda: Session.objects.get(), lambda row: row.transaction_id != "")


@EACH_VERSION
@pytest.mark.parametrize("behaviour", [Behaviour.UNLOCKS, Behaviour.TALKS_FIRST])
async def test_the_station_starts_and_its_transaction_is_the_hubs_session(
    connect: Connect, hub: Calls, database: Database, version: str, behaviour: Behaviour
) -> None:
    station = await connect(version, behaviour)
    said = await hub()
    session = await begun(database)
    evidence = await database.until(lambda: list(Evidence.objects.values_list("kind", "session_id")), bool)
    tag = said["CPOPartnerSessionID"]
    assert (code(said), said["SessionID"]) == ("000", SESSION)
    assert (session.session_id, session.token_key, session.ended_at) == (SESSION, STEM, None)
    assert session.transaction_id == station.transactions[1]
    assert evidence == [("remote_start", session.pk)]
    number = await database.run(lambda: RemoteStart.objects.get().pk)
    assert starts_in(station) == [
        {"idTag": tag, "connectorId": 1}
        if version == "ocpp1.6"
        else {"idToken": {"idToken": tag, "type": "Central"}, "remoteStartId": number, "evseId": 1}
    ]


@EACH_VERSION
async def test_sent_twice_at_once_and_again_it_starts_once(
    connect: Connect, hub: Calls, database: Database, version: str
) -> None:
    station = await connect(version)
    twice = await asyncio.gather(hub(), hub(SessionID=SESSION.upper()))
    await begun(database)
    again = await hub(ProviderID=PROVIDER.replace("-", "*"))
    assert [code(said) for said in (*twice, again)] == ["000"] * 3
    assert len(starts_in(station)) == 1
    assert await database.run(Session.objects.count) == 1


@EACH_VERSION
@pytest.mark.parametrize(("behaviour", "expected"), [(Behaviour.FAILS, "510"), (Behaviour.CALL_ERROR, "021")])
async def test_the_stations_no_is_passed_on_and_a_repeat_does_not_try_again(
    connect: Connect, hub: Calls, database: Database, version: str, behaviour: Behaviour, expected: str
) -> None:
    station = await connect(version, behaviour)
    assert [code(await hub()), code(await hub())] == [expected] * 2
    assert len(starts_in(station)) == 1
    assert await database.run(Session.objects.count) == 0


@EACH_VERSION
async def test_a_station_that_answers_too_late_is_told_that_this_one_may_not_charge(
    connect: Connect, hub: Calls, database: Database, version: str
) -> None:
    station = await connect(version, Behaviour.LATE)
    assert code(await hub()) == "501"
    station.answer_now.set()
    await station.frames_where(lambda frame: "Invalid" in json.dumps(frame))
    command = await database.until(Command.objects.get, lambda row: row.late)
    assert (command.outcome, station.transactions) == (Outcome.ACCEPTED, {})
    assert code(await hub()) == "501"
    assert len(starts_in(station)) == 1
    assert await database.run(Session.objects.count) == 0


@EACH_VERSION
async def test_a_connection_that_breaks_is_a_station_that_was_not_reached(
    connect: Connect, hub: Calls, database: Database, version: str
) -> None:
    station = await connect(version, Behaviour.SILENT)
    call = asyncio.create_task(hub())
    await station.frames_where(lambda frame: frame[0] == 2 and frame[2].endswith("StartTransaction"))
    await station.drop()
    assert code(await call) == "501"


async def test_a_station_that_is_away_is_not_ordered_anything(hub: Calls, database: Database) -> None:
    said = await hub()
    assert (code(said), said["StatusCode"]["AdditionalInfo"]) == ("501", "The station is not connected.")
    assert await database.run(lambda: (Command.objects.count(), RemoteStart.objects.count())) == (0, 0)


@EACH_VERSION
async def test_where_somebody_charges_nobody_is_started(
    connect: Connect, hub: Calls, database: Database, version: str
) -> None:
    station = await connect(version)
    await station.plug_in_and_start(CARD)
    assert code(await hub()) == "602"
    assert starts_in(station) == []


@EACH_VERSION
async def test_the_msp_stops_what_it_started_and_nothing_else(
    connect: Connect, hub: Calls, database: Database, version: str
) -> None:
    station = await connect(version)
    begins, station.plug_in_and_start = station.plug_in_and_start, _later  # type: ignore[method-assign]
    tag = (await hub())["CPOPartnerSessionID"]
    await begins(CARD)
    assert code(await hub(REMOTE_STOP, f"{PATH}/stop")) == "400"
    await station.end_session()
    await station.unplug()
    await begins(tag)
    session = await database.until(lambda: Session.objects.filter(session_id=SESSION).get(), lambda row: row.station_id)
    assert code(await hub(REMOTE_STOP, f"{PATH}/stop")) == "000"
    await database.until(lambda: Session.objects.get(pk=session.pk), lambda row: not row.charging)
    command = await database.run(lambda: Command.objects.get(kind="remote_stop"))
    assert session.transaction_id in json.dumps(json.loads(command.request)[3])


async def _later(*_: object) -> str:
    """The User has not plugged in yet."""
    return ""


async def test_an_unlock_for_the_user_stops_first_what_the_hub_started(
    connect: Connect, hub: Calls, database: Database
) -> None:
    await connect("ocpp2.0.1")
    await hub()
    session = await begun(database)
    asked: dict[str, Any] = {"about": "", "key": "k1", "requested_by": "nils.operator", "token": session.token_key}
    await database.run(
        lambda: queue_command(database.desk, Evse.objects.get(), "unlock", **asked, at=session.started_at)
    )
    command = await database.finished()
    assert [json.loads(frame)[2] for frame in command.request.splitlines()] == [
        "RequestStopTransaction", "UnlockConnector",
    ]  # fmt: skip
    assert command.outcome == Outcome.UNLOCKED
