"""Simulated charging stations: real OCPP over a real socket, with the faults that a desk has to live with."""

import asyncio
import base64
import contextlib
import json
import ssl as tls
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ocpp.exceptions import InternalError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from roamdesk.demo.station_dialects import BY_CARD, Cause, Message, Order, dialect_for

GARBAGE = (
    "",
    "{}",
    "null",
    "[",
    "[2]",
    "[[[[]]]]",
    '[2,"x","Boot"]',
    '[9,"y",{}]',
    "[" * 5000,
    '[3,"nobody",{}]',
)


class Behaviour(StrEnum):
    """What the station does when it is told to unlock, to start or to reserve."""

    UNLOCKS = "unlocks"
    FAILS = "fails"
    NO_LOCK = "no_lock"
    SILENT = "silent"
    LATE = "late"
    CALL_ERROR = "call_error"
    TALKS_FIRST = "talks_first"
    GARBAGE = "garbage"


@dataclass(frozen=True)
class Reserved:
    """A reservation that the station holds: the central system's number, and for whom."""

    number: int | None = None
    token: str = ""


NOBODY = Reserved()


class SimulatedStation:
    """One station with `connectors` connectors (2.x: EVSEs of one connector each), numbered from 1.

    `version` is the subprotocol. A LATE station answers `late_by` seconds after it was asked, or when
    `answer_now` is set. `frames` holds every text that came in, `sent` every text that went out.
    """

    def __init__(
        self,
        url: str,
        identity: str,
        version: str = "ocpp1.6",
        behaviour: Behaviour = Behaviour.UNLOCKS,
        password: str | bytes | None = None,
        *,
        late_by: float = 60,
        connectors: int = 1,
        ssl: tls.SSLContext | None = None,
    ) -> None:
        self.identity = identity
        self.version = version
        self.behaviour = behaviour
        self.frames: list[str] = []
        self.sent: list[str] = []
        self.answer_now = asyncio.Event()
        self.transactions: dict[int, str] = {}
        self.stopped: set[str] = set()
        self.plugged: set[int] = set()
        self.reserved: dict[int, Reserved] = {}
        self._to_start: set[Order] = set()
        self._url = f"{url.rstrip('/')}/{identity}"
        self._password = password.encode() if isinstance(password, str) else password
        self._late_by = late_by
        self._connectors = connectors
        self._ssl = ssl
        self._dialect = dialect_for(version)
        self._socket: ClientConnection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Condition()

    async def start(self, *, quiet: bool = False) -> None:
        """Connects; unless `quiet`, boots and reports. Raises websockets' InvalidStatus when refused."""
        self._socket = await connect(
            self._url,
            subprotocols=[Subprotocol(self.version)],
            additional_headers=self._authorization(),
            ssl=self._ssl,
            open_timeout=10,
        )
        self._point = self._dialect.version.ChargePoint(self.identity, _Recorder(self), response_timeout=10)
        self._point.route_map = self._routes()
        self._spawn(self._read())
        if not quiet:
            await self.call(self._dialect.boot())
            await self.report_status()

    async def stop(self) -> None:
        """Closes the connection properly."""
        await self._hang_up(self.socket.close())

    async def drop(self) -> None:
        """The connection breaks: no close frame, as when the mobile network goes away."""
        self.socket.transport.abort()
        await self._hang_up(self.socket.wait_closed())

    async def plug_in_and_start(self, token: str, connector: int = 1, because: Cause = BY_CARD) -> str:
        """Plugs the cable in and starts a transaction; returns its id."""
        self.plugged.add(connector)
        self.reserved.pop(connector, None)
        started = await self.call(self._dialect.start(connector, token, because))
        transaction_id = self._dialect.transaction_id(started)
        self.transactions[connector] = transaction_id
        await self._say_status(connector)
        return transaction_id

    async def end_session(self, connector: int = 1, reason: str = "Local") -> None:
        """Ends charging at the station; the cable is still in."""
        await self._stop_transaction(connector, reason)
        await self._say_status(connector)

    async def unplug(self, connector: int = 1) -> None:
        """The User pulls the cable."""
        self.plugged.discard(connector)
        transaction_id = self.transactions.pop(connector, None)
        ended = self._dialect.ended(transaction_id, "Local") if transaction_id else None
        if ended is not None:
            await self.call(ended)
        await self._say_status(connector)

    async def report_status(self) -> None:
        for connector in range(1, self._connectors + 1):
            await self._say_status(connector)

    async def call(self, message: Message) -> Message:
        """Sends a CALL and returns the answer. Raises the `ocpp` package's errors for a CALLERROR."""
        return await self._point.call(message, suppress=False)

    async def send_raw(self, message: str | bytes) -> None:
        await self.socket.send(message)

    async def received(self, action: str, times: int = 1, within: float = 5) -> list[str]:
        """The CALLs of this action, as soon as there are `times` of them. Raises TimeoutError."""
        return await self.frames_where(lambda frame: frame[:1] == [2] and frame[2] == action, times, within)

    async def frames_where(self, wanted: Callable[[list[Any]], bool], times: int = 1, within: float = 5) -> list[str]:
        def found() -> list[str]:
            return [text for text in self.frames if wanted(json.loads(text))]

        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: len(found()) >= times)
        return found()

    @property
    def socket(self) -> ClientConnection:
        if self._socket is None:
            raise RuntimeError("the station is not connected: call start() first")
        return self._socket

    def _authorization(self) -> dict[str, str]:
        if self._password is None:
            return {}
        pair = self.identity.encode() + b":" + self._password
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def _routes(self) -> dict[str, dict[str, Any]]:
        asked = "Request" if self._dialect.must_stop_before_unlock else "Remote"
        return {
            "UnlockConnector": {"_on_action": self._on_unlock},
            f"{asked}StopTransaction": {"_on_action": self._on_stop, "_after_action": self._after_stop},
            f"{asked}StartTransaction": {"_on_action": self._on_start, "_after_action": self._after_start},
            "ReserveNow": {"_on_action": self._on_reserve, "_after_action": self._after_reserve},
            "CancelReservation": {"_on_action": self._on_cancel, "_after_action": self._after_reserve},
            "TriggerMessage": {"_on_action": self._on_trigger, "_after_action": self._after_trigger},
            "Reset": {"_on_action": self._on_reset},
            "ChangeAvailability": {"_on_action": self._on_change_availability},
        }

    async def _on_unlock(self, connector_id: int, evse_id: int | None = None) -> Message:
        connector = connector_id if evse_id is None else evse_id
        return await _UNLOCKING[self.behaviour](self, connector)

    async def _unlocks(self, connector: int, status: str = "Unlocked") -> Message:
        if connector > self._connectors:
            return self._unknown_connector()
        if self._dialect.must_stop_before_unlock and self._is_authorised(connector):
            return self._dialect.unlock_answer("OngoingAuthorizedTransaction")
        if not self._dialect.must_stop_before_unlock:
            await self._stop_transaction(connector, "UnlockCommand")
        return self._dialect.unlock_answer(status)

    def _unknown_connector(self) -> Message:
        status = "UnknownConnector" if self._dialect.must_stop_before_unlock else "NotSupported"
        return self._dialect.unlock_answer(status)

    async def _fails(self, connector: int) -> Message:
        return await self._unlocks(connector, "UnlockFailed")

    async def _has_no_lock(self, _connector: int) -> Message:
        return self._dialect.no_lock()

    async def _stays_silent(self, _connector: int) -> Message:
        return await asyncio.get_running_loop().create_future()

    async def _answers_late(self, connector: int) -> Message:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.answer_now.wait(), self._late_by)
        return await self._unlocks(connector)

    async def _refuses(self, _connector: int) -> Message:
        raise InternalError(description="lock controller does not reply")

    async def _talks_first(self, connector: int) -> Message:
        await self._say_status(connector)
        return await self._unlocks(connector)

    async def _sends_garbage(self, connector: int) -> Message:
        for text in GARBAGE:
            await self.send_raw(text)
        await self.send_raw(b"\x00\xff")
        return await self._unlocks(connector)

    async def _on_stop(self, transaction_id: int | str) -> Message:
        is_running = str(transaction_id) in self._running()
        return self._dialect.stop_answer("Accepted" if is_running else "Rejected")

    async def _after_stop(self, transaction_id: int | str) -> None:
        for connector, known in list(self.transactions.items()):
            if known == str(transaction_id):
                await self.end_session(connector, "Remote")

    async def _on_start(self, **asked: Any) -> Message:
        order = self._dialect.order(asked)
        word = await self._word("Rejected" if self._is_taken(order.connector, order.token) else "Accepted")
        if word == "Accepted":
            self._to_start.add(order)
        if self.behaviour is Behaviour.TALKS_FIRST:
            await self._after_start(**asked)
        return self._dialect.start_answer(word)

    async def _after_start(self, **asked: Any) -> None:
        """The User, who has plugged in, may charge if the central system says so."""
        order = self._dialect.order(asked)
        if order not in self._to_start:
            return
        self._to_start.discard(order)
        because = Cause(order.number, self.reserved.get(order.connector, NOBODY).number)
        if self._dialect.is_authorised(await self.call(self._dialect.authorize(order.token))):
            await self.plug_in_and_start(order.token, order.connector, because)

    async def _on_reserve(self, **asked: Any) -> Message:
        order = self._dialect.order(asked)
        word = await self._word("Occupied" if self._is_taken(order.connector, order.token) else "Accepted")
        if word == "Accepted":
            self.reserved[order.connector] = Reserved(order.number, order.token)
        return self._dialect.version.call_result.ReserveNow(status=word)

    async def _on_cancel(self, reservation_id: int) -> Message:
        found = [place for place, reserved in self.reserved.items() if reserved.number == reservation_id]
        for place in found:
            del self.reserved[place]
        return self._dialect.version.call_result.CancelReservation(status="Accepted" if found else "Rejected")

    async def _after_reserve(self, **_asked: Any) -> None:
        await self.report_status()

    def _is_taken(self, connector: int, token: str) -> bool:
        """By a running transaction, or reserved for another token; a connector that is not there counts as taken."""
        kept = self.reserved.get(connector, NOBODY).token
        return connector > self._connectors or self._is_authorised(connector) or kept not in ("", token)

    async def _word(self, status: str) -> str:
        """What the station says, as its behaviour has it."""
        match self.behaviour:
            case Behaviour.FAILS:
                return "Rejected"
            case Behaviour.SILENT:
                await asyncio.get_running_loop().create_future()
            case Behaviour.LATE:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.answer_now.wait(), self._late_by)
            case Behaviour.CALL_ERROR:
                raise InternalError(description="charging controller does not reply")
        return status

    async def _on_trigger(self, requested_message: str, **_place: Any) -> Message:
        return self._dialect.version.call_result.TriggerMessage(status="Accepted")

    async def _after_trigger(self, requested_message: str, **_place: Any) -> None:
        if requested_message == "StatusNotification":
            await self.report_status()
            return
        for connector, transaction_id in self.transactions.items():
            told = self._dialect.told(transaction_id, connector)
            if told is not None:
                await self.call(told)

    async def _on_reset(self, **_kind: Any) -> Message:
        return self._dialect.version.call_result.Reset(status="Accepted")

    async def _on_change_availability(self, **_change: Any) -> Message:
        status = "Scheduled" if self.transactions else "Accepted"
        return self._dialect.version.call_result.ChangeAvailability(status=status)

    async def _stop_transaction(self, connector: int, reason: str) -> None:
        transaction_id = self.transactions.get(connector)
        if transaction_id is None or transaction_id in self.stopped:
            return
        self.stopped.add(transaction_id)
        await self.call(self._dialect.stopped(transaction_id, reason))
        if not self._dialect.must_stop_before_unlock:
            del self.transactions[connector]

    def _running(self) -> set[str]:
        return set(self.transactions.values()) - self.stopped

    def _is_authorised(self, connector: int) -> bool:
        return self.transactions.get(connector) in self._running()

    async def _say_status(self, connector: int) -> None:
        await self.call(
            self._dialect.status(
                connector,
                plugged=connector in self.plugged,
                charging=self._is_authorised(connector),
                reserved=connector in self.reserved,
            )
        )

    async def _read(self) -> None:
        async for message in self.socket:
            self.frames.append(str(message))
            # Each in its own task: the package would otherwise not read while a handler calls.
            self._spawn(self._point.route_message(message))
            await self._tell_news()

    async def _tell_news(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _spawn(self, work: Awaitable[None]) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(_until_closed(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hang_up(self, closing: Awaitable[None]) -> None:
        await closing
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Recorder:
    """The connection as the `ocpp` package wants it, keeping what is sent."""

    def __init__(self, station: SimulatedStation) -> None:
        self._station = station

    async def send(self, text: str) -> None:
        self._station.sent.append(text)
        await self._station.socket.send(text)


async def _until_closed(work: Awaitable[None]) -> None:
    with contextlib.suppress(ConnectionClosed):
        await work


_UNLOCKING: dict[Behaviour, Callable[[SimulatedStation, int], Awaitable[Message]]] = {
    Behaviour.UNLOCKS: SimulatedStation._unlocks,
    Behaviour.FAILS: SimulatedStation._fails,
    Behaviour.NO_LOCK: SimulatedStation._has_no_lock,
    Behaviour.SILENT: SimulatedStation._stays_silent,
    Behaviour.LATE: SimulatedStation._answers_late,
    Behaviour.CALL_ERROR: SimulatedStation._refuses,
    Behaviour.TALKS_FIRST: SimulatedStation._talks_first,
    Behaviour.GARBAGE: SimulatedStation._sends_garbage,
}
