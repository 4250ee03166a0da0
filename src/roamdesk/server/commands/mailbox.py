"""``roamdesk mailbox``: the mailboxes that are fetched by IMAP."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.at_desk import at_desk

if TYPE_CHECKING:
    from roamdesk.desks.models import Desk

STORY = """\
A mailbox with a password, read from standard input; then see whether it works:

  echo 'the-app-password' | roamdesk mailbox add support --desk voltpass --host imap.voltpass.example \\
      --user support@voltpass.example --since 2026-03-01
  roamdesk mailbox try support --desk voltpass
  roamdesk mailbox list --desk voltpass

`roamdesk serve` (or `roamdesk mail`) then fetches it within seconds of each new mail. Mails stay on the server, unread
as they were, unless --move-to names a folder. Told again, a mailbox is corrected; a secret that is not given stays.

With OAuth 2.0 the secrets are lines NAME=VALUE on standard input. A refresh token (Gmail, Microsoft 365):

  printf 'refresh_token=1//0abc\\nclient_secret=xyz\\n' | roamdesk mailbox add support --desk voltpass \\
      --host imap.gmail.com --user support@voltpass.example --oauth --client-id 123.apps.googleusercontent.com \\
      --token-url https://oauth2.googleapis.com/token

Without refresh_token the application signs in as itself (client credentials, Microsoft 365); with access_token=... and
no --token-url that token is used as it is. More: docs/how-to/connect-a-mailbox.md
"""


def add_to(subparsers: sub.Subparsers) -> None:
    mailbox = sub.add(subparsers, "mailbox", _list, "Mailboxes of a desk, fetched by IMAP.", STORY)
    actions = mailbox.add_subparsers(title="actions", metavar="ACTION", required=True)
    add = sub.add(actions, "add", _add, "Fetch a mailbox; told again, it is corrected.", STORY)
    add.add_argument("name", help="as people call it, for instance support")
    add.add_argument("--host", required=True, help="of the IMAP server")
    add.add_argument("--user", required=True, help="mostly the mail address")
    add.add_argument("--port", type=int, help="default: 993 with TLS, else 143")
    add.add_argument(
        "--security", choices=("tls", "starttls", "none"), default="tls", help="none is for this machine only"
    )
    add.add_argument("--folder", default="INBOX", help="(default: INBOX)")
    add.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="leave older mail alone")
    add.add_argument("--move-to", default="", metavar="FOLDER", help="move stored mail there; default: it stays")
    add.add_argument("--oauth", action="store_true", help="sign in with XOAUTH2 instead of a password")
    add.add_argument("--token-url", default="", help="where access tokens are fetched")
    add.add_argument("--client-id", default="", help="of the application registered there")
    add.add_argument("--scope", default="", help="for instance https://outlook.office365.com/.default")
    listing = sub.add(actions, "list", _list, "Each with its last good fetch, and what is wrong.")
    others = [
        sub.add(actions, "try", _try, "Sign in and look now; say what is wrong."),
        sub.add(actions, "pause", _pause, "Fetch nothing until `resume`."),
        sub.add(actions, "resume", _resume, "Fetch again."),
        sub.add(actions, "remove", _remove, "Forget a mailbox and its secrets; its mails stay, here and there."),
    ]
    for parser in others:
        parser.add_argument("name")
    for parser in (add, listing, *others):
        parser.add_argument("--desk", required=True, metavar="SLUG")


def _add(arguments: argparse.Namespace) -> int:
    secrets = _secrets(sys.stdin.read(), oauth=arguments.oauth)

    def work(desk: Desk) -> str:
        from roamdesk.correspondence.mailboxes import Given, put_mailbox

        given = Given(
            name=arguments.name,
            host=arguments.host,
            user=arguments.user,
            port=arguments.port or (993 if arguments.security == "tls" else 143),
            security=arguments.security,
            folder=arguments.folder,
            login="oauth" if arguments.oauth else "password",
            token_url=arguments.token_url,
            client_id=arguments.client_id,
            scope=arguments.scope,
            since=arguments.since,
            move_to=arguments.move_to,
        )
        mailbox = put_mailbox(desk, given, secrets, at=datetime.now(UTC))
        return f"{mailbox} is fetched for {desk}. Try it: roamdesk mailbox try {mailbox} --desk {desk.slug}"

    return at_desk(arguments.desk, work)


def _secrets(text: str, *, oauth: bool) -> dict[str, str]:
    """A password on one line, or with OAuth lines of NAME=VALUE."""
    if not oauth:
        return {"password": text.rstrip("\r\n")}
    lines = [line.strip().partition("=") for line in text.splitlines() if line.strip()]
    return {name.strip(): value.strip() for name, _, value in lines}


def _list(arguments: argparse.Namespace) -> int:
    return at_desk(arguments.desk, lambda desk: "\n".join(_lines(desk)) or _none(desk))


def _none(desk: Desk) -> str:
    return f"{desk} has no mailbox. Add one: roamdesk mailbox add --help"


def _lines(desk: Desk) -> Iterator[str]:
    from roamdesk.correspondence.health import mailbox_health
    from roamdesk.correspondence.models import Mailbox

    now = datetime.now(UTC)
    for mailbox in Mailbox.objects.filter(desk=desk).order_by("name"):
        found = mailbox_health(mailbox, now)
        yield f"{mailbox}  {mailbox.user} at {mailbox.host}:{mailbox.port}, {mailbox.folder}  {found.words}"
        if found.mend:
            yield f"    {found.mend}"


def _try(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.correspondence.imap.trouble import MailboxTrouble
        from roamdesk.correspondence.mailboxes import the_mailbox, try_mailbox

        try:
            return try_mailbox(the_mailbox(desk, arguments.name), at=datetime.now(UTC))
        except MailboxTrouble as trouble:
            raise ValueError(str(trouble)) from None

    return at_desk(arguments.desk, work)


def _pause(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.correspondence.mailboxes import pause, the_mailbox

        pause(the_mailbox(desk, arguments.name), at=datetime.now(UTC))
        return f"{arguments.name} is paused. Fetch again: roamdesk mailbox resume {arguments.name} --desk {desk.slug}"

    return at_desk(arguments.desk, work)


def _resume(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.correspondence.mailboxes import resume, the_mailbox

        resume(the_mailbox(desk, arguments.name), at=datetime.now(UTC))
        return f"{arguments.name} is fetched again."

    return at_desk(arguments.desk, work)


def _remove(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.correspondence.mailboxes import remove_mailbox, the_mailbox

        remove_mailbox(the_mailbox(desk, arguments.name))
        return f"{arguments.name} is forgotten. Its mails stay, here and on the server."

    return at_desk(arguments.desk, work)
