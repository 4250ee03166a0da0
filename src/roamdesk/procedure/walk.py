"""Every situation that a procedure's closed facts allow, and which answer leads from one to the next.

A situation is one integer with one bit for each fact that decides anything: the bit of its value, or of "not known".
Facts that no rule of a route asks for are left out in that route, and starting points that no rule of the route can
tell apart are walked once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from roamdesk.procedure.model import UNSET, Answer, Condition, DutyRule, FactDef, Procedure, Route
from roamdesk.procedure.planning import deciding_facts

MOST_SITUATIONS = 3_000_000
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
Masks = tuple[tuple[int, ...], ...]


class TooManySituations(ValueError):
    """The facts of one route can be combined in more ways than can be walked."""


def fits(masks: Masks, situation: int) -> bool:
    """Whether one alternative fits; none at all always does."""
    for tests in masks:
        for test in tests:
            if not situation & test:
                break
        else:
            return True
    return not masks


@dataclass(frozen=True)
class FactBits:
    """One deciding fact. ``told`` are the bits that someone can tell; ``counts`` is the bit that is counted."""

    fact: FactDef
    all: int
    unset: int
    bits: Mapping[str, int]
    when: Masks
    derive: tuple[tuple[int, Masks], ...]
    counts: int

    def told(self, situation: int) -> tuple[int, ...]:
        """The bits that it can have here when it is in play."""
        values = tuple(self.bits.values())
        return values if self.counts & situation else (self.unset, *values)


@dataclass(frozen=True)
class Move:
    """What one answer, or the mail's acceptance, changes."""

    clear: int
    set: int
    answer: Answer | None = None


@dataclass(frozen=True)
class RuleBits:
    rule: DutyRule
    when: Masks
    until: Masks
    requires: tuple[int, ...]
    moves: tuple[Move, ...]
    blocks: bool

    def is_owed(self, situation: int) -> bool:
        return fits(self.when, situation) and not (self.until and fits(self.until, situation))


@dataclass
class RouteBits:
    """A route with the facts that its rules ask for, and its starting points."""

    route: Route
    facts: tuple[FactBits, ...]
    rules: tuple[RuleBits, ...]
    asked: tuple[FactBits, ...]
    tests: tuple[int, ...]
    absent: int
    heads: dict[tuple[bool, ...], int] = field(default_factory=dict)
    stands_for: int = 0


