"""What anyone could tell: strategies over the facts of a procedure, and a case played by its answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any

from hypothesis import strategies as st

from procedure.situations import START
from roamdesk.procedure import Entry, Facts, Plan, Procedure, fold, plan
from roamdesk.procedure.folding import advance
from roamdesk.procedure.model import Answer, DutyRule, FactDef, Kind
from roamdesk.procedure.walk import mail_tells


def some_facts(procedure: Procedure) -> st.SearchStrategy[dict[str, Any]]:
    """Any values for any recorded facts, possible together or not."""
    recorded = {fact.name: _values(fact) for fact in procedure.facts.values() if fact.is_recorded}
    return st.fixed_dictionaries({}, optional=recorded)


def _values(fact: FactDef) -> st.SearchStrategy[str]:
    return st.sampled_from(list(fact.options)) if fact.kind is Kind.CHOICE else st.just("something")


def told_one_by_one(told: dict[str, Any]) -> list[Entry]:
    return [Entry(START + timedelta(minutes=minute), {name: told[name]}) for minute, name in enumerate(told)]


@dataclass
class Played:
    """A case of which only answers are told, by the words on their keys."""

    procedure: Procedure
    facts: Facts

    @classmethod
    def opened(cls, procedure: Procedure, **told: str) -> Played:
        return cls(procedure, fold(procedure, told_one_by_one(told)))

    @property
    def plan(self) -> Plan:
        return plan(self.procedure, self.facts)

    @property
    def open(self) -> list[str]:
        return [rule.id for rule in self.plan.rules]

    def answer(self, duty: str, text: str, **typed: str) -> None:
        assert duty in self.open
        (answer,) = [each for each in self.procedure.duty(duty).answers if each.text == text]
        self._tell({**answer.record, **typed})

    def mail_accepted(self, duty: str) -> None:
        assert duty in self.open
        self._tell(mail_tells(self.procedure, self.procedure.duty(duty)))

    def _tell(self, values: dict[str, str]) -> None:
        at = max(self.facts.since.values(), default=START) + timedelta(minutes=1)
        self.facts = advance(self.procedure, self.facts, [Entry(at, _taken_back(values))])


def way_to_close(procedure: Procedure, facts: Facts, most: int) -> Plan | None:
    """A plan that may be closed, reached by answers alone, the one with the fewest duties tried first."""
    order = count()
    waiting = [(0, next(order), facts)]
    seen = set()
    while waiting and len(seen) < most:
        _, _, facts = heappop(waiting)
        now = plan(procedure, facts)
        if now.may_close:
            return now
        for values in _tellings(procedure, now):
            after = advance(procedure, facts, [Entry(START, _taken_back(values))])
            mark = (frozenset(after.decisive.items()), frozenset(after.counts.items()))
            if mark not in seen:
                seen.add(mark)
                blocking = sum(not (rule.standing or rule.optional) for rule in plan(procedure, after).rules)
                heappush(waiting, (blocking, next(order), after))
    return None


def _tellings(procedure: Procedure, now: Plan) -> list[dict[str, str]]:
    possible = [duty.rule for duty in now.duties if not _lacks_what_is_asked(duty.rule, duty.missing, now)]
    told = [_told_by(answer) for rule in possible for answer in rule.answers]
    told += [mail_tells(procedure, rule) for rule in possible if rule.message]
    return told + [{fact.name: value} for fact in now.questions for value in fact.values]


def _lacks_what_is_asked(rule: DutyRule, missing: tuple[str, ...], now: Plan) -> bool:
    asked = {name for each in now.rules for answer in each.answers for name in answer.asks}
    return bool(asked.intersection(missing))


def _told_by(answer: Answer) -> dict[str, str]:
    return {**dict.fromkeys(answer.asks, "something"), **answer.record}


def _taken_back(values: dict[str, str]) -> dict[str, str | None]:
    return {name: None if value == "unset" else value for name, value in values.items()}
