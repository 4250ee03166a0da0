"""An Unlock from the operator's key to the result in the case, against a call of the bare ``ocpp`` package.

Through the desk it is the verb, the stations process (a process of its own, woken by NOTIFY), a real socket, and the
station's answer as a fact: four durable commits. The bare package sends the same request over the same kind of socket
to the same simulated station (again a process of its own), keeps nothing and checks the same schemas. The station
answers at once, so all that is measured is ours. They take turns.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django_scopes import scope
from ocpp.v16 import ChargePoint, call
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from benchmarks.figures import Figure, figure
from benchmarks.lifecycle import bare_commits, identified
from benchmarks.people import AT, Cast, cast
from roamdesk.cases.actors import Actor
from roamdesk.cases.commands import request_unlock
from roamdesk.cases.models import Case
from roamdesk.charging.models import Command, Station

UNLOCKS = 60
COMMITS = 3  # the order, that it was sent, the answer with its event
READY_WITHIN = 40  # seconds
MAIN = "import sys; from roamdesk.server.cli import main; sys.exit(main(['stations']))"


def figures() -> Iterator[Figure]:
    people = cast("unlock")
    cases = [identified(people) for _ in range(UNLOCKS)]
    desk_port, loop = _free_port(), asyncio.new_event_loop()
    bare = loop.run_until_complete(_BareCentral.serving())
    station = ["-m", "benchmarks.station", f"NDL-{people.desk.slug}", str(desk_port), str(bare.port)]
    with _process(["-c", MAIN], ROAMDESK_STATIONS_LISTEN=f"127.0.0.1:{desk_port}"), _process(station):
        loop.run_until_complete(asyncio.wait_for(bare.connected.wait(), READY_WITHIN))
        _wait_for_station(people)
        ours, theirs, kept = [], [], []
        with _connected() as ear, _connected() as disk:
            ear.execute("LISTEN roamdesk_events")
            disk.execute("CREATE TABLE IF NOT EXISTS bare_commit (id bigserial PRIMARY KEY, kind text, data jsonb)")
            for case in cases:
                theirs.append(_timed(lambda: loop.run_until_complete(bare.unlock())))
                kept.append(_timed(lambda: bare_commits(disk, COMMITS)))
                ours.append(_timed(lambda case=case: _unlock(people, case, ear)))
    loop.run_until_complete(bare.close())
    yield _figure("unlock_vs_ocpp", ours, theirs, "bare")
    floors = [trip + commits for trip, commits in zip(theirs, kept, strict=True)]
    yield _figure("unlock_vs_durable_ocpp", ours, floors, f"bare with {COMMITS} bare commits")


def _connected() -> psycopg.Connection[Any]:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


def _figure(name: str, ours: list[float], floors: list[float], floor: str) -> Figure:
    detail = f"{_middle(ours):.1f} ms through the desk against {_middle(floors):.1f} ms {floor}"
    return figure(
        name, [mine / its for mine, its in zip(ours, floors, strict=True)], 2.0, at_least=False, detail=detail
    )


def _timed(work: Any) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


# ---- through the desk ----


def _unlock(people: Cast, case: Case, ear: psycopg.Connection[Any]) -> None:
    """Until a screen would be told of the result: the second transaction's first event."""
    request_unlock(case, actor=Actor.of(people.operator), at=AT, key="press")
    heard = 0
    for told in ear.notifies(timeout=10):
        heard += told.payload.split(":")[1] == str(case.pk)
        if heard == 2:
            break
    with scope(desk=people.desk):
        assert Command.objects.get(about=f"case:{case.pk}").outcome == "unlocked"


@contextmanager
def _process(arguments: list[str], **settings: str) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, *arguments], env=os.environ | settings)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait_for_station(people: Cast) -> None:
    give_up = time.monotonic() + READY_WITHIN
    with scope(desk=people.desk):
        while (
            not Station.objects.filter(desk=people.desk).exclude(connection_id="").exclude(connection_id="1").exists()
        ):
            assert time.monotonic() < give_up, "the station did not connect"
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


# ---- the bare package ----


class _BareCentral:
    """What the package's own example does, and no more."""

    def __init__(self) -> None:
        self.port = 0
        self.connected = asyncio.Event()
        self._point: ChargePoint | None = None
        self._server: Server

    @classmethod
    async def serving(cls) -> _BareCentral:
        central = cls()
        central._server = await serve(central._take, "127.0.0.1", 0, subprotocols=["ocpp1.6"], ping_interval=None)  # type: ignore[list-item]
        central.port = int(next(iter(central._server.sockets)).getsockname()[1])
        return central

    async def _take(self, connection: ServerConnection) -> None:
        self._point = ChargePoint("bare", connection)
        self.connected.set()
        with contextlib.suppress(ConnectionClosed):
            await self._point.start()

    async def unlock(self) -> None:
        assert self._point
        answer = await self._point.call(call.UnlockConnector(connector_id=1))
        assert answer.status == "Unlocked"

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()
