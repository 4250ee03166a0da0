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


def add_to(subparsers: sub.Subparsers) -> None:
    sub.add_passing_on(subparsers, "procedure", run, "Check, draw, explain or use a procedure file.")


def run(arguments: argparse.Namespace) -> int:
    if arguments.words[:1] == ["use"]:
        return _use(arguments.words[1:])
    from roamdesk.procedure.commands import main

    return int(main(arguments.words) or 0)


def parser_of_use() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="roamdesk procedure use",
        description="A desk opens its next cases with this procedure.",
        epilog=STORY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="the procedure file")
    parser.add_argument("--desk", required=True, help="slug of the desk")
    return parser


def _use(words: list[str]) -> int:
    arguments = parser_of_use().parse_args(words)
    from roamdesk.procedure.commands import main

    if not arguments.file.is_file():
        print(f"There is no file {arguments.file}.", file=sys.stderr)
        return 1
    return int(main(["check", str(arguments.file)]) or 0) or at_desk(
        arguments.desk, lambda desk: _put_in_force(desk, arguments.file)
    )


def _put_in_force(desk: Desk, file: Path) -> str:
    from django.utils import timezone

    from roamdesk.cases.procedures import add_version, use_version

    version = add_version(file, timezone.now())
    use_version(desk, version)
    return f"{desk} opens its next cases with {version}."
