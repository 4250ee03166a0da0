"""Why the plan is what it is: which rules fired, which did not, and which fact made the difference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from roamdesk.procedure.model import UNSET, Condition, DutyRule, FactDef, Kind, Procedure, Test
from roamdesk.procedure.planning import Plan

NOT_KNOWN = "is not known yet"


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One rule that was tried. ``title`` may hold placeholders; ``because`` is for people."""

    kind: Literal["route", "duty"]
    id: str
    title: str
    fired: bool
    because: str
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Later:
    """A duty that is not raised yet, and what is still to happen before it is."""

    rule: DutyRule
    condition: str


def trace(plan: Plan) -> list[TraceLine]:
    """The routes down to the one that is taken, then each duty of that route, in the order of the file."""
    return [*_routes(plan), *(_duty(plan, rule) for rule in plan.procedure.duties if plan.route.id in rule.routes)]


def later(plan: Plan) -> list[Later]:
    """The duties of this route that may still be raised.

    One is left out that would need another answer to what has chosen the route.
    """
    settled = _settled(plan)
    found = []
    for rule in plan.procedure.duties:
        if plan.route.id in rule.routes and not plan.decision.holds(rule.when) and not _is_done(plan, rule):
            gaps = [_gaps(plan, tests) for tests in rule.when.alternatives]
            live = [gap for gap in gaps if not any(test.fact in settled for test in gap)]
            if live:
                closest = sorted(live, key=len)[0]
                found.append(Later(rule, _tests(plan.procedure, closest)))
    return found


def words(procedure: Procedure, condition: Condition) -> str:
    """The condition in the words of the file: ``Unlock: Failed; Token is not known yet; or else Problem: Damaged``."""
    if not condition.alternatives:
        return "always"
    return "; or else ".join(_tests(procedure, tests) for tests in condition.alternatives)


def present(fact: FactDef, value: str) -> str:
    """A known fact in words; what an open fact holds is not said."""
    return f"{fact.title}: {_text(fact, value)}" if fact.kind is Kind.CHOICE else f"{fact.title} is known"


def _routes(plan: Plan) -> Iterable[TraceLine]:
    for route in plan.procedure.routes:
        taken = route is plan.route
        because = _why(plan, route.when) if taken else _why_not(plan, route.when)
        yield TraceLine("route", route.id, route.title, taken, because, route.cites)
        if taken:
            return


def _duty(plan: Plan, rule: DutyRule) -> TraceLine:
    raised = plan.decision.holds(rule.when)
    done = _is_done(plan, rule)
    declined = rule.id in plan.facts.declined
    if not raised:
        because = f"not raised: {_why_not(plan, rule.when)}"
    elif done:
        because = f"done: {_why(plan, rule.until)}"
    elif declined:
        because = "declined by us"
    else:
        because = _why(plan, rule.when)
    return TraceLine("duty", rule.id, rule.do, raised and not done and not declined, because, rule.cites)


def _is_done(plan: Plan, rule: DutyRule) -> bool:
    return bool(rule.until.alternatives) and plan.decision.holds(rule.until)


def _settled(plan: Plan) -> frozenset[str]:
    """The facts that are known and have chosen the route."""
    asked = {name for route in plan.procedure.routes for name in route.when.facts}
    behind = {test.fact for name in asked for each in plan.procedure.facts[name].derive for test in _flat(each.when)}
    return frozenset(name for name in asked | behind if name in plan.decision.values)


def _flat(condition: Condition) -> Iterable[Test]:
    return (test for tests in condition.alternatives for test in tests)


def _gaps(plan: Plan, tests: tuple[Test, ...]) -> tuple[Test, ...]:
    return tuple(test for test in tests if plan.decision.values.get(test.fact, UNSET) not in test.values)


def _why(plan: Plan, condition: Condition) -> str:
    """What is known that makes the condition hold, or what is not where nothing else does."""
    for tests in condition.alternatives:
        if not _gaps(plan, tests):
            known = [test for test in tests if test.fact in plan.decision.values]
            return "; ".join(_present(plan, test.fact) for test in known or tests)
    return "always"


def _why_not(plan: Plan, condition: Condition) -> str:
    """What is known, or not, that keeps the alternative from holding that comes closest."""
    gaps = [_gaps(plan, tests) for tests in condition.alternatives]
    return "; ".join(_present(plan, test.fact) for test in sorted(gaps, key=len)[0])


def _present(plan: Plan, name: str) -> str:
    fact = plan.procedure.facts[name]
    value = plan.decision.values.get(name)
    if value is not None:
        return present(fact, value)
    return f"{fact.title} does not count here" if name in plan.facts.decisive else f"{fact.title} {NOT_KNOWN}"


def _tests(procedure: Procedure, tests: Iterable[Test]) -> str:
    return "; ".join(_test(procedure.facts[test.fact], test.values) for test in tests) or "always"


def _test(fact: FactDef, values: frozenset[str]) -> str:
    wanted = [value for value in fact.values if value in values]
    if len(wanted) == len(fact.values) and UNSET in values:
        return f"{fact.title} may be anything"
    if len(wanted) == len(fact.values) and (len(wanted) > 1 or fact.kind is not Kind.CHOICE):
        return f"{fact.title} is known"
    if not wanted:
        return f"{fact.title} {NOT_KNOWN}"
    named = f"{fact.title}: {' or '.join(_text(fact, value) for value in wanted)}"
    return f"{named} or not known yet" if UNSET in values else named


def _text(fact: FactDef, value: str) -> str:
    return fact.options.get(value, value)
