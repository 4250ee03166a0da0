"""What the subcommands' parsers share."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable
from typing import Any, TypeAlias

Run: TypeAlias = Callable[[argparse.Namespace], int]
Subparsers: TypeAlias = Any  # argparse keeps the type of add_subparsers() private


def add(subparsers: Subparsers, name: str, run: Run, about: str, story: str = "") -> argparse.ArgumentParser:
    """A subcommand with one line ``about`` for the list and a ``story`` for its own help."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=about,
        description=about,
        epilog=textwrap.dedent(story),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_passing_on(subparsers: Subparsers, name: str, run: Run, about: str) -> None:
    """A subcommand whose words, ``--help`` included, go to another parser (``arguments.words``)."""
    parser = subparsers.add_parser(name, help=about, add_help=False, prefix_chars="\0")
    parser.add_argument("words", nargs=argparse.REMAINDER)
    parser.set_defaults(run=run)
