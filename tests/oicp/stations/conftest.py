"""The hub at our TLS port, the stations process, and a station at its socket."""

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
from oicp_messages import EVSE, PROVIDER
from oicp_messages import REMOTE_START_OF_HUB as START
from roamdesk.demo.stations import Behaviour, SimulatedStation
from roamdesk.desks.models import Desk
from roamdesk.ocpp.process import StationsProcess
from roamdesk.oicp.port import Port
from roamdesk.oicp.wire.writing import encode
from running_stations import BOUND, IDENTITY, Database, new_process

PATH = f"/charging/v21/providers/{PROVIDER}/authorize-remote/start"
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
    base = f"https://127.0.0.1:{port.port}/oicp/nordlade/api/oicp"
    context = as_caller(tmp_path, authority, HUB, authority)

    async def call(message: Any = START, path: str = PATH, **changes: Any) -> dict[str, Any]:
        body = json.dumps(json.loads(encode(message)) | changes).encode()
        status, said = await asyncio.to_thread(post, f"{base}{path}", body, context)
        assert status == 200
        return said

    return call


def code(said: dict[str, Any]) -> str:
    assert said["Result"] is (said["StatusCode"]["Code"] == "000")
    return str(said["StatusCode"]["Code"])
