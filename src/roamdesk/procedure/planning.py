"""``plan(procedure, facts)``: which route this is, what is owed now, and why.

A procedure's closed facts span a finite space, so a decision is made once per situation and then looked up;
only instants are worked out for each case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from roamdesk.procedure.folding import Facts
from roamdesk.procedure.model import UNSET, Condition, Due, DutyRule, FactDef, Procedure, Route, Side
from roamdesk.worktime import Office, OpeningHours

REMEMBERED = 200_000
Situation = tuple[str, ...]
Offices = Callable[[Side], Office]
AN_OFFICE = Office(ZoneInfo("UTC"), OpeningHours.parse("business"))


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from the closed facts alone. ``values`` holds each fact in play, derived ones too."""

    route: Route
    values: Mapping[str, str]
    rules: tuple[DutyRule, ...]
    questions: tuple[FactDef, ...]
    disclosed: frozenset[tuple[str, Side]]

    def holds(self, condition: Condition) -> bool:
        return holds(condition, self.values)


@dataclass(frozen=True, slots=True)
class Duty:
    """What is owed now. ``due`` and ``since`` are instants in UTC; ``missing`` must be known before it can be done."""

    rule: DutyRule
    since: datetime | None
    due: datetime | None
    missing: tuple[str, ...]


class Plan:
    """The answer for one case. Cheap to make; what is asked of it is worked out then."""

    __slots__ = ("decision", "facts", "offices", "procedure")

    def __init__(self, procedure: Procedure, facts: Facts, decision: Decision, offices: Offices) -> None:
        self.procedure, self.facts, self.decision, self.offices = procedure, facts, decision, offices

    @property
    def route(self) -> Route:
        return self.decision.route

    @property
    def rules(self) -> tuple[DutyRule, ...]:
        """The rules of the open duties, most urgent first."""
        declined = self.facts.declined
        if not declined:
            return self.decision.rules
        return tuple(rule for rule in self.decision.rules if rule.id not in declined)

    @property
    def duties(self) -> tuple[Duty, ...]:
        return tuple(self._duty(rule) for rule in self.rules)

    @property
    def questions(self) -> tuple[FactDef, ...]:
        return self.decision.questions

    @property
    def outcome(self) -> str:
        return self.decision.values.get("outcome", "")

    @property
    def may_close(self) -> bool:
        """Nothing is owed by anyone. Standing and optional duties hold no case open."""
        return not self.questions and not any(not (rule.standing or rule.optional) for rule in self.rules)

    def sees(self, side: Side, field: str) -> bool:
        """Whether ``side`` may see this personal field of the other side's case now."""
        return (field, side) in self.decision.disclosed

    def holds(self, condition: Condition) -> bool:
        """Whether the condition holds here; it may ask for facts that no route or duty asks for, as a step's may."""
        return holds(condition, _planner(self.procedure).everything(self.facts, self.decision))

    def since(self, fact: str) -> datetime | None:
        """Since when the fact has its present value (UTC); of a derived one, when it first followed."""
        return _since(self.procedure, self.decision, self.facts, fact)

    def _duty(self, rule: DutyRule) -> Duty:
        raised = _raised(self.procedure, self.decision, self.facts, rule)
        return Duty(rule, raised, self._due(rule, rule.due) if rule.due else None, self._missing(rule))

    def _due(self, rule: DutyRule, due: Due) -> datetime | None:
        after = max((at for name in due.after if (at := self.since(name))), default=None)
        target = self.procedure.targets[due.target]
        if after is None or not target.business_hours:
            return after and after + target.length
        return self.offices(rule.owed_by).after(after, target.length)

    def _missing(self, rule: DutyRule) -> tuple[str, ...]:
        known = self.facts.values
        return tuple(any_of[0] for any_of in rule.requires if not any(name in known for name in any_of))


def plan(procedure: Procedure, facts: Facts, offices: Offices = lambda side: AN_OFFICE) -> Plan:
    """The plan for these facts. Pure: the same facts give the same plan.

    ``offices`` is asked for the hours of whoever owes what is due in business hours; unasked, Mon-Fri 9 to 5 in UTC.
    """
    return Plan(procedure, facts, _planner(procedure).decide(facts), offices)


def decide(procedure: Procedure, values: Mapping[str, str]) -> Decision:
    """The decision for closed values alone (an option, ``set``, or a count), freshly worked out."""
    return _planner(procedure).work_out(values)


_planners: WeakKeyDictionary[Procedure, _Planner] = WeakKeyDictionary()


def _planner(procedure: Procedure) -> _Planner:
    found = _planners.get(procedure)
    if found is None:
        found = _planners[procedure] = _Planner(procedure)
    return found