class Space:
    """The compiled procedure."""

    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        deciding = deciding_facts(procedure)
        self.bits: dict[str, dict[str, int]] = {}
        position = 0
        for fact in procedure.facts.values():
            if fact.name in deciding:
                values = (UNSET, *fact.values)
                self.bits[fact.name] = {value: 1 << position + n for n, value in enumerate(values)}
                position += len(values)
        self.facts = {name: self._fact(procedure.facts[name]) for name in self.bits}
        head = _behind(procedure, (route.when for route in procedure.routes))
        self.head = tuple(fact for name, fact in self.facts.items() if name in head)
        self.head_mask = sum(fact.all for fact in self.head)
        self.route_masks = [(self.masks(route.when), route) for route in procedure.routes]
        self.routes = {route.id: self._route(route, head) for route in procedure.routes}
        self.lost: list[int] = []
        for situation in _expand(self.head, [0]):
            self._place(situation)

    def masks(self, condition: Condition) -> Masks:
        return tuple(
            tuple(sum(self.bits[test.fact][value] for value in test.values) for test in tests)
            for tests in condition.alternatives
        )

    def value(self, situation: int, name: str) -> str:
        return next((value for value, bit in self.bits[name].items() if bit & situation), UNSET)

    def known(self, situation: int) -> dict[str, str]:
        """The facts that are known in this situation, in the order of the file."""
        return {name: value for name in self.bits if (value := self.value(situation, name)) != UNSET}

    def route_at(self, situation: int) -> Route | None:
        """First match wins; None where no route fits."""
        return next((route for masks, route in self.route_masks if fits(masks, situation)), None)

    def heads(self) -> Iterator[int]:
        """Each combination of the facts that choose the route."""
        return iter(_expand(self.head, [0]))

    def situations(self, route: Route) -> Iterator[int]:
        """Each situation of the route, once."""
        bits = self.routes[route.id]
        for head in bits.heads.values():
            yield from _expand(bits.facts, [head | bits.absent])

    def stands_for(self, route: Route) -> int:
        """How many situations there are when starting points that read alike are counted one by one."""
        bits = self.routes[route.id]
        each = {head: len(_expand(bits.facts, [head | bits.absent])) for head in bits.heads.values()}
        return sum(
            each[bits.heads[self._reads(bits, head)]] for head in self.heads() if self.route_at(head) is bits.route
        )

    def after(self, situation: int, move: Move) -> int:
        """The situation that follows. What comes into play anew is not known yet."""
        told = situation & ~move.clear | move.set
        for fact in self.facts.values():
            if fact.counts & move.set:
                told = told & ~fact.all | _one_more(fact, situation)
        if not move.clear & self.head_mask:
            route = self.routes[self._route_id(situation)]
            head = situation & self.head_mask
        else:
            head = _settle(self.head, told, 0)
            found = self.route_at(head)
            if found is None:
                return situation
            route = self.routes[found.id]
            head = route.heads[self._reads(route, head)]
        return _settle(route.facts, told, head | route.absent)

    def _route_id(self, situation: int) -> str:
        found = self.route_at(situation)
        assert found
        return found.id

    def _place(self, head: int) -> None:
        route = self.route_at(head)
        if route is None:
            self.lost.append(head)
            return
        bits = self.routes[route.id]
        bits.heads.setdefault(self._reads(bits, head), head)

    def _reads(self, route: RouteBits, head: int) -> tuple[bool, ...]:
        """What the rules of the route can tell about a starting point."""
        return tuple([bool(test & head) for test in route.tests])

    def _fact(self, fact: FactDef) -> FactBits:
        bits = dict(self.bits[fact.name])
        counts = self.bits[fact.count.fact][fact.count.value] if fact.count else 0
        return FactBits(
            fact=fact,
            all=sum(bits.values()),
            unset=bits.pop(UNSET),
            bits=bits,
            when=self.masks(fact.when),
            derive=tuple((self.bits[fact.name][each.value], self.masks(each.when)) for each in fact.derive),
            counts=counts,
        )

    def _route(self, route: Route, head: frozenset[str]) -> RouteBits:
        procedure = self.procedure
        rules = [rule for rule in procedure.duties if route.id in rule.routes]
        asked = [fact for fact in procedure.facts.values() if fact.ask and _is_of(fact, route)]
        conditions = [condition for rule in rules for condition in (rule.when, rule.until)]
        conditions += [each.when for each in procedure.disclosures]
        conditions += [procedure.facts[name].when for rule in rules for name in named(rule, procedure)]
        conditions = [condition for condition in conditions if condition.facts <= self.bits.keys()]
        typed = self._typed(rules) & {name for rule in rules for any_of in rule.requires for name in any_of}
        needed = _behind(procedure, conditions, (*(fact.name for fact in asked), *typed), route)
        facts = [f for n, f in self.facts.items() if n in needed - head and _is_of(f.fact, route)]
        masks = [self.masks(condition) for condition in conditions]
        masks += [each for fact in facts for each in (fact.when, *(when for _, when in fact.derive))]
        tests = [test for alternatives in masks for tests in alternatives for test in tests if test & self.head_mask]
        tests += [self.facts[fact.name].unset for fact in asked if fact.name in head]
        return RouteBits(
            route=route,
            facts=tuple(facts),
            rules=tuple(self._rule(rule, typed) for rule in rules),
            asked=tuple(self.facts[fact.name] for fact in asked),
            tests=tuple(dict.fromkeys(tests)),
            absent=sum(f.unset for n, f in self.facts.items() if n not in head and f not in facts),
        )

    def _typed(self, rules: Iterable[DutyRule]) -> frozenset[str]:
        """The deciding facts that an answer of these rules asks for. Other open facts are known from the call."""
        return frozenset(name for rule in rules for each in rule.answers for name in each.asks if name in self.bits)

    def _rule(self, rule: DutyRule, typed: frozenset[str]) -> RuleBits:
        requires = [
            sum(self.facts[name].all & ~self.facts[name].unset for name in any_of)
            for any_of in rule.requires
            if typed.issuperset(any_of)
        ]
        return RuleBits(
            rule=rule,
            when=self.masks(rule.when),
            until=self.masks(rule.until),
            requires=tuple(requires),
            moves=tuple(self._moves(rule)),
            blocks=not (rule.standing or rule.optional),
        )

    def _moves(self, rule: DutyRule) -> Iterator[Move]:
        for answer in rule.answers:
            typed = [name for name in answer.asks if name in self.facts]
            for names in {tuple(typed), *((name,) for name in typed)}:
                told = {**answer.record, **{name: self.procedure.facts[name].values[0] for name in names}}
                yield self.move(told, answer)
        if rule.message:
            yield self.move(mail_tells(self.procedure, rule))

    def move(self, told: Mapping[str, str], answer: Answer | None = None) -> Move:
        """What it changes that these facts are told; those that decide nothing change nothing."""
        forgotten = {name for each in told for name in self.procedure.facts[each].forgets}
        told = {**dict.fromkeys(forgotten, UNSET), **told}
        known = {name: value for name, value in told.items() if name in self.facts}
        clear = sum(self.facts[name].all for name in known)
        return Move(clear, sum(self.bits[name][value] for name, value in known.items()), answer)


