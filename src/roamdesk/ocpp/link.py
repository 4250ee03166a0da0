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
from roamdesk.ocpp.calls import Answer, CallQueue, CallReport, OpenCall
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
        finally:
            self.abandon(self._close_reason())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._inbox.join(), self._limits.seconds_to_finish)
            worker.cancel()
        return self._gone_because

    async def call(
        self, action: str, payload: dict[str, Any], *, message_id: str, within_seconds: float
    ) -> CallReport:
        """See CallQueue.call."""
        return await self._calls.call(action, payload, message_id=message_id, within_seconds=within_seconds)

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
                objection = self._take_in(message)
                if objection:
                    await self.close(FLOODED, objection)

    async def _slow_down(self) -> None:
        delay = self._frames.wait_for_one()
        if delay:
            self.counts["slowed"] += 1
            await asyncio.sleep(delay)

    def _take_in(self, message: str | bytes) -> str | None:
        """Sorts one message; says why the connection has to end, if it has to."""
        self.counts["frames"] += 1
        try:
            self._sort(message)
        except UnreadableFrame as unreadable:
            return self._keep_unreadable(message, unreadable)
        except asyncio.QueueFull:
            return f"more than {self._limits.unanswered_messages} messages wait for their answer"
        return None

    def _sort(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            raise UnreadableFrame("OCPP is text, this is a binary message")
        frames.refuse_oversized(message, self._limits.frame_characters)
        frame = frames.parse(message)
        match frame:
            case Call() | Send():
                self._inbox.put_nowait(Received(frame, message))
            case CallResult() | CallError():
                self._sort_answer(Answer(frame, message, self._clock()))
            case _:
                self._inbox.put_nowait(Unhandled(message, "the station could not use our answer"))

    def _sort_answer(self, answer: Answer) -> None:
        try:
            late_call = self._calls.answered(answer)
        except KeyError:
            raise UnreadableFrame("an answer to nothing that we asked") from None
        if late_call is not None:
            self.counts["late answers"] += 1
            self._inbox.put_nowait(LateAnswer(late_call, answer))

    def _keep_unreadable(self, message: str | bytes, unreadable: UnreadableFrame) -> str | None:
        self.counts["unreadable"] += 1
        raw = message if isinstance(message, str) else message.hex()
        kept = raw[: self._limits.kept_characters].replace("\x00", "\ufffd")
        self.unreadable.append(kept)
        logger.warning("station %s: %s", self.station_id, unreadable.reason)
        if not self._patience.take():
            return "too many messages that are not OCPP"
        self._queue_refusal(kept, unreadable)
        return None

    def _queue_refusal(self, kept: str, unreadable: UnreadableFrame) -> None:
        # Not answered from here: a peer that sends without reading would stop us reading.
        work: Work = Unhandled(kept, unreadable.reason)
        if unreadable.call_id is not None and self._speaks_of(unreadable.code):
            work = UnreadableCall(kept, unreadable.call_id, unreadable.code, unreadable.reason)
        with contextlib.suppress(asyncio.QueueFull):
            self._inbox.put_nowait(work)

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
