"""After each change: the plan is made anew, the duties follow it, and the queue's columns too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from roamdesk.cases.actors import Actor
from roamdesk.cases.calendars import office_of
from roamdesk.cases.changing import about
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case, Duty
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.snapshot import facts_of
from roamdesk.cases.words import fill
from roamdesk.correspondence import conversations
from roamdesk.procedure import Duty as Owed
from roamdesk.procedure import Plan, Procedure, plan
from roamdesk.procedure.planning import Decision

ESCALATED_AFTER = timedelta(minutes=10)


def plan_of(case: Case) -> Plan:
    return plan(procedure_of(case), facts_of(case), lambda side: office_of(case, side))


def settle(case: Case, actor: Actor, at: datetime) -> None:
    """Bring a case that is being changed in line with its facts."""
    now = plan_of(case)
    _close_or_reopen(case, now, actor, at)
    duties = now.duties
    follow(case, now, duties if case.state == Case.State.OPEN else (), at)
    _show(case, now, duties)


def follow(case: Case, now: Plan, duties: Iterable[Owed], at: datetime) -> None:
    """Exactly these duties are open from now on. A case that is not open owes nothing, not even standing ones."""
    opened, owed = case.draft.duties, {duty.rule.id: duty for duty in duties}
    for duty in [duty for rule, duty in opened.items() if rule not in owed]:
        end(case, duty, _ended_as(now, duty), at)
    for rule, each in owed.items():
        title, performs_at = _title(case, each), _performs_at(now, each, case, at)
        if rule in opened:
            _keep_up(case, opened[rule], title, each.due, performs_at)
        else:
            opened[rule] = _raised(case, each, title, performs_at, at)
            case.draft.raised.append(opened[rule])


def end(case: Case, duty: Duty, state: str, at: datetime) -> None:
    duty.state, duty.ended_at, duty.next_clock_at, duty.performs_at = state, at, None, None
    del case.draft.duties[duty.rule]
    changed(case, duty)


def changed(case: Case, duty: Duty) -> None:
    """Have the duty written with the rest of the verb."""
    if duty.pk is not None:
        case.draft.changed[duty.pk] = duty


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


def _keep_up(case: Case, row: Duty, title: str, due: datetime | None, performs_at: datetime | None) -> None:
    performs_at = None if row.performed_at else performs_at
    if (row.due_at, row.performs_at, row.title) == (due, performs_at, title):
        return
    if row.due_at != due:
        # A clock that was moved runs anew: what was overdue may not be any more.
        row.overdue_at = row.escalated_at = None
    row.due_at, row.performs_at, row.title = due, performs_at, title
    row.next_clock_at = next_clock(row)
    changed(case, row)


def _raised(case: Case, owed: Owed, title: str, performs_at: datetime | None, at: datetime) -> Duty:
    rule = owed.rule
    row = Duty(
        desk_id=case.desk_id,
        case_id=case.pk,
        rule=rule.id,
        action=rule.action,
        owed_by=rule.owed_by,
        ours=rule.owed_by == case.side,
        channel=rule.channel,
        title=title,
        cites=" ".join(rule.cites),
        raised_at=owed.since or at,
        due_at=owed.due,
        performs_at=performs_at,
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
    return (owed.since or at) + message.by_itself if now.holds(message.by_itself_when) else None


def _title(case: Case, owed: Owed) -> str:
    ours = owed.rule.owed_by == case.side
    return fill(case, owed.rule.do if ours or not owed.rule.wait else owed.rule.wait)[:160]


def _show(case: Case, now: Plan, owed: tuple[Owed, ...]) -> None:
    step = step_among(owed, case.side)
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
    """The one next step: what binds, ours before theirs; then what we keep doing; then what is left to us."""
    return step_among(now.duties, side)


def step_among(duties: Iterable[Owed], side: str) -> Owed | None:
    """As ``step_of``, among duties that were worked out already."""

    def rank(duty: Owed) -> tuple[int, bool]:
        rule = duty.rule
        return 0 if not (rule.standing or rule.optional) else 1 if rule.standing else 2, rule.owed_by != side

    return min(duties, key=rank, default=None)


def _close_or_reopen(case: Case, now: Plan, actor: Actor, at: datetime) -> None:
    still_ours = any(rule.owed_by == case.side for rule in now.rules)
    may_close_itself = now.may_close and now.route.closes_itself and not still_ours and not case.attention
    if case.state == Case.State.OPEN and may_close_itself:
        close(case, actor, at, "nothing is owed")
    elif case.state == Case.State.CLOSED and not now.may_close:
        open_again(case, actor, at, "something is owed again")


def close(case: Case, actor: Actor, at: datetime, because: str) -> None:
    case.state, case.closed_at, case.attention = Case.State.CLOSED, at, ""
    write(case, "closed", {"because": because}, actor, at)
    conversations.end(about(case))


def open_again(case: Case, actor: Actor, at: datetime, because: str) -> None:
    case.state, case.closed_at = Case.State.OPEN, None
    write(case, "reopened", {"because": because}, actor, at)
