"""Clocks: what is due becomes overdue, is reminded and escalated; what a machine owes is performed.

The clock's state is in the duties, so it survives restarts, and two workers never do the same row.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction
from django_scopes import scope, scopes_disabled

from roamdesk.cases.actors import CLOCK
from roamdesk.cases.errors import Refused
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case, Duty
from roamdesk.cases.notices import send_notice
from roamdesk.cases.services import changing
from roamdesk.cases.settling import ESCALATED_AFTER, next_clock, notify

log = structlog.get_logger()
AT_ONCE = 200


def run_clocks(now: datetime) -> int:
    """Look at every duty whose clock has come; how many were looked at. ``now`` in UTC."""
    seen = 0
    while seen < 100 * AT_ONCE:
        with scopes_disabled():  # the clock serves every desk
            ids = list(_due(now).values_list("pk", flat=True)[:AT_ONCE])
        if not ids:
            break
        for id in ids:
            _tick(id, now)
        seen += len(ids)
    return seen


def _due(now: datetime):  # type: ignore[no-untyped-def]
    return Duty.objects.filter(state=Duty.State.OPEN, next_clock_at__lte=now).order_by("next_clock_at")


def _tick(id: int, now: datetime) -> None:
    with scopes_disabled():
        found = Duty.objects.select_related("case__desk").filter(pk=id).first()
    if found is None:
        return
    with scope(desk=found.case.desk), transaction.atomic(), changing(found.case) as case:
        duty = Duty.objects.select_for_update(skip_locked=True).filter(pk=id, state=Duty.State.OPEN).first()
        if duty is None or duty.next_clock_at is None or duty.next_clock_at > now:
            return
        if duty.performs_at and duty.performs_at <= now:
            _perform(case, duty, now)
        else:
            _remind_or_escalate(case, duty, now)


def _perform(case: Case, duty: Duty, now: datetime) -> None:
    """Send what leaves by itself; what can't leave stays with its operator, and the clock stops trying."""
    try:
        with transaction.atomic():
            send_notice(case, duty.rule, actor=CLOCK, at=now)
    except Refused as refused:
        write(case, "not_performed", {"rule": duty.rule, "because": str(refused)}, CLOCK, now)
        case.save()
    duty.refresh_from_db()
    duty.performs_at = None
    duty.next_clock_at = next_clock(duty)
    duty.save(update_fields=["performs_at", "next_clock_at"])


def _remind_or_escalate(case: Case, duty: Duty, now: datetime) -> None:
    if duty.overdue_at is None:
        duty.overdue_at = now
        kind, to = "overdue", str(case.owner or "nobody")
    else:
        duty.escalated_at = now
        kind, to = "escalated", "the team lead"
    duty.next_clock_at = next_clock(duty)
    duty.save(update_fields=["overdue_at", "escalated_at", "next_clock_at"])
    write(case, kind, {"rule": duty.rule, "title": duty.title, "told": to}, CLOCK, now)
    case.save()
    notify(case)
    log.info("duty_" + kind, case=case.reference, rule=duty.rule, minutes=int(ESCALATED_AFTER.total_seconds() // 60))
