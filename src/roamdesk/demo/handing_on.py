"""What the demo's post office does with mail to a company that has a desk here: the desk gets it as its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from roamdesk.correspondence.addresses import untagged
from roamdesk.correspondence.intake import store
from roamdesk.correspondence.models import Arrival
from roamdesk.demo.mailbox import Mailbox, serve_mail
from roamdesk.desks.database_threads import DatabaseThreads
from roamdesk.desks.models import Desk


@asynccontextmanager
async def post_office(mailbox: Mailbox, host: str, port: int) -> AsyncIterator[asyncio.Server]:
    """The demo's mail server: keeps every mail for its page, and hands on what is for a desk. Port 0 is a free one.

    Raises OSError when the port is taken.
    """
    threads = DatabaseThreads(1)
    server = await serve_mail(mailbox, host, port, lambda *mail: threads.run(hand_on, *mail))
    try:
        yield server
    finally:
        server.close()
        await threads.close()


def hand_on(sender: str, recipients: Sequence[str], raw: bytes, at: datetime) -> int:
    """As a company's mail server does: each address of its domain leads to the desk. How many desks got it.

    Raises DatabaseError; then nobody got it.
    """
    desks = {desk.mail_from.rpartition("@")[2].lower(): desk.mail_from for desk in Desk.objects.all()}
    boxes = [_box(recipient, desks) for recipient in recipients]
    return len(store(raw, recipients=[box for box in boxes if box], sender=sender, via=Arrival.Via.SMTP, at=at))


def _box(recipient: str, desks: dict[str, str]) -> str:
    mail_from = desks.get(recipient.rpartition("@")[2].lower(), "")
    return recipient if mail_from and untagged(recipient)[0] == untagged(mail_from)[0] else mail_from
