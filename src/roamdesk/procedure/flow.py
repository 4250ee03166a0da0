"""Which duty leads to which, read from what answers record and what conditions ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from roamdesk.procedure.model import UNSET, Condition, DutyRule, Procedure, Route, Side
from roamdesk.procedure.walk import mail_tells

Told = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Lead:
    """An answer of one duty (or its mail) that brings about something another one waits for."""

    source: DutyRule
    target: DutyRule
    answer: str


def rules_of(procedure: Procedure, route: Route, side: Side | None = None) -> tuple[DutyRule, ...]:
    """The duties of the route that this side may see owed; of both sides where none is given."""
    return tuple(rule for rule in procedure.duties if route.id in rule.routes and _is_for(rule, side))


def leads(procedure: Procedure, rules: tuple[DutyRule, ...]) -> list[Lead]:
    """Each pair of duties once, with the first answer that leads there."""
    found: dict[tuple[str, str], Lead] = {}
    for source in rules:
        for text, told in _outcomes(procedure, source):
            for target in rules:
                if target is not source and _waits_for(target.when, told):
                    found.setdefault((source.id, target.id), Lead(source, target, text))
    return list(found.values())


def _is_for(rule: DutyRule, side: Side | None) -> bool:
    if side is None or not rule.when.alternatives:
        return True
    return any(all(test.fact != "side" or side in test.values for test in tests) for tests in rule.when.alternatives)


def _outcomes(procedure: Procedure, rule: DutyRule) -> Iterator[tuple[str, Told]]:
    for answer in rule.answers:
        typed = {name: value for name in answer.asks for value in procedure.facts[name].values}
        yield answer.text, _with_derived(procedure, {**typed, **answer.record})
    if rule.message:
        yield "mail accepted", _with_derived(procedure, mail_tells(procedure, rule))


def _with_derived(procedure: Procedure, told: Mapping[str, str]) -> Told:
    """What is told, and what may follow from it."""
    known = {(name, value) for name, value in told.items() if value != UNSET}
    for fact in procedure.facts.values():
        known |= {(fact.name, each.value) for each in fact.derive if _waits_for(each.when, frozenset(known))}
    return frozenset(known)


def _waits_for(condition: Condition, told: Told) -> bool:
    return any(
        UNSET not in test.values and any((test.fact, value) in told for value in test.values)
        for tests in condition.alternatives
        for test in tests
    )
