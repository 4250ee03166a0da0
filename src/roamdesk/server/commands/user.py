"""``roamdesk user add``: someone who works at a desk."""

from __future__ import annotations

import argparse
import getpass
import sys

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.database import database

STORY = """\
The password is asked for twice, or read from the first line of standard input with --password-stdin.
A person who exists already keeps the password unless a new one is asked for, and gets the roles at the desk.

Roles: operator, back_office, partner_manager, team_lead, auditor (reads only), administrator.
"""


def add_to(subparsers: sub.Subparsers) -> None:
    user = sub.add(subparsers, "user", run, "People and their roles.")
    actions = user.add_subparsers(title="actions", metavar="ACTION", required=True)
    parser = sub.add(actions, "add", run, "Add a person to a desk, or give other roles.", STORY)
    parser.add_argument("username", help="what the person logs in with")
    parser.add_argument("--desk", required=True, help="slug of the desk")
    parser.add_argument("--role", action="append", required=True, help="may be repeated")
    parser.add_argument("--name", default="", help="as colleagues see it (default: the username)")
    parser.add_argument("--email", default="", help="may be used to log in as well")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def run(arguments: argparse.Namespace) -> int:
    with database():
        import django

        django.setup()
        return _add(arguments)


def _add(arguments: argparse.Namespace) -> int:
    from django.core.exceptions import ValidationError

    from roamdesk.desks.services import add_person, person_named

    try:
        known = person_named(arguments.username)
        password = None if known and not arguments.password_stdin else _ask_password(arguments)
        membership = add_person(
            arguments.username,
            desk_slug=arguments.desk,
            roles=arguments.role,
            password=password,
            display_name=arguments.name,
            email=arguments.email,
        )
    except ValidationError as problem:
        print("\n".join(problem.messages), file=sys.stderr)
        return 1
    print(f"{membership}: {', '.join(membership.roles)}.")
    return 0


def _ask_password(arguments: argparse.Namespace) -> str:
    """Raises ValidationError when the two entries differ."""
    from django.core.exceptions import ValidationError

    if arguments.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise ValidationError("The two passwords differ. Nothing was changed; run the command again.")
    return password
