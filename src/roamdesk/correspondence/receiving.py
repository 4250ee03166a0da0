"""The port that takes mail: 250 is said only after the bytes are committed (RFC 5321, LMTP by RFC 2033)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import DatabaseError

from roamdesk.correspondence import intake
from roamdesk.correspondence.models import Arrival
from roamdesk.correspondence.parsing.mail import LARGEST
from roamdesk.desks.database_threads import DatabaseThreads

GREETING = "Roamdesk"
LARGE = 1024 * 1024
ROOM = 4 * LARGEST  # bytes of unfinished mail in memory, all senders together
CONNECTIONS = 1000
RECIPIENTS = 100
LINE = 64 * 1024
GRACE = 10.0  # seconds for a mail under way when we stop
TOUCH = 10.0  # seconds after which bytes count as a new sign of life
LEAVING = "421 4.3.2 Stopping. Try again later"
LATER = "451 4.3.0 Not stored. Try again later"
NO_ROOM = "452 4.3.1 Too much mail at once. Try again later"
TOO_LARGE = f"552 5.3.4 The mail is larger than {LARGEST} bytes"

_log = structlog.get_logger(__name__)


@dataclass
class Holding:
    """What all conversations share: threads for the database, how many bytes wait, how many are connected."""

    threads: DatabaseThreads
    clock: Callable[[], datetime]
    bytes: int = 0
    conversations: set[Conversation] = field(default_factory=set)
    leaving: bool = False
    # A large mail is several times its size while it is written: one after the other.
    large: asyncio.Lock = field(default_factory=asyncio.Lock)


class _Handler:
    """What aiosmtpd asks for each recipient and each mail."""

    def __init__(self, holding: Holding, via: Arrival.Via) -> None:
        self._holding, self._via = holding, via

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            known = await self._holding.threads.run(intake.desks_at, address)
        except DatabaseError:
            _log.warning("mail.put_off", recipient=address)
            return LATER
        if not known:
            return "550 5.1.1 No desk has this address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        try:
            async with self._holding.large if len(raw) > LARGE else contextlib.nullcontext():
                stored = await self._holding.threads.run(
                    intake.store,
                    raw,
                    recipients=envelope.rcpt_tos,
                    sender=envelope.mail_from or "",
                    via=self._via,
                    at=self._holding.clock(),
                )
        except DatabaseError:
            _log.warning("mail.put_off", recipients=envelope.rcpt_tos, size=len(raw), exc_info=True)
            return LATER
        return "250 2.0.0 Stored" if stored else "550 5.1.1 No desk has this address"

    async def handle_exception(self, error: Exception) -> str:
        _log.error("mail.conversation_failed", exc_info=error)
        return LATER


class Conversation(SMTP):
    """As aiosmtpd's, but lines may be of any length, memory is bounded for all together, and a fault is temporary."""

    line_length_limit = LINE
    local_part_limit = 0

    def __init__(self, holding: Holding, via: Arrival.Via, hostname: str) -> None:
        super().__init__(
            _Handler(holding, via),
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident=GREETING,
            timeout=300,
        )
        self._holding, self._mine, self._via = holding, 0, via
        self._busy, self._touched = False, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._holding.conversations.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._holding.conversations.discard(self)
        super().connection_lost(error)

    def leave(self) -> None:
        """Close now, or after the answer to the mail that is under way."""
        if not self._busy and self.transport is not None:
            self._writer.write(LEAVING.encode() + b"\r\n")
            self._writer.close()

    async def smtp_MAIL(self, arg: str | None) -> None:
        """Too many at once are sent away before they begin."""
        if len(self._holding.conversations) > CONNECTIONS:
            await self.push("421 4.3.2 Too many connections. Try again later")
            self._writer.close()
            return
        await super().smtp_MAIL(arg)

    async def smtp_DATA(self, arg: str | None) -> None:
        assert self.envelope is not None
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 No recipient was taken")
            return
        if arg:
            await self.push("501 5.5.4 DATA stands alone")
            return
        # LMTP asks for one answer for each recipient; what we store, we store for all or for none.
        answers = len(self.envelope.rcpt_tos) if self._via == Arrival.Via.LMTP else 1
        self._busy = True
        await self.push("354 End with a dot on a line of its own")
        try:
            answer = await self._content() or await self._call_handler_hook("DATA")
        finally:
            self._release()
            self._set_post_data_state()  # type: ignore[no-untyped-call]
        for _ in range(answers):
            await self.push(answer)
        self._busy = False
        if self._holding.leaving:
            self.leave()

    async def _content(self) -> str:
        """Read to the final dot into the envelope; the refusal, empty when the mail is whole.

        A refused mail is read to its end as well: RFC 5321 has no other way to refuse it.
        """
        content, refusal, begins = bytearray(), "", True
        while True:
            line, ends = await self._piece()
            if begins and line == b".\r\n":
                break
            self._show_life()
            refusal = refusal or self._take(content, line[1:] if begins and line.startswith(b".") else line)
            begins = ends
        assert self.envelope is not None
        self.envelope.content = self.envelope.original_content = bytes(content)
        return refusal

    async def _piece(self) -> tuple[bytes, bool]:
        """A line, or a piece of a very long one; whether the line ends with it."""
        try:
            return await self._reader.readuntil(b"\r\n"), True
        except asyncio.LimitOverrunError as long:
            return await self._reader.readexactly(long.consumed), False

    def _show_life(self) -> None:
        if self.loop.time() - self._touched > TOUCH:
            self._touched = self.loop.time()
            self._reset_timeout()

    def _take(self, content: bytearray, line: bytes) -> str:
        full = len(content) + len(line) > LARGEST
        if full or self._holding.bytes + len(line) > ROOM:
            self._release()
            content.clear()
            return TOO_LARGE if full else NO_ROOM
        self._holding.bytes += len(line)
        self._mine += len(line)
        content += line
        return ""

    def _release(self) -> None:
        self._holding.bytes -= self._mine
        self._mine = 0


