"""``roamdesk procedure``: check, draw and explain a procedure file, and put it in force at a desk."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.at_desk import at_desk

if TYPE_CHECKING:
    from roamdesk.desks.models import Desk

STORY = """\
The file is checked first; one with faults changes nothing. Cases that are open stay on their version.

  roamdesk procedure use our-procedure.yaml --desk nordlade
"""


class NotSound(ValueError):
    """The file has faults, which were said; the desk keeps its procedure."""


def add_to(subparsers: sub.Subparsers) -> None:
    sub.add_passing_on(subparsers, "procedure", run, "Check, draw, explain or use a procedure file.")


def run(arguments: argparse.Namespace) -> int:
    from roamdesk.procedure.commands import main

    return main(arguments.words, add_use)


def add_use(subparsers: sub.Subparsers) -> None:
    parser = sub.add(subparsers, "use", _use, "A desk opens its next cases with this procedure.", STORY)
    parser.add_argument("file", help="its path, or the name of a shipped one")
    parser.add_argument("--desk", required=True, help="slug of the desk")


def _use(arguments: argparse.Namespace) -> int:
    from roamdesk.procedure.commands import found

    file = found(arguments.file)
    if not file.is_file():
        print(f"There is no file {arguments.file}.", file=sys.stderr)
        return 1
    return at_desk(arguments.desk, lambda desk: _put_in_force(desk, file))


def _put_in_force(desk: Desk, file: Path) -> str:
    """Raises NotSound."""
    from django.utils import timezone

    from roamdesk.partners.procedures import add_version, use_version
    from roamdesk.procedure.commands import main

    if main(["check", str(file)]):
        raise NotSound(f"{desk} keeps the procedure that it has: mend the file first.")
    version = add_version(file, timezone.now())
    use_version(desk, version)
    return f"{desk} opens its next cases with {version}."
