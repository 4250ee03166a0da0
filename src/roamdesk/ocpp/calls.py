"""Our CALLs to one station: one open at a time, a short queue behind it, and late answers remembered."""

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any

from websockets.exceptions import ConnectionClosed

from roamdesk.ocpp.frames import MAX_MESSAGE_ID, CallError, CallResult, format_call
from roamdesk.ocpp.limits import Limits
from roamdesk.ocpp.ports import Clock


class Silence(Enum):
    """Why there is no answer. The first three were never sent; what the others did is unknown."""

    NOT_CONNECTED = auto()
    BUSY = auto()
    WITHDRAWN = auto()
    NO_ANSWER = auto()
    CONNECTION_LOST = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """The station's CALLRESULT or CALLERROR as text, parsed, with the instant (UTC) it came in."""

    frame: CallResult | CallError
    text: str
    at: datetime


@dataclass(slots=True)
class OpenCall:
    message_id: str
    action: str
    payload: dict[str, Any]
    text: str
    sent_at: datetime | None = None
    waiter: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    sending: asyncio.Future[None] | None = None

    def send_by(self, send: Callable[[str], Awaitable[None]]) -> None:
        """Does not wait for the socket: one that no longer drains must not hold up whoever waits."""
        self.sending = asyncio.ensure_future(send(self.text))
        self.sending.add_done_callback(self._sent)

    def _sent(self, sending: asyncio.Future[None]) -> None:
        problem = None if sending.cancelled() else sending.exception()
        if problem is not None and not self.waiter.done():
            self.waiter.set_exception(problem)


@dataclass(frozen=True, slots=True)
class CallReport:
    """One CALL and what came of it: an answer, or the kind of silence with its reason in words."""

    call: OpenCall
    answer: Answer | None = None
    silence: Silence | None = None
    reason: str = ""


# Told the message id and the frame when its turn has come; False withdraws it before it is sent.
Announce = Callable[[str, str], Awaitable[bool]]


class LinkLost(ConnectionError):
    """The socket is gone while a CALL was open."""


def new_message_id() -> str:
    """Unique per station for all time: 36 characters of a random UUID."""
    return str(uuid.uuid4())


class CallQueue:
    """The CSMS's direction of one connection (OCPP-J: at most one open CALL per direction)."""

    def __init__(self, send: Callable[[str], Awaitable[None]], clock: Clock, limits: Limits) -> None:
        self._send = send
        self._clock = clock
        self._limits = limits
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._open: OpenCall | None = None
        self._late: OrderedDict[str, OpenCall] = OrderedDict()
        self._closed_because = ""

    async def call(
        self,
        action: str,
        payload: dict[str, Any],
        *,
        message_id: str,
        within_seconds: float,
        announce: Announce | None = None,
    ) -> CallReport:
        """Sends when it is our turn and waits `within_seconds` for the answer; the wait for the turn is shorter.

        Raises ValueError for a message id that is empty, too long or in use, and what `announce` raises.
        """
        self._refuse_message_id(message_id)
        call = OpenCall(message_id, action, payload, format_call(message_id, action, payload))
        objection = await self._take_turn(min(within_seconds, self._limits.seconds_for_turn))
        if objection is not None:
            return CallReport(call, silence=objection, reason=self._words_for(objection))
        try:
            return await self._announce_and_send(call, within_seconds, announce)
        finally:
            self._open = None
            self._turn.release()

    def answered(self, answer: Answer) -> OpenCall | None:
        """Gives it to whoever waits; a late one's CALL is returned. Raises KeyError for a stray."""
        message_id = answer.frame.message_id
        if self._open is not None and self._open.message_id == message_id and not self._open.waiter.done():
            self._open.waiter.set_result(answer)
            return None
        return self._late.pop(message_id)

    def close(self, reason: str) -> int:
        """Resolves what is open or waiting at once; returns how many late answers can no longer come."""
        if not self._closed_because:
            self._closed_because = reason or "the connection was closed"
        if self._open is not None and not self._open.waiter.done():
            self._open.waiter.set_exception(LinkLost(self._closed_because))
        forgotten = len(self._late)
        self._late.clear()
        return forgotten

    async def _take_turn(self, within_seconds: float) -> Silence | None:
        if self._closed_because:
            return Silence.NOT_CONNECTED
        if self._waiting >= self._limits.waiting_calls:
            return Silence.BUSY
        self._waiting += 1
        try:
            async with asyncio.timeout(within_seconds):
                await self._turn.acquire()
        except TimeoutError:
            return Silence.BUSY
        finally:
            self._waiting -= 1
        if self._closed_because:
            self._turn.release()
            return Silence.NOT_CONNECTED
        return None

    async def _announce_and_send(self, call: OpenCall, within_seconds: float, announce: Announce | None) -> CallReport:
        silence = None
        if announce is not None and not await announce(call.message_id, call.text):
            silence = Silence.WITHDRAWN
        elif self._closed_because:
            silence = Silence.NOT_CONNECTED
        if silence is not None:
            return CallReport(call, silence=silence, reason=self._words_for(silence))
        return await self._send_and_wait(call, within_seconds)

    async def _send_and_wait(self, call: OpenCall, within_seconds: float) -> CallReport:
        self._open = call
        call.sent_at = self._clock()
        try:
            async with asyncio.timeout(within_seconds):
                call.send_by(self._send)
                return CallReport(call, answer=await call.waiter)
        except TimeoutError:
            reason = f"no answer within {within_seconds:g} s"
            return CallReport(call, silence=Silence.NO_ANSWER, reason=reason)
        except (LinkLost, ConnectionClosed) as lost:
            return CallReport(call, silence=Silence.CONNECTION_LOST, reason=self._closed_because or str(lost))
        finally:
            self._remember_if_unanswered(call)

    def _remember_if_unanswered(self, call: OpenCall) -> None:
        call.waiter.cancel()
        if self._closed_because or not call.waiter.cancelled():
            return
        self._late[call.message_id] = call
        if len(self._late) > self._limits.late_answers:
            self._late.popitem(last=False)

    def _refuse_message_id(self, message_id: str) -> None:
        if not 0 < len(message_id) <= MAX_MESSAGE_ID:
            raise ValueError(f"a message id has 1 to {MAX_MESSAGE_ID} characters, not {len(message_id)}")
        is_open = self._open is not None and self._open.message_id == message_id
        if is_open or message_id in self._late:
            raise ValueError(f"the message id {message_id} is in use: take a new one for every try")

    def _words_for(self, silence: Silence) -> str:
        if silence is Silence.BUSY:
            return "not sent: the station has not answered earlier commands yet"
        if silence is Silence.WITHDRAWN:
            return "not sent: the command was withdrawn"
        return f"not sent: {self._closed_because}"
