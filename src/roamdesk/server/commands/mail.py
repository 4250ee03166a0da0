"""``roamdesk mail``: the ports that take incoming mail."""

from __future__ import annotations

import argparse
import sys

from roamdesk.server import options
from roamdesk.server.addresses import Address, taken_line
from roamdesk.server.commands import subparsers as sub
from roamdesk.server.database import database

STORY = """\
Takes mail to the desks' own addresses by SMTP at ROAMDESK_MAIL_LISTEN and by LMTP at ROAMDESK_LMTP_LISTEN. A mail
is answered with 250 once it is stored; while the database is away the sender is told to come again.
"""


def add_to(subparsers: sub.Subparsers) -> None:
    sub.add(subparsers, "mail", run, "The ports for incoming mail only (SMTP, LMTP).", STORY)


def run(arguments: argparse.Namespace) -> int:
    wanted = [option for option in (options.MAIL_LISTEN, options.LMTP_LISTEN) if option.text()]
    if not wanted:
        print(
            f"No address takes mail. Set one, for instance {options.MAIL_LISTEN.name}=127.0.0.1:2525", file=sys.stderr
        )
        return 1
    for option in wanted:
        if not Address.of(option).is_free():
            print(taken_line(Address.of(option), option), file=sys.stderr)
            return 1
    with database():
        import django

        django.setup()
        from roamdesk.correspondence.receiving import run as run_mail

        run_mail()
    return 0
