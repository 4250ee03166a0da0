"""The stations process: the endpoint, the commands waiting for its stations, and an orderly end."""

import asyncio
import contextlib
import logging
import signal
import ssl as tls
from datetime import UTC, datetime
from types import TracebackType

from django.conf import settings
from django.db import DatabaseError

from roamdesk.desks.database_threads import DatabaseThreads
from roamdesk.ocpp.backend import DatabaseEvents, DatabaseRegistry
from roamdesk.ocpp.carrying_out import CommandRunner
from roamdesk.ocpp.central import CentralSystem
from roamdesk.ocpp.holding import (
    Holder,
    claim_back,
    forget_connections_of_dead_holders,
    listen_for_commands,
)
from roamdesk.ocpp.limits import Limits

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 2.0


def run() -> None:
    """Serves stations until SIGTERM or SIGINT. Address, certificate and patience come from the settings."""
    asyncio.run(_serve_until_told())


class StationsProcess:
    """`async with`: inside, stations are served at `port` and queued commands are carried out.

    `listening` is set while commands wake us at once; else they are found within `sweep_seconds`.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        answer_within: float,
        ssl: tls.SSLContext | None = None,
        limits: Limits | None = None,
        sweep_seconds: float = SWEEP_SECONDS,
    ) -> None:
        self._address = (host, port)
        self._ssl = ssl
        self._sweep_seconds = sweep_seconds
        self._holder = Holder()
        self._threads = DatabaseThreads()
        self._runner = CommandRunner(self._threads, utc_now, holder=self._holder.mark, answer_within=answer_within)
        self.central = CentralSystem(
            DatabaseRegistry(self._threads),
            DatabaseEvents(self._threads),
            clock=utc_now,
            on_late_answer=self._runner.note_late_answer,
            new_connection_id=self._holder.new_connection_id,
            limits=limits,
        )
        self._runner.central = self.central
        self._tasks: list[asyncio.Task[None]] = []
        self.listening = asyncio.Event()

    @property
    def port(self) -> int:
        return self.central.port

    async def __aenter__(self) -> "StationsProcess":
        """Raises OSError when the port is taken."""
        await self.central.serve(*self._address, ssl=self._ssl)
        listening = listen_for_commands(self._holder, self._runner.pick_up, self._on_listening)
        self._tasks.append(asyncio.create_task(listening, name="listening for commands"))
        self._tasks.append(asyncio.create_task(self._sweep_for_ever(), name="sweeping"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stations are told that we go away; their commands in flight are stored as unknown."""
        await self.central.close()
        await self._runner.finish()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._threads.close()

    async def _on_listening(self) -> None:
        await self._threads.run(
            claim_back, {station_id: link.connection_id for station_id, link in self.central.connections.items()}
        )
        self.listening.set()

    async def _sweep_for_ever(self) -> None:
        while True:
            with contextlib.suppress(DatabaseError):
                await self._runner.sweep()
                await self._threads.run(forget_connections_of_dead_holders)
            await asyncio.sleep(self._sweep_seconds)


def utc_now() -> datetime:
    return datetime.now(UTC)


async def _serve_until_told() -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    host, _, port = settings.STATIONS_LISTEN.rpartition(":")
    process = StationsProcess(
        host.strip("[]"), int(port), answer_within=float(settings.COMMAND_TIMEOUT), ssl=_tls_context()
    )
    async with process:
        logger.info("stations are served at %s", settings.STATIONS_LISTEN)
        await told.wait()


def _tls_context() -> tls.SSLContext | None:
    """TLS 1.2 or later (security profile 2); None without a certificate."""
    if not settings.STATIONS_CERTIFICATE:
        return None
    context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
    context.minimum_version = tls.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.STATIONS_CERTIFICATE, settings.STATIONS_KEY or None)
    return context
