"""Clocks: what is due becomes overdue, is reminded and escalated; what a machine owes is performed.

The clock's state is in the duties, so it survives restarts, and two workers never do the same row.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db.models import QuerySet
from django_scopes import scopes_disabled

from roamdesk.cases.actors import CLOCK
from roamdesk.cases.attention import call_for_attention
from roamdesk.cases.changing import changing
from roamdesk.cases.errors import BudgetUsedUp, Refused
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case, Duty
from roamdesk.cases.notices import send_notice
from roamdesk.cases.services import record
from roamdesk.cases.settling import changed, next_clock, plan_of

log = structlog.get_logger()
MOST = 20_000


def run_clocks(now: datetime) -> int:
    """Look at every duty whose clock has come; how many were looked at. ``now`` in UTC.

    A case that fails is logged, and looked at again the next time; the others don't wait for it.
    """
    with scopes_disabled():  # the clock serves every desk
        ids = list(_due(now).values_list("pk", flat=True)[:MOST])
    for id in ids:
        try:
            _tick(id, now)
        except Exception:
            log.exception("duty_clock_failed", duty=id)
    return len(ids)


def _due(now: datetime) -> QuerySet[Duty]:
    return Duty.objects.filter(state=Duty.State.OPEN, next_clock_at__lte=now).order_by("next_clock_at", "pk")


def _tick(id: int, now: datetime) -> None:
    with scopes_disabled():
        duty = Duty.objects.select_related("case__desk").filter(pk=id, state=Duty.State.OPEN).first()
    if duty is None:
        return
    if duty.performs_at and duty.performs_at <= now:
        _perform(duty, now)
    else:
        _remind_or_escalate(duty, now)


def _perform(seen: Duty, now: datetime) -> None:
    """Send what leaves by itself; what can't leave stays with its operator until something changes."""
    try:
        send_notice(seen.case, seen.rule, actor=CLOCK, at=now)
    except Refused as refused:
        with changing(seen.case) as case:
            duty = case.draft.duties.get(seen.rule)
            if duty is None or duty.performs_at is None or duty.performs_at > now:
                return
            duty.performs_at = None
            duty.next_clock_at = next_clock(duty)
            changed(case, duty)
            write(case, "not_performed", {"rule": duty.rule, "because": str(refused)}, CLOCK, now)
            if isinstance(refused, BudgetUsedUp):
                call_for_attention(case, str(refused), CLOCK, now)


def _remind_or_escalate(seen: Duty, now: datetime) -> None:
    """Under the case's lock, so that of two workers one acts."""
    with changing(seen.case) as case:
        duty = case.draft.duties.get(seen.rule)
        if duty is None or duty.next_clock_at is None or duty.next_clock_at > now:
            return
        kind = "escalated" if duty.overdue_at else "overdue"
        told = "the team lead" if duty.overdue_at else str(case.owner or "nobody: not taken")
        duty.escalated_at = now if duty.overdue_at else None
        duty.overdue_at = duty.overdue_at or now
        duty.next_clock_at = next_clock(duty)
        changed(case, duty)
        write(case, kind, {"rule": duty.rule, "title": duty.title, "told": told}, CLOCK, now)
        if kind == "overdue":
            _record_lateness(case, duty.rule, now)
        log.info("duty_clock", kind=kind, case=case.reference, rule=duty.rule)


def _record_lateness(case: Case, rule: str, now: datetime) -> None:
    """What the procedure makes of it that this duty is late; the plan follows."""
    plan = plan_of(case)
    records = (late.record for late in plan.procedure.duty(rule).late if plan.holds(late.when))
    record(case, next(records, {}), CLOCK, now)
