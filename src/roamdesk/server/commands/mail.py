"""``roamdesk mail``: mail comes in, by ports of ours and from mailboxes."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from roamdesk.server import options
from roamdesk.server.addresses import Address, taken_line
from roamdesk.server.commands import subparsers as sub
from roamdesk.server.database import database

STORY = """\
Takes mail to the desks' own addresses by SMTP at ROAMDESK_MAIL_LISTEN and by LMTP at ROAMDESK_LMTP_LISTEN, where these
name an address. A mail is answered with 250 once it is stored; while the database is away the sender is told to come
again. Fetches the desks' mailboxes by IMAP (roamdesk mailbox --help); each is held by one machine at a time.
"""


def add_to(subparsers: sub.Subparsers) -> None:
    sub.add(subparsers, "mail", run, "Incoming mail only: its ports (SMTP, LMTP) and the mailboxes (IMAP).", STORY)


def run(arguments: argparse.Namespace) -> int:
    for option in (options.MAIL_LISTEN, options.LMTP_LISTEN):
        if option.text() and not Address.of(option).is_free():
            print(taken_line(Address.of(option), option), file=sys.stderr)
            return 1
    with database():
        import django

        django.setup()
        from roamdesk.correspondence.keepers import Keepers
        from roamdesk.correspondence.receiving import run as run_ports

        with Keepers(lambda: datetime.now(UTC)):
            run_ports()
    return 0
