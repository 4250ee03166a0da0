"""Personal values that the step needs: shown to who may reveal them, and each showing is an event."""

from __future__ import annotations

from datetime import datetime

from roamdesk.cases.actors import Actor
from roamdesk.cases.errors import Refused
from roamdesk.cases.models import Case, Event
from roamdesk.cases.services import hidden_from_us, reveal
from roamdesk.cases.settling import plan_of, step_of
from roamdesk.cases.words import full
from roamdesk.desks.access import Access, Right
from roamdesk.procedure.model import DutyRule


def secrets_for(access: Access, case: Case, wanted: str, now: datetime) -> dict[str, str]:
    """What the step reads aloud, in full. The first showing to a person in a step is recorded."""
    if not access.may(Right.REVEAL) or case.state != Case.State.OPEN:
        return {}
    rule = _rule(case, wanted)
    names = _needed(case, rule) if rule else []
    return {name: value for name in names if rule and (value := _shown(access, case, name, rule, now))}


def _rule(case: Case, wanted: str) -> DutyRule | None:
    plan = plan_of(case)
    step = step_of(plan, case.side)
    rules = [*(rule for rule in plan.rules if rule.id == wanted), *([step.rule] if step else [])]
    return rules[0] if rules and rules[0].owed_by == case.side else None


def _needed(case: Case, rule: DutyRule) -> list[str]:
    values = case.known.get("values", {})
    spoken = [*rule.spell, *(name for name in values if f"{{{name}}}" in rule.say)]
    if "user" in rule.to and rule.channel == "phone":
        spoken.append("user_phone")
    return [name for name in dict.fromkeys(spoken) if isinstance(values.get(name), dict)]


def _shown(access: Access, case: Case, name: str, rule: DutyRule, now: datetime) -> str:
    reason = f"step: {rule.id}"
    seen = Event.objects.filter(
        case=case, kind="revealed", person=access.person, data__field=name, data__reason=reason
    ).exists()
    if seen:
        return "" if hidden_from_us(case, name) else full(case, name, case.known["values"][name])
    try:
        value = reveal(case, name, reason, actor=Actor.of(access.person), at=now)
    except Refused:
        return ""
    case.refresh_from_db(fields=["version", "head", "changed_at"])
    return value
