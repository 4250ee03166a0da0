"""The central system: the server that stations connect to, and the desk's way to command them."""

import asyncio
import contextlib
import logging
import ssl as tls
from collections.abc import Callable

from websockets.asyncio.server import Server, ServerConnection, serve

from roamdesk.ocpp import commands
from roamdesk.ocpp.answers import outcome_of
from roamdesk.ocpp.calls import Announce, new_message_id
from roamdesk.ocpp.handshake import Doorkeeper
from roamdesk.ocpp.limits import Limits
from roamdesk.ocpp.link import StationLink
from roamdesk.ocpp.outcomes import CommandOutcome, Result
from roamdesk.ocpp.ports import Clock, LateAnswerListener, StationEvents, StationRegistry
from roamdesk.ocpp.reception import Reception, mapping_for
from roamdesk.ocpp.transactions import TransactionWatch
from roamdesk.ocpp.versions import OcppVersion

logger = logging.getLogger(__name__)

GOING_AWAY = 1001
PROTOCOL_ERROR = 1002
SUPERSEDED = "the station opened a newer connection"


class CentralSystem:
    """Stations by OCPP 1.6J, 2.0.1 and 2.1; security profiles 0 and 1, with `ssl` also 2.

    `connections` holds the living link of each connected station by station id. `clock` gives aware UTC.
    `on_late_answer` hears of answers that came after their command was given up, while the same socket lives.
    """

    def __init__(
        self,
        registry: StationRegistry,
        events: StationEvents,
        *,
        clock: Clock,
        on_late_answer: LateAnswerListener | None = None,
        new_connection_id: Callable[[], str] = new_message_id,
        limits: Limits | None = None,
        ping_seconds: float = 20,
    ) -> None:
        self.connections: dict[int, StationLink] = {}
        self.transactions = TransactionWatch()
        self._registry = registry
        self._clock = clock
        self._new_connection_id = new_connection_id
        self._limits = limits or Limits()
        self._ping_seconds = ping_seconds
        self._doorkeeper = Doorkeeper(registry, clock, self._limits)
        self._reception = Reception(events, self.transactions, clock, on_late_answer)
        self._server: Server | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def serve(self, host: str, port: int, ssl: tls.SSLContext | None = None) -> None:
        """Starts listening; port 0 takes a free one. Raises OSError when the port is taken."""
        self._server = await serve(
            self._welcome,
            host,
            port,
            ssl=ssl,
            process_request=self._doorkeeper.process_request,
            select_subprotocol=self._doorkeeper.select_subprotocol,
            compression="deflate",
            max_size=self._limits.frame_bytes_that_close,
            ping_interval=self._ping_seconds,
            ping_timeout=self._ping_seconds,
            open_timeout=self._limits.seconds_to_open,
            close_timeout=self._limits.seconds_to_close,
            server_header=None,
        )

    @property
    def port(self) -> int:
        """The port that is listened on. Raises RuntimeError before `serve`."""
        if self._server is None:
            raise RuntimeError("the central system does not listen yet: call serve() first")
        return int(next(iter(self._server.sockets)).getsockname()[1])

    async def close(self) -> None:
        """Resolves every command in flight, then closes every connection."""
        links = list(self.connections.values())
        await asyncio.gather(*(link.close(GOING_AWAY, "the central system stops") for link in links))
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def unlock(
        self, station_id: int, evse: int, connector: int, *, timeout: float, message_id: str | None = None
    ) -> CommandOutcome:
        return await self.perform(station_id, commands.Unlock(evse, connector), timeout, message_id)

    async def remote_stop(
        self, station_id: int, transaction_id: str, *, timeout: float, message_id: str | None = None
    ) -> CommandOutcome:
        return await self.perform(station_id, commands.RemoteStop(transaction_id), timeout, message_id)

    async def trigger_status(
        self, station_id: int, evse: int, connector: int, *, timeout: float, message_id: str | None = None
    ) -> CommandOutcome:
        return await self.perform(station_id, commands.TriggerStatus(evse, connector), timeout, message_id)

    async def reset(
        self, station_id: int, *, at_once: bool, timeout: float, message_id: str | None = None
    ) -> CommandOutcome:
        """Hits every User at the station: look for other sessions first."""
        return await self.perform(station_id, commands.Reset(at_once), timeout, message_id)

    async def change_availability(
        self,
        station_id: int,
        evse: int,
        connector: int,
        *,
        operative: bool,
        timeout: float,
        message_id: str | None = None,
    ) -> CommandOutcome:
        command = commands.ChangeAvailability(evse, connector, operative)
        return await self.perform(station_id, command, timeout, message_id)

    async def perform(
        self,
        station_id: int,
        command: commands.Command,
        timeout: float,
        message_id: str | None = None,
        announce: Announce | None = None,
    ) -> CommandOutcome:
        """Sends one command and waits up to `timeout` seconds for the answer.

        `announce` is told message id and frame just before sending, and may withdraw it by returning False.

        Raises commands.ImpossibleCommand when it cannot be written for the station's version, ValueError for
        a message id that is too long or in use; nothing was sent then.
        """
        message_id = message_id or new_message_id()
        link = self.connections.get(station_id)
        if link is None:
            return CommandOutcome(Result.NOT_CONNECTED, message_id, detail="not sent: the station is not connected")
        action, payload = mapping_for(link.version).request_for(command)
        report = await link.call(action, payload, message_id=message_id, within_seconds=timeout, announce=announce)
        return outcome_of(link.version, report)

    def version_of(self, station_id: int) -> OcppVersion | None:
        """None while the station is not connected."""
        link = self.connections.get(station_id)
        return None if link is None else link.version

    async def _welcome(self, socket: ServerConnection) -> None:
        if socket.subprotocol is None:
            known = ", ".join(version.value for version in OcppVersion)
            await socket.close(PROTOCOL_ERROR, f"no OCPP version in common; spoken here: {known}")
            return
        link = self._new_link(socket, OcppVersion(socket.subprotocol))
        self._supersede(link)
        await self._keep(link)

    def _new_link(self, socket: ServerConnection, version: OcppVersion) -> StationLink:
        guest = self._doorkeeper.guest(socket)
        return StationLink(
            socket,
            station_id=guest.station_id,
            identity=guest.identity,
            version=version,
            connection_id=self._new_connection_id(),
            clock=self._clock,
            limits=self._limits,
            work=self._reception.work,
        )

    def _supersede(self, link: StationLink) -> None:
        """The newer connection wins; the older one's commands are unknown at once."""
        older = self.connections.get(link.station_id)
        self.connections[link.station_id] = link
        if older is None:
            return
        older.abandon(SUPERSEDED)
        closing = asyncio.create_task(older.close(GOING_AWAY, SUPERSEDED))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _keep(self, link: StationLink) -> None:
        reason = "the connection could not be registered"
        try:
            await self._registry.connected(link.station_id, link.version, link.connection_id, self._clock())
            logger.info("station %s connected by %s", link.station_id, link.version)
            reason = await link.run()
        finally:
            if self.connections.get(link.station_id) is link:
                del self.connections[link.station_id]
            link.abandon(reason)
            await self._sign_off(link, reason)

    async def _sign_off(self, link: StationLink, reason: str) -> None:
        logger.info("station %s disconnected: %s", link.station_id, reason)
        with contextlib.suppress(asyncio.CancelledError):
            await self._registry.disconnected(link.station_id, link.connection_id, reason, self._clock())
