"""What a walk through every situation proves: each rule can be reached, each duty ends, each case closes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from roamdesk.procedure.model import Answer, Disclosure, DutyRule
from roamdesk.procedure.walk import FactBits, Masks, Move, RouteBits, RuleBits, Space, fits, named

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """A situation with its route and the rules that are owed in it."""

    situation: int
    route: RouteBits
    owed: tuple[RuleBits, ...]

    @property
    def blocking(self) -> tuple[DutyRule, ...]:
        return tuple(each.rule for each in self.owed if each.blocks)


@dataclass
class Walked:
    """What was seen at least once, by the ids of rules; ``stuck`` are the places that no answers lead out of.

    ``stands_for`` counts the starting points that read alike one by one.
    """

    situations: int = 0
    stands_for: int = 0
    raised: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    clocked: set[str] = field(default_factory=set)
    sayable: set[tuple[str, str]] = field(default_factory=set)
    changing: set[int] = field(default_factory=set)
    disclosed: set[Disclosure] = field(default_factory=set)
    stuck: list[Place] = field(default_factory=list)


def walk(space: Space, progress: Progress = lambda line: None) -> Walked:
    """Every situation of every route, and a way from each to a closed case. Raises TooManySituations."""
    walked, places, closed = Walked(), list[Place](), set[int]()
    looker = _Looker(space, walked)
    for route in space.procedure.routes:
        before = walked.situations
        for place in _places(space, space.routes[route.id]):
            walked.situations += 1
            looker.look(place)
            if may_close(place):
                closed.add(place.situation)
            else:
                places.append(place)
        walked.stands_for += space.stands_for(route)
        progress(f"{route.id}: {walked.situations - before:,} situations")
    walked.stuck = _without_way_out(space, places, closed)
    return walked


def may_close(place: Place) -> bool:
    return not any(rule.blocks for rule in place.owed) and not any(_is_asked(fact, place) for fact in place.route.asked)


def following(space: Space, place: Place) -> Iterator[int]:
    """The situations that one answer, one mail or one answered question leads to."""
    for rule in place.owed:
        if all(place.situation & known for known in rule.requires):
            for move in rule.moves:
                yield space.after(place.situation, move)
    for fact in place.route.asked:
        if _is_asked(fact, place):
            for bit in fact.bits.values():
                yield space.after(place.situation, Move(fact.all, bit))


def can_be_idle(answer: Answer | None, space: Space) -> bool:
    """Whether an answer that changes no situation does nothing at all: it logs no call and carries no open fact."""
    return bool(answer and not answer.call and not answer.asks and answer.record.keys() <= space.bits.keys())


def _places(space: Space, route: RouteBits) -> Iterator[Place]:
    for situation in space.situations(route.route):
        yield Place(situation, route, tuple([rule for rule in route.rules if rule.is_owed(situation)]))


def _is_asked(fact: FactBits, place: Place) -> bool:
    return bool(place.situation & fact.unset) and fits(fact.when, place.situation)


def _without_way_out(space: Space, places: list[Place], closed: set[int]) -> list[Place]:
    """What stays when each place is taken away from which an answer leads to a way out, again and again.

    Answers mostly add to what is known, so going backwards few rounds are needed.
    """
    left, before = places[::-1], -1
    while left and before != len(left):
        before, waiting = len(left), []
        for place in left:
            if any(after in closed for after in following(space, place)):
                closed.add(place.situation)
            else:
                waiting.append(place)
        left = waiting
    return left[::-1]


class _Looker:
    """Ticks off, situation by situation, what has to be seen at least once."""

    def __init__(self, space: Space, walked: Walked) -> None:
        self.space, self.walked = space, walked
        self.disclosures = [(space.masks(each.when), each) for each in space.procedure.disclosures]
        self.named = {rule.id: self._with_conditions(rule) for rule in space.procedure.duties}

    def look(self, place: Place) -> None:
        for masks, disclosure in self.disclosures:
            if disclosure not in self.walked.disclosed and fits(masks, place.situation):
                self.walked.disclosed.add(disclosure)
        for rule in place.owed:
            self.walked.raised.add(rule.rule.id)
            self._clock(rule.rule, place.situation)
            self._names(rule.rule, place.situation)
            self._answers(rule, place.situation)

    def _clock(self, rule: DutyRule, situation: int) -> None:
        started = [self.space.facts.get(name) for name in rule.due.after] if rule.due else [None]
        if any(fact is None or not situation & fact.unset for fact in started):
            self.walked.clocked.add(rule.id)

    def _names(self, rule: DutyRule, situation: int) -> None:
        awaited = self.named[rule.id]
        for name in [name for name, when in awaited.items() if fits(when, situation)]:
            self.walked.sayable.add((rule.id, name))
            del awaited[name]

    def _answers(self, rule: RuleBits, situation: int) -> None:
        if rule.rule.id not in self.walked.ended:
            followers = (self.space.after(situation, move) for move in rule.moves)
            if any(not rule.is_owed(after) for after in followers):
                self.walked.ended.add(rule.rule.id)
        for move in rule.moves:
            unseen = can_be_idle(move.answer, self.space) and id(move.answer) not in self.walked.changing
            if unseen and self.space.after(situation, move) != situation:
                self.walked.changing.add(id(move.answer))

    def _with_conditions(self, rule: DutyRule) -> dict[str, Masks]:
        """The facts that the rule names, each with the condition under which it is in play."""
        facts = {name: self.space.procedure.facts[name] for name in named(rule, self.space.procedure)}
        decided = {name: fact.when for name, fact in facts.items() if fact.when.facts <= self.space.bits.keys()}
        return {name: self.space.masks(when) for name, when in decided.items()}
