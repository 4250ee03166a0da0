"""Mailboxes and mails for the tests of fetching."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django_scopes import scope, scopes_disabled

from correspondence.imap_server import PASSWORD, USER
from roamdesk.correspondence import mailboxes
from roamdesk.correspondence.fetching import Round, Suspects, fetch_round
from roamdesk.correspondence.imap.session import Session
from roamdesk.correspondence.models import Arrival, IncomingMail, Mailbox
from roamdesk.desks.models import Desk

NOW = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)


def build_mailbox(desk: Desk, port: int, **changes: Any) -> Mailbox:
    given = {"name": "support", "host": "127.0.0.1", "port": port, "user": USER, "security": "none"} | changes
    with scope(desk=desk):
        return mailboxes.put_mailbox(desk, mailboxes.Given(**given), {"password": PASSWORD}, at=NOW)


def letter(number: int, body: bytes = b"Hello\r\n") -> bytes:
    head = f"From: a@voltpass.example\r\nTo: someone@else.example\r\nMessage-ID: <{number}@voltpass.example>\r\n"
    return head.encode() + b"Subject: a cable\r\n\r\n" + body


def fetch(mailbox: Mailbox, *, sweep: bool = True, suspects: Suspects | None = None, timeout: float = 5) -> Round:
    """A round with a connection of its own, as after a start."""
    mailbox = fresh(mailbox)
    with Session(mailbox, timeout=timeout) as session:
        mailboxes.sign_in(session, mailbox, NOW)
        return fetch_round(mailbox, session, lambda: NOW, sweep=sweep, suspects=suspects or Suspects())


def fresh(mailbox: Mailbox) -> Mailbox:
    with scopes_disabled():
        return Mailbox.objects.select_related("desk").get(pk=mailbox.pk)


def kept() -> list[bytes]:
    """Every mail that is stored, as it came."""
    with scopes_disabled():
        return sorted(bytes(mail.raw) for mail in IncomingMail.objects.all())


def uids() -> list[int]:
    with scopes_disabled():
        return sorted(Arrival.objects.exclude(uid=None).values_list("uid", flat=True))
