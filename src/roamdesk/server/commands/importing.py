"""What the commands share that read a table into a desk."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.at_desk import at_desk

if TYPE_CHECKING:
    from roamdesk.desks.models import Desk
    from roamdesk.desks.tables import Progress, Refuse, RowRefused, Tally

TOLD_EVERY = 10_000
CSV = "CSV with a header, commas or semicolons; UTF-8"
MEND = "Mend the refused rows and import the file again: what went in stays as it is."


class Import(Protocol):
    def __call__(self, desk: Desk, lines: Iterable[str], *, refuse: Refuse, progress: Progress) -> Tally: ...


def add_import(actions: sub.Subparsers, run: sub.Run, about: str, story: str, file: str = CSV) -> None:
    parser = sub.add(actions, "import", run, about, story)
    parser.add_argument("file", type=Path, metavar="FILE", help=file)
    parser.add_argument("--desk", required=True, help="slug of the desk")


def import_file(arguments: argparse.Namespace, found: Callable[[], Import]) -> int:
    """Exit code 1 when rows were refused; each was said on stderr with row, column and reason.

    ``found`` fetches the import once Django is up.
    """
    refused: list[int] = []

    def refuse(fault: RowRefused) -> None:
        refused.append(fault.row)
        print(fault, file=sys.stderr)

    def work(desk: Desk) -> str:
        # An unreadable byte is refused with its row, not with the file.
        with arguments.file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            return f"{found()(desk, lines, refuse=refuse, progress=_say_now_and_then)}."

    if not arguments.file.is_file() or not os.access(arguments.file, os.R_OK):
        print(f"There is no file {arguments.file} that can be read.", file=sys.stderr)
        return 1
    code = at_desk(arguments.desk, work)
    if refused:
        print(MEND, file=sys.stderr)
    return code or int(bool(refused))


def _say_now_and_then(tally: Tally) -> None:
    if tally.rows and tally.rows % TOLD_EVERY == 0:
        print(f"{tally.rows:,} rows: {tally} ...", file=sys.stderr, flush=True)