def mail_tells(procedure: Procedure, rule: DutyRule) -> dict[str, str]:
    """What is known once the relay has accepted the rule's mail for everyone."""
    tells = procedure.messages[rule.message].tells.values()
    return {name: value for facts in tells for name, value in facts.items()}


def named(rule: DutyRule, procedure: Procedure) -> frozenset[str]:
    """The facts that the rule names when it is carried out, in its wordings, its demands and its mail."""
    message = procedure.messages.get(rule.message)
    wordings = [rule.do, rule.wait, rule.say, rule.question, *(answer.text for answer in rule.answers)]
    wordings += [step.text for step in rule.steps]
    wordings += [message.subject, message.opening] if message else []
    required = {name for any_of in rule.requires for name in any_of}
    return said(wordings, procedure) | required | {*rule.tell, *rule.spell}


def said(wordings: Iterable[str], procedure: Procedure) -> frozenset[str]:
    """The facts that stand in the wordings as placeholders."""
    return frozenset(name for text in wordings for name in _PLACEHOLDER.findall(text)) & procedure.facts.keys()


def _is_of(fact: FactDef, route: Route) -> bool:
    return not fact.routes or route.id in fact.routes


def _behind(
    procedure: Procedure, conditions: Iterable[Condition], names: Iterable[str] = (), route: Route | None = None
) -> frozenset[str]:
    """The facts that the conditions ask for, and all that those follow from within the route."""
    waiting = [*names, *(name for condition in conditions for name in condition.facts)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            fact = procedure.facts[name]
            if route and not _is_of(fact, route):
                continue
            waiting += fact.when.facts.union(*(each.when.facts for each in fact.derive))
    return frozenset(found)


def _expand(facts: Iterable[FactBits], situations: list[int]) -> list[int]:
    """Every value of every fact in play, in the order of the file. Raises TooManySituations."""
    for fact in facts:
        spread: list[int] = []
        for situation in situations:
            if not fits(fact.when, situation):
                spread.append(situation | fact.unset)
            elif fact.derive:
                spread.append(situation | _derived(fact, situation))
            else:
                spread += [situation | bit for bit in fact.told(situation)]
        situations = spread
        if len(situations) > MOST_SITUATIONS:
            raise TooManySituations(fact.fact.name)
    return situations


def _settle(facts: Iterable[FactBits], told: int, situation: int) -> int:
    """What is told and in play, in the order of the file."""
    for fact in facts:
        if not fits(fact.when, situation):
            situation |= fact.unset
        elif fact.derive:
            situation |= _derived(fact, situation)
        else:
            situation |= (told & fact.all) or fact.unset
    return situation


def _derived(fact: FactBits, situation: int) -> int:
    return next((bit for bit, when in fact.derive if fits(when, situation)), fact.unset)


def _one_more(fact: FactBits, situation: int) -> int:
    """The bit of the next count; the last one means "or more"."""
    bits = list(fact.bits.values())
    present = situation & fact.all
    return bits[0] if present not in bits else bits[min(bits.index(present) + 1, len(bits) - 1)]
