"""After each change: the plan is made anew, the duties follow it, and the queue's columns too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from roamdesk.cases.actors import Actor
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case, Duty
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.snapshot import facts_of
from roamdesk.cases.words import fill
from roamdesk.procedure import Duty as Owed
from roamdesk.procedure import Plan, Procedure, plan
from roamdesk.procedure.planning import Decision

ESCALATED_AFTER = timedelta(minutes=10)


def plan_of(case: Case) -> Plan:
    return plan(procedure_of(case), facts_of(case))


def settle(case: Case, actor: Actor, at: datetime) -> Plan:
    """Bring a case that is being changed in line with its facts."""
    now = plan_of(case)
    opened = {duty.rule: duty for duty in case.duties.filter(state=Duty.State.OPEN)}
    owed = {duty.rule.id: duty for duty in now.duties}
    _end(now, [duty for rule, duty in opened.items() if rule not in owed], at)
    _follow(case, now, opened, owed, at)
    _show(case, now, list(owed.values()))
    _close_or_reopen(case, now, actor, at)
    return now


def _end(now: Plan, gone: list[Duty], at: datetime) -> None:
    by_state: dict[str, list[int]] = {}
    for duty in gone:
        by_state.setdefault(_ended_as(now, duty), []).append(duty.pk)
    for state, ids in by_state.items():
        Duty.objects.filter(pk__in=ids).update(state=state, ended_at=at, next_clock_at=None, performs_at=None)


def _ended_as(now: Plan, duty: Duty) -> str:
    """Done where what it wanted is known now; otherwise it lapsed."""
    rule = now.procedure.duty(duty.rule)
    if rule.id in now.facts.declined:
        return Duty.State.DECLINED if rule.waivable else Duty.State.DEPARTED
    done = bool(rule.until.alternatives) and now.decision.holds(rule.until)
    answered = any(_was_answered(now.decision, answer.record) for answer in rule.answers)
    return Duty.State.DONE if done or answered else Duty.State.LAPSED


def _was_answered(decision: Decision, record: Mapping[str, str]) -> bool:
    return bool(record) and all(decision.values.get(name) == value for name, value in record.items())


def _follow(case: Case, now: Plan, opened: dict[str, Duty], owed: dict[str, Owed], at: datetime) -> None:
    new = []
    for rule_id, duty in owed.items():
        row = opened.get(rule_id)
        if row is None:
            new.append(_raised(case, now, duty, at))
        else:
            _keep_up(row, _title(case, duty), duty.due, _performs_at(now, duty, case, at))
    Duty.objects.bulk_create(new)


def _keep_up(row: Duty, title: str, due: datetime | None, performs_at: datetime | None) -> None:
    if (row.due_at, row.performs_at, row.title) == (due, performs_at, title):
        return
    row.due_at, row.performs_at, row.title = due, performs_at, title
    row.next_clock_at = next_clock(row)
    row.save(update_fields=["due_at", "performs_at", "title", "next_clock_at"])


def _raised(case: Case, now: Plan, owed: Owed, at: datetime) -> Duty:
    rule = owed.rule
    row = Duty(
        desk_id=case.desk_id,
        case=case,
        rule=rule.id,
        action=rule.action,
        owed_by=rule.owed_by,
        ours=rule.owed_by == case.side,
        channel=rule.channel,
        title=_title(case, owed),
        cites=" ".join(rule.cites),
        raised_at=owed.since or at,
        due_at=owed.due,
        performs_at=_performs_at(now, owed, case, at),
    )
    row.next_clock_at = next_clock(row)
    return row


def next_clock(duty: Duty) -> datetime | None:
    """When the clock must look at a duty next (UTC): to perform it, to call it overdue, to escalate it."""
    due = duty.due_at
    if due and duty.overdue_at:
        due = due + ESCALATED_AFTER if duty.escalated_at is None else None
    return min((each for each in (due, duty.performs_at) if each), default=None)


def _performs_at(now: Plan, owed: Owed, case: Case, at: datetime) -> datetime | None:
    message = now.procedure.messages.get(owed.rule.message)
    if message is None or message.by_itself is None or owed.rule.owed_by != case.side or owed.missing:
        return None
    return (owed.since or at) + message.by_itself if now.decision.holds(message.by_itself_when) else None


def _title(case: Case, owed: Owed) -> str:
    ours = owed.rule.owed_by == case.side
    return fill(case, owed.rule.do if ours or not owed.rule.wait else owed.rule.wait)[:160]


def _show(case: Case, now: Plan, owed: list[Owed]) -> None:
    step = step_of(now, case.side)
    values = now.decision.values
    case.route, case.may_close = now.route.id, now.may_close
    case.is_danger = now.route.danger and not values.get("outcome") and not now.may_close
    case.is_unknown = values.get("unlock") == "unknown"
    case.title = _problem(now.procedure, values)
    case.next_action = _title(case, step) if step else ""
    case.next_cites = " ".join(step.rule.cites[:2]) if step else ""
    case.next_owed_by = step.rule.owed_by.value if step else ""
    case.next_since = step.since if step else None
    case.next_due_at = min((duty.due for duty in owed if duty.due), default=None)


def _problem(procedure: Procedure, values: Mapping[str, str]) -> str:
    problem = values.get("problem", "")
    fact = procedure.facts.get("problem")
    return fact.options.get(problem, "Not known yet") if fact else ""


def step_of(now: Plan, side: str) -> Owed | None:
    """The one next step: ours before theirs, owed before optional before standing."""
    duties = now.duties
    for ours in (True, False):
        for binding in (lambda r: not (r.standing or r.optional), lambda r: r.standing, lambda r: r.optional):
            for duty in duties:
                if (duty.rule.owed_by == side) is ours and binding(duty.rule):
                    return duty
    return None


def _close_or_reopen(case: Case, now: Plan, actor: Actor, at: datetime) -> None:
    if case.state == Case.State.OPEN and now.may_close and now.route.closes_itself:
        close(case, actor, at, "nothing is owed")
    elif case.state == Case.State.CLOSED and not now.may_close:
        case.state, case.closed_at = Case.State.OPEN, None
        write(case, "reopened", {"because": "something is owed again"}, actor, at)


def close(case: Case, actor: Actor, at: datetime, because: str) -> None:
    case.state, case.closed_at = Case.State.CLOSED, at
    write(case, "closed", {"because": because}, actor, at)
