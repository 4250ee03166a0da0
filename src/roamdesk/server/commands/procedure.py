"""``roamdesk procedure``: check, draw and explain a procedure file."""

from __future__ import annotations

import argparse

from roamdesk.server.commands import subparsers as sub


def add_to(subparsers: sub.Subparsers) -> None:
    sub.add_passing_on(subparsers, "procedure", run, "Check, draw or explain a procedure file.")


def run(arguments: argparse.Namespace) -> int:
    from roamdesk.procedure.commands import main

    return int(main(arguments.words) or 0)
