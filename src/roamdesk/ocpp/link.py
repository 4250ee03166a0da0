"""One station's connection: reads without ever waiting for business, answers in order, carries our CALLs."""

import asyncio
import contextlib
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from roamdesk.ocpp import frames
from roamdesk.ocpp.calls import Announce, Answer, CallQueue, CallReport, OpenCall
from roamdesk.ocpp.events import Unhandled
from roamdesk.ocpp.frames import Call, CallError, CallResult, ErrorCode, Send, UnreadableFrame
from roamdesk.ocpp.limits import Allowance, Limits
from roamdesk.ocpp.ports import Clock
from roamdesk.ocpp.versions import OcppVersion

logger = logging.getLogger(__name__)

FLOODED = 1008


@dataclass(frozen=True, slots=True)
class LateAnswer:
    call: OpenCall
    answer: Answer


@dataclass(frozen=True, slots=True)
class Received:
    """A message of the station and its text."""

    frame: Call | Send
    text: str


@dataclass(frozen=True, slots=True)
class UnreadableCall:
    """Something that cannot be read, except for the id of the CALL that it is."""

    raw: str
    call_id: str
    code: ErrorCode
    reason: str


Work = Received | LateAnswer | UnreadableCall | Unhandled
Worker = Callable[["StationLink", Work], Awaitable[None]]


class Flood(Exception):
    """The station sends more than it may; the text is the reason given to it."""


class StationLink:
    """Reads on while business works or a CALL of ours is open, so the two directions cannot deadlock."""

    def __init__(
        self,
        socket: ServerConnection,
        *,
        station_id: int,
        identity: str,
        version: OcppVersion,
        connection_id: str,
        clock: Clock,
        limits: Limits,
        work: Worker,
    ) -> None:
        self.station_id = station_id
        self.identity = identity
        self.version = version
        self.connection_id = connection_id
        self.counts: Counter[str] = Counter()
        self.unreadable: deque[str] = deque(maxlen=limits.kept_unreadable)
        self._socket = socket
        self._clock = clock
        self._limits = limits
        self._work = work
        self._inbox: asyncio.Queue[Work] = asyncio.Queue(limits.unanswered_messages)
        self._calls = CallQueue(socket.send, clock, limits)
        seconds = asyncio.get_running_loop().time
        self._frames = Allowance(limits.frames_at_once, limits.frames_per_second, seconds)
        self._patience = Allowance(limits.unreadable_frames, limits.unreadable_frames_per_second, seconds)
        self._gone_because = ""

    async def run(self) -> str:
        """Serves until the socket is gone, finishes what had come in, and returns why it went."""
        worker = asyncio.create_task(self._work_in_order(), name=f"station {self.station_id}")
        try:
            await self._read()
        except Flood as flood:
            await self.close(FLOODED, str(flood))
        finally:
            self.abandon(self._close_reason())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._inbox.join(), self._limits.seconds_to_finish)
            worker.cancel()
        return self._gone_because

    async def call(
        self,
        action: str,
        payload: dict[str, Any],
        *,
        message_id: str,
        within_seconds: float,
        announce: Announce | None = None,
    ) -> CallReport:
        """See CallQueue.call."""
        return await self._calls.call(
            action, payload, message_id=message_id, within_seconds=within_seconds, announce=announce
        )

    def abandon(self, reason: str) -> None:
        """Resolves our CALLs at once; the socket itself may still take its time to close."""
        self._gone_because = self._gone_because or reason
        forgotten = self._calls.close(self._gone_because)
        if forgotten:
            logger.warning("station %s: %d answers can no longer come", self.station_id, forgotten)

    async def close(self, code: int, reason: str) -> None:
        self.abandon(reason)
        await self._socket.close(code, reason)

    async def send_result(self, message_id: str, payload: dict[str, Any]) -> None:
        await self._send(frames.format_result(message_id, payload))

    async def send_error(self, message_id: str, code: ErrorCode, description: str) -> None:
        await self._send(frames.format_error(message_id, code.spelled_for(self.version), description))

    async def _send(self, text: str) -> None:
        """An answer that finds no socket is dropped: the station asks again when it is back."""
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(text)

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                message = await self._socket.recv()
                await self._slow_down()
                work = self._sort(message)
                if work is not None:
                    await self._queue(work)

    async def _slow_down(self) -> None:
        delay = self._frames.wait_for_one()
        self.counts["frames"] += 1
        self.counts["slowed"] += delay > 0
        await asyncio.sleep(delay)

    async def _queue(self, work: Work) -> None:
        """Waits a bounded time only: behind what we do not read may stand the answer that work waits for."""
        try:
            async with asyncio.timeout(self._limits.seconds_to_finish):
                await self._inbox.put(work)
        except TimeoutError:
            raise Flood(f"{self._limits.unanswered_messages} messages wait for their answer") from None

    def _sort(self, message: str | bytes) -> Work | None:
        """What is left to do about a message; None when it was the answer that somebody waits for."""
        try:
            return self._understand(message)
        except UnreadableFrame as unreadable:
            return self._keep_unreadable(message, unreadable)

    def _understand(self, message: str | bytes) -> Work | None:
        if isinstance(message, bytes):
            raise UnreadableFrame("OCPP is text, this is a binary message")
        frames.refuse_oversized(message, self._limits.frame_characters)
        match frames.parse(message):
            case Call() | Send() as frame:
                return Received(frame, message)
            case CallResult() | CallError() as frame:
                return self._give_answer(Answer(frame, message, self._clock()))
            case _:
                return Unhandled(message, "the station could not use our answer")

    def _give_answer(self, answer: Answer) -> LateAnswer | None:
        try:
            late_call = self._calls.answered(answer)
        except KeyError:
            raise UnreadableFrame("an answer to nothing that we asked") from None
        return None if late_call is None else LateAnswer(late_call, answer)

    def _keep_unreadable(self, message: str | bytes, unreadable: UnreadableFrame) -> Work:
        self.counts["unreadable"] += 1
        raw = message if isinstance(message, str) else message.hex()
        kept = raw[: self._limits.kept_characters].replace("\x00", "\ufffd")
        self.unreadable.append(kept)
        logger.warning("station %s: %s", self.station_id, unreadable.reason)
        if not self._patience.take():
            raise Flood("too many messages that are not OCPP")
        # Not answered from here: a peer that sends without reading would stop us reading.
        if unreadable.call_id is not None and self._speaks_of(unreadable.code):
            return UnreadableCall(kept, unreadable.call_id, unreadable.code, unreadable.reason)
        return Unhandled(kept, unreadable.reason)

    def _speaks_of(self, code: ErrorCode) -> bool:
        """1.6 ignores message types it does not know; 2.x says MessageTypeNotSupported."""
        return self.version.is_2x or code is not ErrorCode.MESSAGE_TYPE

    async def _work_in_order(self) -> None:
        while True:
            work = await self._inbox.get()
            try:
                await self._work(self, work)
            except Exception:
                logger.exception("station %s: a message could not be worked on", self.station_id)
            finally:
                self._inbox.task_done()

    def _close_reason(self) -> str:
        code, reason = self._socket.close_code, self._socket.close_reason
        return f"the connection was lost ({code}{' ' + reason if reason else ''})"
