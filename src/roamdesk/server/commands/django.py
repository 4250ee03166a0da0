"""``roamdesk django``: the framework's own commands, with the database up."""

from __future__ import annotations

import argparse

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.database import database


def add_to(subparsers: sub.Subparsers) -> None:
    sub.add_passing_on(subparsers, "django", run, "Django's own commands, for instance: django migrate.")


def run(arguments: argparse.Namespace) -> int:
    with database():
        from django.core.management import execute_from_command_line

        execute_from_command_line(["roamdesk django", *arguments.words])
    return 0
