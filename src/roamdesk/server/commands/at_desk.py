"""A command that works within one desk."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from roamdesk.server.database import database

if TYPE_CHECKING:
    from roamdesk.desks.models import Desk


def at_desk(slug: str, work: Callable[[Desk], str]) -> int:
    """Do ``work`` within the desk, with database and Django up, and print what it says.

    A refusal (ValueError) is said on stderr, with exit code 1.
    """
    with database():
        import django

        django.setup()
        from django_scopes import scope

        from roamdesk.desks.models import Desk

        desk = Desk.objects.filter(slug=slug).first()
        if desk is None:
            known = ", ".join(Desk.objects.values_list("slug", flat=True)) or "none yet: roamdesk desk add"
            print(f"There is no desk {slug!r}. Desks: {known}.", file=sys.stderr)
            return 1
        try:
            with scope(desk=desk):
                print(work(desk))
        except ValueError as refused:
            print(refused, file=sys.stderr)
            return 1
    return 0
