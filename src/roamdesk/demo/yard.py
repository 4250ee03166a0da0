"""The yard: Nordlade's simulated stations, each connected by OCPP over a socket, and what Users do at them.

Whoever tells a story tells the yard over the database what a User does (``NOTIFY roamdesk_demo``), so that a
story works the same whether the yard stands in this process or in another.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from types import TracebackType

import psycopg
from django.db import connection
from django_scopes import scopes_disabled
from ocpp.exceptions import OCPPError
from websockets.exceptions import WebSocketException

from roamdesk.charging.models import Session
from roamdesk.demo.directory import SIMULATED, Post
from roamdesk.demo.drivers import DRIVERS, Driver
from roamdesk.demo.happenings import database_parameters
from roamdesk.demo.stations import SimulatedStation

logger = logging.getLogger(__name__)

CHANNEL = "roamdesk_demo"
SECONDS_BEFORE_CONNECTING_AGAIN = 1.0
_TROUBLE = (OSError, WebSocketException, TimeoutError, OCPPError)


class Doing(StrEnum):
    ARRIVE = "arrive"
    UNPLUG = "unplug"
    ANSWER_NOW = "answer_now"


@dataclass(frozen=True)
class Scene:
    """What happens at a station: a User arrives and starts, or pulls the cable; or a late station answers."""

    doing: Doing
    station: str
    place: int
    token: str = ""


def tell_yard(doing: Doing, driver: Driver) -> None:
    """Synchronous; the yard acts when the transaction commits."""
    scene = json.dumps(asdict(Scene(doing, driver.station, driver.place, driver.token)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, scene])


def open_transactions() -> dict[str, dict[int, str]]:
    """By station and place: what a station remembers when it comes back, as a real one would. Synchronous."""
    versions = {post.identity: post.version for post in SIMULATED}
    found: dict[str, dict[int, str]] = {identity: {} for identity in versions}
    with scopes_disabled():  # the stations are one desk's, the yard belongs to none
        running = Session.objects.filter(station__identity__in=versions, ended_at__isnull=True, evse__isnull=False)
        known = running.order_by("started_at").values_list(
            "station__identity", "evse__evse_number", "evse__connector_number", "transaction_id"
        )
        for identity, evse, connector, transaction_id in known:
            found[identity][connector if versions[identity] == "ocpp1.6" else evse] = transaction_id
    return found


class Yard:
    """``async with Yard(url)``: inside, the stations connect, and connect again whenever the endpoint comes back."""

    def __init__(
        self, url: str, running: dict[str, dict[int, str]] | None = None, posts: Sequence[Post] = SIMULATED
    ) -> None:
        """``url`` is the endpoint's without a station; ``running`` as ``open_transactions`` gives it."""
        self.stations = {post.identity: _station(url, post) for post in posts}
        self._places = {post.identity: len(post.plugs) for post in posts}
        self._tasks: list[asyncio.Task[None]] = []
        self._met: set[str] = set()
        self._listening = asyncio.Event()
        # One scene at a time at a station, and none before its first Users are there.
        self._at_station = {post.identity: asyncio.Lock() for post in posts}
        for identity, transactions in (running or {}).items():
            self.stations[identity].transactions.update(transactions)
            self.stations[identity].plugged.update(transactions)

    async def __aenter__(self) -> Yard:
        self._tasks.append(asyncio.create_task(self._listen_for_ever()))
        # Whoever sees a station connected may tell us a scene: by then we must be listening.
        await self._listening.wait()
        self._tasks += [asyncio.create_task(self._stay_connected(station)) for station in self.stations.values()]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def act(self, scene: Scene) -> None:
        """Raises KeyError for a station that is not here, ValueError for a place that it has not."""
        if not 1 <= scene.place <= self._places[scene.station]:
            raise ValueError(f"{scene.station} has {self._places[scene.station]} places to charge")
        async with self._at_station[scene.station]:
            await _act(self.stations[scene.station], scene)

    async def _stay_connected(self, station: SimulatedStation) -> None:
        while True:
            try:
                async with self._at_station[station.identity]:
                    await station.start()
                    await self._bring_users(station)
                await station.socket.wait_closed()
            except _TROUBLE as problem:
                logger.info("station %s is not connected: %s", station.identity, problem)
            except asyncio.CancelledError:
                await _hang_up(station)
                raise
            await asyncio.sleep(SECONDS_BEFORE_CONNECTING_AGAIN)

    async def _bring_users(self, station: SimulatedStation) -> None:
        """At the first connection: everybody who charges here in the demo. A session of the last run ends first."""
        if station.identity in self._met:
            return
        self._met.add(station.identity)
        for driver in DRIVERS:
            if driver.station == station.identity:
                await _act(station, Scene(Doing.ARRIVE, driver.station, driver.place, driver.token))

    async def _listen_for_ever(self) -> None:
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                await self._listen()
            await asyncio.sleep(SECONDS_BEFORE_CONNECTING_AGAIN)

    async def _listen(self) -> None:
        async with await psycopg.AsyncConnection.connect(**database_parameters(), autocommit=True) as listener:
            await listener.execute(f"LISTEN {CHANNEL}")
            self._listening.set()
            async for notification in listener.notifies():
                await self._act_as_told(notification.payload)

    async def _act_as_told(self, payload: str) -> None:
        """A story that asks for what cannot be done is logged; the yard goes on."""
        try:
            said = json.loads(payload)
            await self.act(Scene(Doing(said["doing"]), said["station"], int(said["place"]), said["token"]))
        except (*_TROUBLE, KeyError, TypeError, ValueError, RuntimeError) as problem:
            logger.warning("the yard cannot do %r: %r", payload[:200], problem)


def _station(url: str, post: Post) -> SimulatedStation:
    return SimulatedStation(url, post.identity, post.version, post.behaviour, post.password, connectors=len(post.plugs))


async def _act(station: SimulatedStation, scene: Scene) -> None:
    if scene.doing is Doing.ANSWER_NOW:
        station.answer_now.set()
        return
    await _leave(station, scene.place)
    if scene.doing is Doing.ARRIVE:
        station.answer_now.clear()
        await station.plug_in_and_start(scene.token, scene.place)


async def _leave(station: SimulatedStation, place: int) -> None:
    """Ends what runs at the place and pulls the cable; nothing when it is free."""
    if place in station.transactions:
        await station.end_session(place)
    if place in station.plugged:
        await station.unplug(place)


async def _hang_up(station: SimulatedStation) -> None:
    with contextlib.suppress(RuntimeError, OSError, WebSocketException):
        await station.stop()
