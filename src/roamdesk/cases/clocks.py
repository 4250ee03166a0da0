"""Clocks: what is due becomes overdue, is reminded and escalated; what a machine owes is performed.

The clock's state is in the duties, so it survives restarts, and two workers never do the same row.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db.models import QuerySet
from django_scopes import scopes_disabled

from roamdesk.cases.actors import CLOCK
from roamdesk.cases.errors import Refused
from roamdesk.cases.journal import write
from roamdesk.cases.models import Duty
from roamdesk.cases.notices import send_notice
from roamdesk.cases.services import changing
from roamdesk.cases.settling import next_clock

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


def _due(now: datetime) -> QuerySet[Duty]:
    return Duty.objects.filter(state=Duty.State.OPEN, next_clock_at__lte=now).order_by("next_clock_at")


def _tick(id: int, now: datetime) -> None:
    with scopes_disabled():
        duty = Duty.objects.select_related("case__desk").filter(pk=id, state=Duty.State.OPEN).first()
    if duty is None:
        return
    if duty.performs_at and duty.performs_at <= now:
        _perform(duty, now)
    else:
        _remind_or_escalate(duty, now)


def _perform(duty: Duty, now: datetime) -> None:
    """Send what leaves by itself; what can't leave stays with its operator, and the clock stops trying."""
    because = ""
    try:
        send_notice(duty.case, duty.rule, actor=CLOCK, at=now)
    except Refused as refused:
        because = str(refused)
    with changing(duty.case) as case:
        row = _still_open(duty)
        if row:
            row.performs_at = None
            row.next_clock_at = next_clock(row)
            row.save(update_fields=["performs_at", "next_clock_at"])
        if row and because:
            write(case, "not_performed", {"rule": row.rule, "because": because}, CLOCK, now)


def _still_open(duty: Duty) -> Duty | None:
    """The row as it is now; read under the case's lock, so only one worker acts on it."""
    return Duty.objects.filter(pk=duty.pk, state=Duty.State.OPEN).first()


def _remind_or_escalate(seen: Duty, now: datetime) -> None:
    with changing(seen.case) as case:
        duty = _still_open(seen)
        if duty is None or duty.next_clock_at is None or duty.next_clock_at > now:
            return
        kind = "escalated" if duty.overdue_at else "overdue"
        told = "the team lead" if duty.overdue_at else str(case.owner or "nobody: not taken")
        duty.escalated_at = now if duty.overdue_at else None
        duty.overdue_at = duty.overdue_at or now
        duty.next_clock_at = next_clock(duty)
        duty.save(update_fields=["overdue_at", "escalated_at", "next_clock_at"])
        write(case, kind, {"rule": duty.rule, "title": duty.title, "told": told}, CLOCK, now)
        log.info("duty_clock", kind=kind, case=case.reference, rule=duty.rule)
