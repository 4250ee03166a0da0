"""A conversation with an IMAP server (RFC 3501), over imap-tools and the standard library's client.

Nothing here marks a mail as seen: bodies are asked for with BODY.PEEK. What the server says is bounded in size and
time; whatever goes wrong is a MailboxTrouble or an OSError.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import select
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from io import BufferedReader
from typing import Any, cast

from imap_tools.errors import ImapToolsError
from imap_tools.mailbox import BaseMailBox

from roamdesk.correspondence.imap.trouble import MailboxTrouble, SignInRefused
from roamdesk.correspondence.models import Mailbox

TIMEOUT = 60.0  # seconds of silence within a command
SLOWEST = 20_000  # bytes a second; what is slower has stalled
MOST_AT_ONCE = 60 * 1024 * 1024  # bytes of all that a command is answered with
LOOK_UP = 1.0  # seconds between looks at `stop` while idle
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Folder:
    """The selected folder. UIDs mean something within one ``uidvalidity`` only (RFC 3501, 2.3.1.1)."""

    uidvalidity: int
    mails: int


class _Bounded(imaplib.IMAP4):
    """No answer is larger than we take or slower than we wait, whatever sizes the server announces."""

    room = MOST_AT_ONCE

    @property
    def stream(self) -> BufferedReader:
        """Its name changed with Python 3.14."""
        return cast(BufferedReader, self.__dict__.get("_file") or self.__dict__["file"])

    def read(self, size: int) -> bytes:
        self.room -= size
        if self.room < 0:
            raise self.abort(f"the server announced {size} bytes at once")
        content, done = bytearray(size), 0
        until = time.monotonic() + TIMEOUT + size / SLOWEST
        with memoryview(content) as view:
            while done < size:
                # One read of the socket at a time: a trickle must not keep us for ever.
                got = self.stream.readinto1(view[done:])
                if not got:
                    raise self.abort(f"the connection broke after {done} of {size} bytes")
                done += got
                if done < size and time.monotonic() > until:
                    raise self.abort(f"the server stalled after {done} of {size} bytes")
        return content  # type: ignore[return-value]


class _BoundedTls(_Bounded, imaplib.IMAP4_SSL):
    pass


class _Client(BaseMailBox):
    def __init__(self, mailbox: Mailbox, timeout: float) -> None:
        self._mailbox, self._timeout = mailbox, timeout
        super().__init__()

    client: _Bounded

    def _get_mailbox_client(self) -> _Bounded:
        mailbox, context = self._mailbox, ssl.create_default_context()
        if mailbox.security == Mailbox.Security.TLS:
            return _BoundedTls(mailbox.host, mailbox.port, ssl_context=context, timeout=self._timeout)
        client = _Bounded(mailbox.host, mailbox.port, timeout=self._timeout)
        if mailbox.security == Mailbox.Security.STARTTLS:
            try:
                client.starttls(context)
            except BaseException:
                with contextlib.suppress(OSError):
                    client.shutdown()
                raise
        return client


class Session:
    """``with Session(mailbox) as session``: connected and encrypted as the row says, not signed in yet.

    Raises MailboxTrouble with the mend.
    """

    def __init__(self, mailbox: Mailbox, timeout: float = TIMEOUT) -> None:
        self._mailbox = mailbox
        where = f"{mailbox.host}:{mailbox.port}"
        try:
            self._client = _Client(mailbox, timeout)
        except ssl.SSLCertVerificationError as problem:
            raise MailboxTrouble(f"The certificate of {where} is not trusted: {problem.verify_message}") from None
        except ssl.SSLError as problem:
            mend = "Is the port right for TLS? 993 is TLS from the first byte, 143 is STARTTLS."
            raise MailboxTrouble(f"{where} speaks no TLS that we understand ({problem.reason})", mend) from None
        except socket.gaierror:
            raise MailboxTrouble(f"There is no host {mailbox.host}", "Check its name.") from None
        except (OSError, imaplib.IMAP4.error) as problem:
            raise MailboxTrouble(f"{where} does not answer as a mail server: {_words(problem)}") from None
        self._imap: _Bounded = self._client.client
        self._keep_alive()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: object, problem: object, trace: object) -> None:
        if kind is None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
                self._imap.sock.settimeout(5)
                self._client.logout()
        with contextlib.suppress(OSError):
            self._imap.shutdown()

    def break_off(self) -> None:
        """From another thread: whatever we read or wait for ends at once."""
        with contextlib.suppress(OSError):
            self._imap.sock.shutdown(socket.SHUT_RDWR)

    def _keep_alive(self) -> None:
        """A peer that is gone without a word is noticed while we idle."""
        sock = self._imap.sock
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def sign_in(self, password: str) -> None:
        """Raises SignInRefused."""
        user = self._mailbox.user
        with _told_as_refusal():
            if user.isascii() and password.isascii():
                self._client.login(user, password, initial_folder=None)
            else:
                self._client.login_utf8(user, password, initial_folder=None)
        self._ask_capabilities()

    def sign_in_with_token(self, access_token: str) -> None:
        """XOAUTH2. Raises SignInRefused with what the server said about the token."""
        said: list[bytes] = []

        def respond(challenge: bytes) -> bytes:
            if not said:
                said.append(b"")
                return f"user={self._mailbox.user}\1auth=Bearer {access_token}\1\1".encode()
            # A second challenge is the reason of the refusal; an empty answer ends it.
            said.append(challenge)
            return b""

        with _told_as_refusal(lambda: b" ".join(said).decode("utf-8", "replace")):
            self._imap.authenticate("XOAUTH2", respond)
        self._ask_capabilities()

    def _ask_capabilities(self) -> None:
        """Servers tell more after the login (RFC 3501, 6.1.1)."""
        with _told():
            self._imap._get_capabilities()

    @property
    def can_idle(self) -> bool:
        return "IDLE" in self._imap.capabilities

    @property
    def can_move(self) -> bool:
        return "MOVE" in self._imap.capabilities

    def select(self) -> Folder:
        """Open the row's folder, to read only unless mail is moved. Raises MailboxTrouble when there is none."""
        name = self._mailbox.folder
        with _told():
            try:
                self._client.folder.set(name, readonly=not self._mailbox.move_to)
            except ImapToolsError:
                raise MailboxTrouble(f"The mailbox has no folder {name!r}", "Check its name.") from None
        told = self._imap.untagged_responses
        uidvalidity, mails = _number(told.get("UIDVALIDITY")), _number(told.get("EXISTS"))
        if not uidvalidity:
            raise MailboxTrouble("The server names no UIDVALIDITY: its mails cannot be told apart")
        return Folder(uidvalidity, mails)

    def uids(self, above: int, since: date | None) -> list[int]:
        """UIDs in the folder above that one, ascending."""
        criteria = f"UID {above + 1}:*"
        if since:
            criteria += f" SINCE {since.day}-{MONTHS[since.month - 1]}-{since.year}"
        with _told():
            found = {int(uid) for uid in self._client.uids(criteria, charset=None)}
        # "n:*" names the last mail even where its UID is below n (RFC 3501, 6.4.8).
        return sorted(uid for uid in found if uid > above)

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Bytes of each, as the server says; one that is gone is missing."""
        found = {}
        for item in self._fetch(uids, "(UID RFC822.SIZE)"):
            told = item[0] if isinstance(item, tuple) else item
            uid, size = re.search(rb"UID (\d+)", told or b""), re.search(rb"RFC822\.SIZE (\d+)", told or b"")
            if uid and size:
                found[int(uid[1])] = int(size[1])
        return found

    def bodies(self, uids: Sequence[int], only_first: int = 0) -> dict[int, bytes | bytearray]:
        """The bytes of each, unread as before; with ``only_first`` that many. One that is not given is missing."""
        part = f"BODY.PEEK[]<0.{only_first}>" if only_first else "BODY.PEEK[]"
        items = self._fetch(uids, f"(UID {part})")
        found: dict[int, bytes | bytearray] = {}
        for at, item in enumerate(items):
            if not isinstance(item, tuple) or b"BODY[]" not in item[0].upper():
                continue
            # The UID may stand before the literal or after it.
            after = items[at + 1] if at + 1 < len(items) and isinstance(items[at + 1], bytes) else b""
            if uid := re.search(rb"UID (\d+)", item[0] + b" " + after):
                found[int(uid[1])] = item[1]
        return found

    def _fetch(self, uids: Sequence[int], what: str) -> list[Any]:
        self._imap.room = MOST_AT_ONCE
        with _told():
            kind, items = self._imap.uid("FETCH", ",".join(map(str, uids)), what)
        if kind != "OK":
            raise MailboxTrouble(f"The server refused to hand over mail: {_text(items)}")
        return items

    def make_folder(self, name: str) -> None:
        """Raises MailboxTrouble when it is not there and cannot be made."""
        with _told():
            if not self._client.folder.exists(name):
                self._client.folder.create(name)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """MOVE (RFC 6851), all or nothing for each mail."""
        with _told():
            self._client.move([str(uid) for uid in uids], folder, chunks=100)

    def wait_idle(self, seconds: float, stop: Any) -> None:
        """IDLE (RFC 2177) until the server says something, ``stop`` is set (a threading.Event), or the time is over."""
        with _told():
            tag = self._imap._command("IDLE")
            while self._imap._get_response() is not None:
                if self._imap.tagged_commands[tag]:
                    raise MailboxTrouble("The server offers IDLE and refuses it")
            until = time.monotonic() + seconds
            while not self._has_something() and not stop.is_set() and time.monotonic() < until:
                self._poll(min(LOOK_UP, max(0.0, until - time.monotonic())))
            self._imap.send(b"DONE\r\n")
            self._client.consume_until_tagged_response(tag)

    def _has_something(self) -> bool:
        """A line may have come with the answer to IDLE: it waits in a buffer, where no poll sees it."""
        sock = self._imap.sock
        before = sock.gettimeout()
        sock.settimeout(0)
        try:
            return bool(self._imap.stream.peek(1)) or self._is_over()
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        finally:
            sock.settimeout(before)

    def _is_over(self) -> bool:
        """Peeking gives nothing both for a quiet server and for one that hung up; only the latter can be read from."""
        return bool(self._poll(0))

    def _poll(self, seconds: float) -> list[tuple[int, int]]:
        poller = select.poll()
        poller.register(self._imap.sock, select.POLLIN)
        return poller.poll(seconds * 1000)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What the libraries raise, as trouble in words."""
    try:
        yield
    except TimeoutError:
        raise MailboxTrouble("The server fell silent in the middle of an answer") from None
    except (OSError, imaplib.IMAP4.error, ImapToolsError, ValueError) as problem:
        raise MailboxTrouble(f"The conversation broke off: {_words(problem)}") from None


@contextlib.contextmanager
def _told_as_refusal(more: Any = str) -> Iterator[None]:
    try:
        yield
    except (OSError, imaplib.IMAP4.abort) as problem:
        raise MailboxTrouble(f"The server broke off while we signed in: {_words(problem)}") from None
    except (imaplib.IMAP4.error, ImapToolsError) as problem:
        raise SignInRefused(
            f"The server refused to sign us in: {_words(problem)} {more()}", "Check user and password, or the token."
        ) from None


def _number(told: Sequence[Any] | None) -> int:
    """The last one told, 0 for none."""
    last = told[-1] if told else b""
    return int(last) if isinstance(last, bytes) and last.isdigit() else 0


def _words(problem: Exception) -> str:
    """An IMAP server's own words; those of any other service are nobody's business here."""
    told = getattr(problem, "command_result", None)
    if told:
        return _text(told[1])
    words = str(problem)[:300] or type(problem).__name__
    return "it speaks something else than IMAP" if "unexpected response" in words else words


def _text(items: Sequence[Any]) -> str:
    """The server's own words; never a mail's content."""
    return " ".join(item.decode("utf-8", "replace") for item in items if isinstance(item, bytes))[:300]
