"""Starting the demo anew. Only where nobody but the demo works: events are final everywhere else."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django_scopes import scopes_disabled

from roamdesk.cases.models import Case, CaseLink, CaseNumber, Duty, Event, PersonalValue
from roamdesk.charging.models import Command, MatchVerdict, RefusedStation
from roamdesk.correspondence.models import Call, Message
from roamdesk.demo.data import seed
from roamdesk.demo.desks import DESKS
from roamdesk.demo.mailbox import Mailbox
from roamdesk.desks.models import Desk

EMPTIED = (
    Case, CaseLink, CaseNumber, Duty, Event, PersonalValue, Command, MatchVerdict, RefusedStation, Call, Message
)  # fmt: skip


class ResetRefused(Exception):
    """Somebody else works here. The text says who."""


def reset(at: datetime, mailbox: Mailbox) -> int:
    """Empties cases, correspondence and commands, then seeds; how many cases there were. Raises ResetRefused."""
    others = list(Desk.objects.exclude(slug__in=DESKS).order_by("name").values_list("name", flat=True))
    if others:
        raise ResetRefused(f"{', '.join(others)} works on this installation too. Nothing was changed.")
    with transaction.atomic(), scopes_disabled():  # both demo desks
        cases = Case.objects.count()
        tables = ", ".join(model._meta.db_table for model in EMPTIED)
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {tables} CASCADE")
        seed(at)
    mailbox.empty()
    return cases
