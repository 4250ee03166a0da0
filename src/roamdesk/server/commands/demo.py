"""``roamdesk demo``: the demo desks and the stories played on them."""

from __future__ import annotations

import argparse

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.database import database


def add_to(subparsers: sub.Subparsers) -> None:
    sub.add_passing_on(subparsers, "demo", run, "The demo desks and the stories played on them.")


def run(arguments: argparse.Namespace) -> int:
    with database():
        import django

        django.setup()
        from roamdesk.demo.commands import main
        from roamdesk.server.prepare import prepare_tables

        return main(arguments.words, prepare_tables)
