"""A remote start from the hub's call at the TLS port to the station's socket, and back, in both OCPP generations."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from oicp.stations.conftest import EACH_VERSION, Calls, Connect, code
from oicp_messages import PROVIDER, REMOTE_STOP, SESSION
from roamdesk.charging.models import Command, Evidence, Evse, RemoteStart, Session
from roamdesk.charging.ports import Outcome
from roamdesk.charging.services import queue_command
from roamdesk.demo.stations import Behaviour, SimulatedStation
from running_stations import Database

pytestmark = pytest.mark.django_db(transaction=True)
STOP = f"/charging/v21/providers/{PROVIDER}/authorize-remote/stop"
STEM = "DEVPSC00012345"
CARD = "04A1B2C3D4E5F6"


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
async def test_a_stop_before_the_transaction_takes_the_start_back(
    connect: Connect, hub: Calls, database: Database, version: str
) -> None:
    station = await connect(version)
    begins, station.plug_in_and_start = station.plug_in_and_start, _later  # type: ignore[method-assign]
    tag = (await hub())["CPOPartnerSessionID"]
    await begins(CARD)
    assert code(await hub(REMOTE_STOP, STOP)) == "000"
    assert [code(await hub(REMOTE_STOP, STOP)), code(await hub())] == ["400", "400"]
    await station.end_session()
    await begins(tag)
    await station.frames_where(lambda frame: "Invalid" in json.dumps(frame))
    orders = await database.run(lambda: list(Command.objects.values_list("kind", flat=True)))
    joined = await database.run(lambda: Session.objects.get(session_id=SESSION).transaction_id)
    assert (orders, joined) == (["remote_start"], "")


@EACH_VERSION
async def test_the_msp_stops_what_it_started_and_nothing_else(
    connect: Connect, hub: Calls, database: Database, version: str
) -> None:
    await connect(version)
    await hub()
    session = await begun(database)
    assert code(await hub(REMOTE_STOP, STOP)) == "000"
    await database.until(lambda: Session.objects.get(pk=session.pk), lambda row: not row.charging)
    command = await database.run(lambda: Command.objects.get(kind="remote_stop"))
    assert session.transaction_id in json.dumps(json.loads(command.request)[3])


async def _later(*_: object) -> str:
    """The User has not plugged in yet."""
    return ""


async def test_the_tag_ends_its_session_and_begins_no_other(connect: Connect, hub: Calls, database: Database) -> None:
    station = await connect("ocpp1.6")
    tag = (await hub())["CPOPartnerSessionID"]
    transaction_id = int((await begun(database)).transaction_id)
    when = {"timestamp": "2026-03-10T09:15:00Z"}
    stop = {"transactionId": transaction_id, "idTag": tag, "meterStop": 7400, **when}
    begin = {"connectorId": 1, "idTag": tag, "meterStart": 7400, **when}
    await station.send_raw(json.dumps([2, "end", "StopTransaction", stop]))
    await station.send_raw(json.dumps([2, "again", "StartTransaction", begin]))
    answers = await station.frames_where(lambda frame: frame[1] in ("end", "again"), times=2)
    assert [json.loads(answer)[2]["idTagInfo"]["status"] for answer in answers] == ["Accepted", "Invalid"]


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
