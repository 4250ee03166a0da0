"""``roamdesk incoming``: mail in quarantine, and mail handed in by hand."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.at_desk import at_desk

if TYPE_CHECKING:
    from roamdesk.correspondence.models import IncomingMail
    from roamdesk.desks.models import Desk

STORY = """\
Every mail is stored before it is read. One that cannot be read is in quarantine: it is tried again by itself four
times, then it waits for you.

  roamdesk incoming list --desk voltpass
  roamdesk incoming save 17 mail.eml --desk voltpass     as it came, byte for byte
  roamdesk incoming again 17 --desk voltpass             read it once more
  roamdesk incoming take mail.eml --desk voltpass        a mail that came another way; twice is one
"""


def add_to(subparsers: sub.Subparsers) -> None:
    incoming = sub.add(subparsers, "incoming", _list, "Mail that came in: quarantine, and handing in by hand.", STORY)
    actions = incoming.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = sub.add(actions, "list", _list, "Mail in quarantine.")
    again = sub.add(actions, "again", _again, "Read a mail in quarantine once more.")
    save = sub.add(actions, "save", _save, "Write a mail to a file, as it came.")
    take = sub.add(actions, "take", _take, "Hand in a mail from a file.")
    for parser in (again, save):
        parser.add_argument("number", type=int, help="the mail's number, as `list` shows it")
    for parser in (save, take):
        parser.add_argument("file", type=Path)
    for parser in (listing, again, save, take):
        parser.add_argument("--desk", required=True, metavar="SLUG")


def _list(arguments: argparse.Namespace) -> int:
    def lines(desk: Desk) -> str:
        from roamdesk.correspondence.models import IncomingMail

        mails = IncomingMail.objects.filter(desk=desk, state=IncomingMail.State.QUARANTINED).order_by("arrived_at")
        return "\n".join(map(_line, mails)) or "No mail is in quarantine."

    return at_desk(arguments.desk, lines)


def _line(mail: IncomingMail) -> str:
    after = f"again after {mail.next_attempt_at:%d/%m %H:%M} UTC" if mail.next_attempt_at else "waits for you"
    return (
        f"{mail.pk}  {mail.arrived_at:%d/%m %H:%M} UTC  from {mail.envelope_from or '<>'}  {after}\n    {mail.reason}"
    )


def _again(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.correspondence.reading import read_again

        read_again(_mail(desk, arguments.number), at=datetime.now(UTC))
        return f"Mail {arguments.number} is read once more by the next worker."

    return at_desk(arguments.desk, work)


def _save(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        raw = bytes(_mail(desk, arguments.number).raw)
        arguments.file.write_bytes(raw)
        return f"{len(raw)} bytes written to {arguments.file}."

    return at_desk(arguments.desk, work)


def _take(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.correspondence.intake import store
        from roamdesk.correspondence.models import Arrival
        from roamdesk.correspondence.parsing.mail import parse

        raw = _content(arguments.file)
        # An empty sender would say that a machine wrote it; here the envelope is not known.
        sender = parse(raw).sender or "unknown"
        stored = store(raw, recipients=[desk.mail_from], sender=sender, via=Arrival.Via.HAND, at=datetime.now(UTC))
        mail = next(mail for mail in stored if mail.desk == desk)
        return f"Stored as mail {mail.pk}; the next worker reads it."

    return at_desk(arguments.desk, work)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        raise ValueError(f"{file} cannot be read ({problem.strerror}). Name a file that holds a mail.") from None


def _mail(desk: Desk, number: int) -> IncomingMail:
    """Raises ValueError when the desk has no such mail."""
    from roamdesk.correspondence.models import IncomingMail

    mail: IncomingMail | None = IncomingMail.objects.filter(desk=desk, pk=number).first()
    if mail is None:
        raise ValueError(f"{desk} has no mail {number}. See: roamdesk incoming list --desk {desk.slug}")
    return mail
