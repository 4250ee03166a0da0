"""From the desk's duties to the obligations of scenarios.md, and whether an expectation holds of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roamdesk.cases.models import Case
from roamdesk.cases.notices import template_fields
from roamdesk.cases.settling import plan_of
from roamdesk.procedure import Duty, Side

Pattern = dict[str, Any]
FIELD_NAMES = {"promised_at": "promised_time", "hurt": "anyone_hurt", "emergency_named": "emergency_number"}
STANDING = frozenset({"keep_in_touch", "support_user", "tell_outcome", "report_result", "note"})
DISCLOSABLE = {"user_phone": "user_phone", "token_id": "token"}


@dataclass(frozen=True)
class Obligation:
    owed_by: str
    action: str
    channel: str
    to: tuple[str, ...]
    fields: frozenset[str]
    needs: frozenset[str]
    text: str
    due: datetime | None
    result: str
    values: dict[str, str]
    indicative: bool
    waivable: bool
    cites: frozenset[str]


def obligations(case: Case) -> list[Obligation]:
    return [_obligation(case, duty) for duty in plan_of(case).duties]


def _obligation(case: Case, duty: Duty) -> Obligation:
    rule = duty.rule
    written = template_fields(case) if rule.action == "mail_template" else ()
    fields = {_neutral(name, rule.channel) for name in rule.tell} | {step.id for step in rule.steps}
    fields |= {field.name for field in written} | _demanded(rule.say)
    needs = {_neutral(name, rule.channel) for name in duty.missing if (name,) in rule.requires}
    return Obligation(
        owed_by=rule.owed_by,
        action=rule.action,
        channel=rule.channel,
        to=rule.to,
        fields=frozenset(fields),
        needs=frozenset(needs),
        text=" ".join([rule.do, rule.say, *(f"{step.id} {step.text}" for step in rule.steps)]),
        due=duty.due,
        result=rule.result,
        values={field.name: field.text.split(",")[0] for field in written if not field.missing},
        indicative=any(field.indicative for field in written if field.name == "date_time"),
        waivable=rule.waivable,
        cites=frozenset(rule.cites),
    )


def _neutral(name: str, channel: str) -> str:
    return "token_id" if name == "token" and channel != "mail" else FIELD_NAMES.get(name, name)


def _demanded(said: str) -> set[str]:
    return {"prompt_intervention"} if "intervene at once" in said else set()


def visible(case: Case, side: str, field: str) -> bool:
    """Whether that side may see the field, or anything that goes to it carries it."""
    call_centre = f"{side}_cc"
    carried = any(call_centre in each.to and field in each.fields for each in obligations(case))
    return carried or plan_of(case).sees(Side(side), DISCLOSABLE.get(field, field))


def one_of(wanted: Any, value: Any) -> bool:
    return value in wanted if isinstance(wanted, list) else value == wanted


def meets(wanted: Pattern, found: Obligation, now: datetime) -> bool:
    """Whether an obligation is the expected one, in every key that is given."""
    return (
        wanted["owed_by"] == found.owed_by
        and wanted["action"] == found.action
        and one_of(wanted["channel"], found.channel)
        and all(_any_in(each, found.to) for each in wanted["to"])
        and all(_any_in(each, found.fields) for each in wanted.get("must_contain", []))
        and _due_fits(wanted.get("due_in_min"), found.due, now)
        and ("overdue" not in wanted or wanted["overdue"] == bool(found.due and found.due < now))
        and wanted.get("result", found.result) == found.result
        and all(found.values.get(name) == text for name, text in wanted.get("values", {}).items())
        and wanted.get("date_time_indicative", found.indicative) == found.indicative
        and wanted.get("waivable", found.waivable) == found.waivable
        and not found.cites.isdisjoint(wanted["cites"])
    )


def _any_in(wanted: str | list[str], found: Any) -> bool:
    return any(each in found for each in wanted) if isinstance(wanted, list) else wanted in found


def _due_fits(wanted: Any, due: datetime | None, now: datetime) -> bool:
    if wanted is None:
        return True
    low, high = wanted if isinstance(wanted, list) else (wanted, wanted)
    return due is not None and low - 1 <= (due - now).total_seconds() / 60 <= high + 1


def matches(pattern: Pattern, found: Obligation) -> bool:
    """Whether an obligation agrees with a pattern in every key that it gives."""
    to = pattern.get("to")
    recipients = [to] if isinstance(to, str) else to
    return (
        one_of(pattern.get("owed_by", found.owed_by), found.owed_by)
        and one_of(pattern.get("action", found.action), found.action)
        and one_of(pattern.get("channel", found.channel), found.channel)
        and (recipients is None or any(each in found.to for each in recipients))
        and one_of(pattern.get("result", found.result), found.result)
        and ("requires" not in pattern or pattern["requires"] in found.needs)
        and ("contains" not in pattern or pattern["contains"] in found.text)
    )
