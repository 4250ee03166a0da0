"""A reservation from the hub's call to the station's socket, used, given up and run out, in both OCPP generations."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Any

import pytest

from oicp.stations.conftest import EACH_VERSION, PATH, Calls, Connect, code
from oicp_messages import END_RESERVATION, PROVIDER, RESERVE_OF_HUB
from oicp_messages import REMOTE_START_OF_HUB as START
from roamdesk.charging.models import Command, Evse, Reservation, Session
from roamdesk.demo.stations import Behaviour, SimulatedStation
from running_stations import Database

pytestmark = pytest.mark.django_db(transaction=True)
RESERVE = f"/reservation/v11/providers/{PROVIDER}/reservation-start-request"
GIVE_UP = f"/charging/v21/providers/{PROVIDER}/authorize-remote-reservation/stop"
OTHER = "00000000-0000-4000-8000-000000000000"
STRANGER = {"RemoteIdentification": {"EvcoID": "DE-VPS-C00099999-9"}}


def orders_at(station: SimulatedStation) -> list[tuple[str, dict[str, Any]]]:
    frames = map(json.loads, station.frames)
    return [(frame[2], frame[3]) for frame in frames if frame[0] == 2]


async def state(database: Database) -> str:
    return await database.run(lambda: Reservation.objects.get().state)


@EACH_VERSION
async def test_the_station_keeps_the_evse_until_it_is_given_up(
    connect: Connect, hub: Calls, database: Database, version: str
) -> None:
    station = await connect(version)
    twice = await asyncio.gather(hub(RESERVE_OF_HUB, RESERVE), hub(RESERVE_OF_HUB, RESERVE))
    kept = await database.run(Reservation.objects.get)
    await database.until(lambda: Evse.objects.get().status, lambda status: status == "Reserved")
    assert [code(said) for said in twice] == ["000", "000"]
    assert code(await hub(RESERVE_OF_HUB, RESERVE, SessionID=OTHER)) == "601"
    assert code(await hub(START, PATH, SessionID=OTHER, Identification=STRANGER)) == "602"
    ends = [await hub(END_RESERVATION, GIVE_UP) for _ in range(2)]
    assert [code(said) for said in ends] == ["000", "000"]
    assert code(await hub(RESERVE_OF_HUB, RESERVE)) == "400"
    (reserve, asked), (give_up, ended) = orders_at(station)
    until = asked["expiryDate" if version == "ocpp1.6" else "expiryDateTime"]
    assert (reserve, give_up) == ("ReserveNow", "CancelReservation")
    assert asked["reservationId" if version == "ocpp1.6" else "id"] == ended["reservationId"] == kept.pk
    assert abs((datetime.fromisoformat(until) - kept.until).total_seconds()) < 0.01
    assert (await state(database), station.reserved) == ("cancelled", {})


@EACH_VERSION
async def test_its_user_starts_there_and_uses_it_up(
    connect: Connect, hub: Calls, database: Database, version: str
) -> None:
    station = await connect(version)
    reserved = await hub(RESERVE_OF_HUB, RESERVE)
    started = await hub(START, PATH, SessionID=OTHER)
    session = await database.until(Session.objects.get, lambda row: row.transaction_id != "")
    assert (code(started), started["CPOPartnerSessionID"]) == ("000", reserved["CPOPartnerSessionID"])
    assert (session.session_id, station.reserved, await state(database)) == (OTHER, {}, "used")
    assert code(await hub(END_RESERVATION, GIVE_UP)) == "400"


@EACH_VERSION
async def test_a_station_that_reserves_too_late_is_told_to_give_up(
    connect: Connect, hub: Calls, database: Database, version: str
) -> None:
    station = await connect(version, Behaviour.LATE)
    assert code(await hub(RESERVE_OF_HUB, RESERVE)) == "501"
    station.answer_now.set()
    await database.until(
        lambda: list(Command.objects.values_list("outcome", flat=True)), lambda seen: seen == ["accepted"] * 2
    )
    assert (await state(database), station.reserved) == ("refused", {})


async def test_what_the_station_says_is_over_is_over(connect: Connect, hub: Calls, database: Database) -> None:
    station = await connect("ocpp2.0.1")
    await hub(RESERVE_OF_HUB, RESERVE)
    number = await database.run(lambda: Reservation.objects.get().pk)
    told = {"reservationId": number, "reservationUpdateStatus": "Expired"}
    await station.send_raw(json.dumps([2, "over", "ReservationStatusUpdate", told]))
    await station.frames_where(lambda frame: frame[1] == "over")
    assert await state(database) == "over"
    assert code(await hub(END_RESERVATION, GIVE_UP)) == "400"


async def test_a_reservation_that_has_run_out_is_not_given_up(connect: Connect, hub: Calls, database: Database) -> None:
    station = await connect("ocpp1.6")
    await hub(RESERVE_OF_HUB, RESERVE)
    await database.run(lambda: Reservation.objects.update(until=Reservation.objects.get().asked_at))
    assert code(await hub(END_RESERVATION, GIVE_UP)) == "400"
    assert code(await hub(RESERVE_OF_HUB, RESERVE)) == "400"
    assert len(orders_at(station)) == 1


async def test_a_station_that_is_away_reserves_nothing_and_gives_nothing_up(
    connect: Connect, hub: Calls, database: Database
) -> None:
    station = await connect("ocpp1.6")
    await hub(RESERVE_OF_HUB, RESERVE)
    await station.stop()
    await database.until(database_station_connected, lambda connected: not connected)
    assert code(await hub(END_RESERVATION, GIVE_UP)) == "501"
    assert code(await hub(RESERVE_OF_HUB, RESERVE, SessionID=OTHER)) == "501"
    assert await state(database) == "held"


def database_station_connected() -> bool:
    return Evse.objects.select_related("station").get().station.is_connected
