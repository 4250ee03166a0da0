"""The demo's post office: an SMTP server that keeps every mail as it came, and a folder to read them from.

A mail is two files: ``NAME.eml`` with the bytes of the content, ``NAME.json`` with time and envelope.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cached_property
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import DatabaseError

GREETING = "Roamdesk demo mail"
KEPT = 500
LARGEST = 10 * 1024 * 1024


@dataclass(frozen=True)
class ReceivedMail:
    """A mail as it came. ``received_at`` is in UTC; sender and recipients are the envelope's."""

    name: str
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=default)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def source(self) -> str:
        """The bytes as text, for reading; what is no text shows as a mark."""
        return self.raw.decode("utf-8", "replace")

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        """The source of the HTML part; never to be put into a page unescaped."""
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        if part is None:
            return ""
        try:
            return str(part.get_content()).replace("\r\n", "\n")
        except (LookupError, UnicodeError):
            return self.source


class Mailbox:
    """The mails in ``folder``; the newest 500 are kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, sender: str, recipients: list[str], raw: bytes, at: datetime) -> str:
        """Stores a mail that arrived ``at`` (UTC); its name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{at:%Y%m%dT%H%M%S.%f}-{secrets.token_hex(3)}"
        envelope = {"received_at": at.isoformat(), "from": sender, "to": recipients}
        (self.folder / f"{name}.json").write_text(json.dumps(envelope, indent=1))
        draft = self.folder / f"{name}.part"
        draft.write_bytes(raw)
        draft.rename(self.folder / f"{name}.eml")
        self._drop(self._names()[KEPT:])
        return name

    def mails(self) -> list[ReceivedMail]:
        """Newest first."""
        found = [self.mail(name) for name in self._names()]
        return [mail for mail in found if mail is not None]

    def mail(self, name: str) -> ReceivedMail | None:
        """None when there is none of that name."""
        if name not in self._names():
            return None
        try:
            envelope = json.loads((self.folder / f"{name}.json").read_text())
            raw = (self.folder / f"{name}.eml").read_bytes()
        except FileNotFoundError:
            return None
        at = datetime.fromisoformat(envelope["received_at"])
        return ReceivedMail(name, at, envelope["from"], tuple(envelope["to"]), raw)

    def empty(self) -> int:
        """Throws every mail away; how many there were."""
        names = self._names()
        self._drop(names)
        return len(names)

    def _names(self) -> list[str]:
        return sorted((file.stem for file in self.folder.glob("*.eml")), reverse=True)

    def _drop(self, names: list[str]) -> None:
        for name in names:
            for ending in ("eml", "json"):
                (self.folder / f"{name}.{ending}").unlink(missing_ok=True)


def demo_mailbox() -> Mailbox:
    return Mailbox(Path(settings.VAR) / "demo-mail")


HandOn = Callable[[str, list[str], bytes, datetime], Awaitable[object]]


class _Keeping:
    """What aiosmtpd calls for each mail."""

    def __init__(self, mailbox: Mailbox, hand_on: HandOn | None) -> None:
        self._mailbox, self._hand_on = mailbox, hand_on

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content, at = envelope.original_content or b"", datetime.now(UTC)
        sender, recipients = envelope.mail_from or "", list(envelope.rcpt_tos)
        try:
            if self._hand_on is not None:
                await self._hand_on(sender, recipients, content, at)
        except DatabaseError:
            return "451 The desks cannot take mail now. Try again later"
        self._mailbox.keep(sender, recipients, content, at)
        return "250 Kept, and shown on the demo's mail page"


async def serve_mail(mailbox: Mailbox, host: str, port: int, hand_on: HandOn | None = None) -> asyncio.Server:
    """Takes mail from now on; port 0 is a free one. ``hand_on`` gets each mail before it is kept.

    Raises OSError when the port is taken.
    """

    def conversation() -> SMTP:
        return SMTP(
            _Keeping(mailbox, hand_on),
            hostname="demo.roamdesk.example",
            ident=GREETING,
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
        )

    return await asyncio.get_running_loop().create_server(conversation, host, port)