class _Planner:
    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        deciding = deciding_facts(procedure)
        self.recorded = [fact.name for fact in procedure.facts.values() if fact.is_recorded and fact.name in deciding]
        self.counted = [fact for fact in procedure.facts.values() if fact.count and fact.name in deciding]
        self.facts = [fact for fact in procedure.facts.values() if fact.name in deciding]
        self.asked = [fact for fact in procedure.facts.values() if fact.ask]
        self.rules = {route.id: [d for d in procedure.duties if route.id in d.routes] for route in procedure.routes}
        self.remembered: dict[Situation, Decision] = {}

    def decide(self, facts: Facts) -> Decision:
        get = facts.decisive.get
        key: Situation = tuple([get(name, UNSET) for name in self.recorded])
        if self.counted:
            key += tuple([self._counted(fact, facts) for fact in self.counted])
        decision = self.remembered.get(key)
        if decision is None:
            decision = self._remember(key)
        return decision

    def _counted(self, fact: FactDef, facts: Facts) -> str:
        assert fact.count
        times = facts.counts.get((fact.count.fact, fact.count.value), 0)
        return str(min(times, fact.count.up_to)) if times else UNSET

    def _remember(self, key: Situation) -> Decision:
        if len(self.remembered) >= REMEMBERED:
            self.remembered.clear()
        names = [*self.recorded, *(fact.name for fact in self.counted)]
        decision = self.remembered[key] = self.work_out(dict(zip(names, key, strict=True)))
        return decision

    def everything(self, facts: Facts, decision: Decision) -> dict[str, str]:
        """The facts in play, also those that decide nothing."""
        counted = {fact.name: self._counted(fact, facts) for fact in self.procedure.facts.values() if fact.count}
        values: dict[str, str] = {}
        self._settle({**facts.decisive, **counted}, values, decision.route.id, self.procedure.facts.values())
        return values

    def work_out(self, told: Mapping[str, str]) -> Decision:
        values: dict[str, str] = {}
        self._settle(told, values, "", self.facts)
        route = next(each for each in self.procedure.routes if holds(each.when, values))
        self._settle(told, values, route.id, self.facts)
        rules = tuple(rule for rule in self.rules[route.id] if is_owed(rule, values))
        questions = tuple(f for f in self.asked if f.name not in values and in_play(f, values, route.id))
        disclosed = frozenset((d.field, d.to) for d in self.procedure.disclosures if holds(d.when, values))
        return Decision(route, values, rules, questions, disclosed)

    def _settle(self, told: Mapping[str, str], values: dict[str, str], route: str, facts: Iterable[FactDef]) -> None:
        """Put into ``values`` each fact that is in play, in the order of the file."""
        for fact in facts:
            if in_play(fact, values, route) and (value := _value_of(fact, told, values)) != UNSET:
                values[fact.name] = value
            else:
                values.pop(fact.name, None)


def in_play(fact: FactDef, values: Mapping[str, str], route: str) -> bool:
    """Whether the fact decides anything here. One that is not is kept, and waits."""
    return (not fact.routes or route in fact.routes) and holds(fact.when, values)


def is_owed(rule: DutyRule, values: Mapping[str, str]) -> bool:
    return holds(rule.when, values) and not (rule.until.alternatives and holds(rule.until, values))


def deciding_facts(procedure: Procedure) -> frozenset[str]:
    """The facts that some condition asks for, directly or behind a derived one."""
    conditions = [route.when for route in procedure.routes]
    conditions += [condition for rule in procedure.duties for condition in (rule.when, rule.until)]
    conditions += [each.when for each in procedure.disclosures]
    conditions += [fact.when for fact in procedure.facts.values() if fact.ask]
    found: set[str] = {fact.name for fact in procedure.facts.values() if fact.ask}
    waiting = [name for condition in conditions for name in condition.facts] + list(found)
    found = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _behind(procedure.facts[name])
    return frozenset(found)


def _behind(fact: FactDef) -> set[str]:
    return set(fact.when.facts).union(*(each.when.facts for each in fact.derive))


def _value_of(fact: FactDef, told: Mapping[str, str], values: Mapping[str, str]) -> str:
    if fact.derive:
        return next((each.value for each in fact.derive if holds(each.when, values)), UNSET)
    return told.get(fact.name, UNSET)


def holds(condition: Condition, values: Mapping[str, str]) -> bool:
    """Whether one of the alternatives fits the values; a fact that is not among them is not known."""
    if not condition.alternatives:
        return True
    for tests in condition.alternatives:
        for test in tests:
            if values.get(test.fact, UNSET) not in test.values:
                break
        else:
            return True
    return False


def _since(procedure: Procedure, decision: Decision, facts: Facts, name: str) -> datetime | None:
    fact = procedure.facts[name]
    if fact.count:
        return facts.since.get(fact.count.fact)
    if not fact.derive:
        return facts.since.get(name)
    value = decision.values.get(name)
    instants = [_latest(procedure, decision, facts, each.when) for each in fact.derive if each.value == value]
    return min((at for at in instants if at), default=None)


def _latest(procedure: Procedure, decision: Decision, facts: Facts, condition: Condition) -> datetime | None:
    """When the condition came to hold: the earliest alternative that holds, each by its latest known fact."""
    instants = []
    for tests in condition.alternatives:
        if all(decision.values.get(test.fact, UNSET) in test.values for test in tests):
            known = [_since(procedure, decision, facts, test.fact) for test in tests if test.fact in decision.values]
            instants.append(max((at for at in known if at), default=None))
    return min((at for at in instants if at), default=None)


def _raised(procedure: Procedure, decision: Decision, facts: Facts, rule: DutyRule) -> datetime | None:
    instants = (
        _latest(procedure, decision, facts, rule.when),
        _latest(procedure, decision, facts, decision.route.when),
    )
    return max((at for at in instants if at), default=None)
