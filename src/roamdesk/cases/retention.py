"""Retention: each desk keeps personal values for so many days, then a clock erases them.

Of a case the days begin when it closed, of what belongs to no case when it came. What stays is the history.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models.functions import Coalesce
from django_scopes import scope

from roamdesk.cases.actors import CLOCK
from roamdesk.cases.models import Case, MailReading, PersonalValue
from roamdesk.cases.personal import erase_personal_values
from roamdesk.charging.erasing import erase_tokens
from roamdesk.correspondence.erasing import abouts_to_erase, erase_before
from roamdesk.desks.models import Desk

log = structlog.get_logger()
ABOUT_CASE = "case:"


def run_retention(now: datetime) -> int:
    """Erase what is due in every desk (``now`` in UTC); how many cases. One that fails is logged, and due again."""
    return sum(_of_desk(desk, now) for desk in Desk.objects.all())


def _of_desk(desk: Desk, now: datetime) -> int:
    before = now - timedelta(days=desk.keep_days)
    with scope(desk=desk):
        erased = sum(_erase(case, now) for case in _due(desk, before))
        with transaction.atomic():
            mails = erase_before(desk, before, now, but_about=ABOUT_CASE)
            sessions = erase_tokens(desk, before, now)
            MailReading.objects.filter(desk=desk, mail__erased_at__isnull=False).delete()
    log.info("retention", desk=desk.slug, cases=erased, mails=mails, sessions=sessions)
    return erased


def _due(desk: Desk, before: datetime) -> Iterable[Case]:
    """Cases that closed before, with a value or a mail that is not erased yet."""
    values = PersonalValue.objects.filter(desk=desk, erased_at=None).values_list("case", flat=True)
    mails = {int(about.removeprefix(ABOUT_CASE)) for about in abouts_to_erase(desk, before, ABOUT_CASE)}
    over = Case.objects.filter(desk=desk).exclude(state=Case.State.OPEN).alias(over=Coalesce("closed_at", "changed_at"))
    return over.filter(over__lt=before, pk__in=mails.union(values)).select_related("desk").order_by("pk")


def _erase(case: Case, now: datetime) -> int:
    try:
        erase_personal_values(case, actor=CLOCK, at=now)
    except Exception:
        log.exception("retention_failed", case=case.reference)
        return 0
    return 1
