"""The ``roamdesk`` command. Each subcommand has a module of its own in ``commands``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from django.db import OperationalError, ProgrammingError
from psycopg.errors import UndefinedColumn, UndefinedTable

from roamdesk.server import options
from roamdesk.server.commands import COMMANDS
from roamdesk.server.embedded import EmbeddedServerFailed
from roamdesk.server.offspring import end_with_parent

STORY = """\
To try it, with two demo desks and simulated charging stations:

  roamdesk serve --demo

To run it for your own desk:

  roamdesk desk add voltpass --name VoltPass --msp --prefix VPS --mail-from support@voltpass.example
  roamdesk user add olga --desk voltpass --role operator
  roamdesk serve

`roamdesk doctor` says what is set up and what is missing; `roamdesk COMMAND --help` explains a command.
"""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="roamdesk",
        description="The support desk that carries out EV-roaming operating procedures.",
        epilog=STORY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(subparsers)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 fine, 1 something has to be mended (said on stderr), 2 the command line is wrong."""
    end_with_parent()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roamdesk.server.settings")
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except EmbeddedServerFailed as problem:
        print(f"roamdesk: {problem}", file=sys.stderr)
        return 1
    except OperationalError as problem:
        first_line = str(problem).strip().splitlines()[0]
        print(f"roamdesk: the database does not answer: {first_line}", file=sys.stderr)
        print(f"Start it, or correct {options.DATABASE_URL.name}.", file=sys.stderr)
        return 1
    except ProgrammingError as problem:
        if not isinstance(problem.__cause__, UndefinedTable | UndefinedColumn):
            raise
        print("roamdesk: tables are missing, or older than this version.", file=sys.stderr)
        print("Start `roamdesk web` or `serve`: they bring them up to date.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