class LmtpConversation(Conversation):
    """LHLO instead of EHLO, and an answer for each recipient."""

    show_smtp_greeting = False

    async def smtp_LHLO(self, arg: str) -> None:
        await super().smtp_EHLO(arg)

    async def smtp_HELO(self, arg: str) -> None:
        await self.push("500 5.5.1 This is LMTP: say LHLO")

    async def smtp_EHLO(self, arg: str) -> None:
        await self.push("500 5.5.1 This is LMTP: say LHLO")


class Receiver:
    """``async with``: inside, mail is taken on each address that ``listen`` was told."""

    def __init__(self, clock: Callable[[], datetime], threads: int = 4) -> None:
        self._holding = Holding(DatabaseThreads(threads), clock)
        self._servers: list[asyncio.Server] = []

    async def __aenter__(self) -> Receiver:
        return self

    async def listen(self, host: str, port: int, via: Arrival.Via, hostname: str = "") -> int:
        """The port; 0 asks for a free one. Raises OSError when it is taken."""
        kind = LmtpConversation if via == Arrival.Via.LMTP else Conversation
        name = hostname or socket.gethostname()
        server = await asyncio.get_running_loop().create_server(lambda: kind(self._holding, via, name), host, port)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """A mail under way is finished and answered; who waits is told to come again."""
        self._holding.leaving = True
        for server in self._servers:
            server.close()
        for conversation in list(self._holding.conversations):
            conversation.leave()
        await self._until_all_left()
        await self._holding.threads.close()

    async def _until_all_left(self) -> None:
        until = asyncio.get_running_loop().time() + GRACE
        while self._holding.conversations and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.02)
        for conversation in list(self._holding.conversations):
            conversation._writer.transport.abort()


def run() -> None:
    """Takes mail until SIGTERM or SIGINT, at the settings' addresses. Raises OSError when a port is taken."""
    # aiosmtpd logs each command with its addresses.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    asyncio.run(_receive_until_told())


async def _receive_until_told() -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with Receiver(lambda: datetime.now(UTC)) as receiver:
        for address, via in ((settings.MAIL_LISTEN, Arrival.Via.SMTP), (settings.LMTP_LISTEN, Arrival.Via.LMTP)):
            if address:
                host, _, port = address.rpartition(":")
                await receiver.listen(host.strip("[]"), int(port), via)
        await told.wait()
