"""``roamdesk procedure``: check, draw and explain a procedure file; put it in force at a desk, publish it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.at_desk import at_desk

if TYPE_CHECKING:
    from roamdesk.desks.models import Desk
    from roamdesk.partners.models import ProcedureVersion

ADDED = """\
The file is checked first. The desk can then publish it to its partners, here or in the console (Partners, Procedures).
"""
STORY = """\
The file is checked first; one with faults changes nothing. Cases that are open stay on their version.

  roamdesk procedure use our-procedure.yaml --desk nordlade
"""


PUBLISHED = """\
Each partner gets a mail with what changes for it in words, and a link to acknowledge it without an account. It is in
force with a partner from the time given, or from its acknowledgement when that comes later. The mails are queued in
batches; broken off, the server goes on, and `agreed` says how far it is. Look first:

  roamdesk procedure publish our-procedure.yaml --desk voltpass --from 2026-12-01T00:00 --preview
  roamdesk procedure publish our-procedure.yaml --desk voltpass --from 2026-12-01T00:00 --partner Nordlade
  roamdesk procedure agreed --desk voltpass
"""


class NotSound(ValueError):
    """The file has faults, which were said; the desk keeps its procedure."""


def add_to(subparsers: sub.Subparsers) -> None:
    sub.add_passing_on(subparsers, "procedure", run, "Check, draw, explain, use or publish a procedure file.")


def run(arguments: argparse.Namespace) -> int:
    from roamdesk.procedure.commands import main

    return main(arguments.words, *AT_A_DESK)


def add_add(subparsers: sub.Subparsers) -> None:
    _parser_of(subparsers, "add", _take_up, "A desk knows this procedure, and may publish it to its partners.", ADDED)


def add_use(subparsers: sub.Subparsers) -> None:
    _parser_of(subparsers, "use", _put_in_force, "A desk opens its next cases with this procedure.", STORY)


def _parser_of(
    subparsers: sub.Subparsers, name: str, work: Callable[[Desk, ProcedureVersion], str], about: str, story: str
) -> None:
    def act(arguments: argparse.Namespace) -> int:
        return at_desk(arguments.desk, lambda desk: work(desk, sound_version(desk, arguments.file)))

    parser = sub.add(subparsers, name, act, about, story)
    parser.add_argument("file", help="its path, or the name of a shipped one")
    parser.add_argument("--desk", required=True, help="slug of the desk")


def sound_version(desk: Desk, name: str) -> ProcedureVersion:
    """The file, checked and kept. Raises NotSound."""
    from django.utils import timezone

    from roamdesk.partners.procedures import add_version
    from roamdesk.procedure.commands import found, main

    file = found(name)
    if not file.is_file():
        raise NotSound(f"There is no file {name}.")
    if main(["check", str(file)]):
        raise NotSound(f"{desk} keeps the procedure that it has: mend the file first.")
    return add_version(file, timezone.now())


def _put_in_force(desk: Desk, version: ProcedureVersion) -> str:
    from roamdesk.partners.procedures import use_version

    use_version(desk, version)
    return f"{desk} opens its next cases with {version}, where nothing else is in force with the partner."


def _take_up(desk: Desk, version: ProcedureVersion) -> str:
    from roamdesk.partners.procedures import take_up

    take_up(desk, version)
    return f"{desk} knows {version}. Next: roamdesk procedure publish {version.pk} --desk {desk.slug} --preview"


def add_publish(subparsers: sub.Subparsers) -> None:
    parser = sub.add(subparsers, "publish", _publish, "Mail a procedure to partners, to be acknowledged.", PUBLISHED)
    parser.add_argument("version", metavar="FILE|ID", help="a path, a shipped name, or the number that `agreed` lists")
    parser.add_argument("--desk", required=True, help="slug of the desk")
    about = "in force from then on, by the desk's clock, like 2026-12-01T00:00; needed the first time"
    parser.add_argument("--from", dest="begins", metavar="DATETIME", help=about)
    about = "only this one; may be repeated (default: all that have not got it)"
    parser.add_argument("--partner", dest="partners", metavar="NAME", action="append", help=about)
    parser.add_argument("--preview", action="store_true", help="say whom it reaches with what; send nothing")


def add_agreed(subparsers: sub.Subparsers) -> None:
    parser = sub.add(subparsers, "agreed", _agreed, "Who runs on which version, since when, and who is silent.")
    parser.add_argument("--desk", required=True, help="slug of the desk")


def _publish(arguments: argparse.Namespace) -> int:
    from roamdesk.server.commands import publishing

    return at_desk(arguments.desk, lambda desk: publishing.publish(desk, arguments, sound_version))


def _agreed(arguments: argparse.Namespace) -> int:
    from roamdesk.server.commands import publishing

    return at_desk(arguments.desk, lambda desk: "\n".join(publishing.agreed(desk)))


AT_A_DESK = (add_add, add_use, add_publish, add_agreed)
"""What needs a desk, beside the commands that only read a file."""
