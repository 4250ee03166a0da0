"""What a walk through every situation proves: each rule can be reached, each duty ends, each case closes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from roamdesk.procedure.model import Answer, Disclosure, DutyRule, Procedure
from roamdesk.procedure.walk import RouteBits, RuleBits, Space, Step, fits, named

Progress = Callable[[str], None]
Said = tuple[str, str]


@dataclass
class Walked:
    """What was seen. ``stuck`` are situations from which no answers lead to a closed case."""

    situations: int = 0
    stands_for: int = 0
    raised: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    clocked: set[str] = field(default_factory=set)
    said: set[Said] = field(default_factory=set)
    changing: set[int] = field(default_factory=set)
    disclosed: set[Disclosure] = field(default_factory=set)
    stuck: list[Place] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """A situation with its route and the rules that are owed in it."""

    situation: int
    route: RouteBits
    owed: tuple[RuleBits, ...]

    @property
    def blocking(self) -> tuple[DutyRule, ...]:
        return tuple(each.rule for each in self.owed if each.blocks)


def walk(space: Space, progress: Progress = lambda line: None) -> Walked:
    """Every situation of every route, and a way from each to a closed case. Raises TooManySituations."""
    walked, open_places, closed = Walked(), list[Place](), set[int]()
    looker = _Looker(space, walked)
    for route in space.procedure.routes:
        before = walked.situations
        for place in _places(space, space.routes[route.id]):
            walked.situations += 1
            looker.look(place)
            if may_close(place):
                closed.add(place.situation)
            else:
                open_places.append(place)
        walked.stands_for += space.stands_for(route)
        progress(f"{route.id}: {walked.situations - before:,} situations")
    walked.stuck = _without_way_out(space, open_places, closed)
    return walked


def may_close(place: Place) -> bool:
    return not any(rule.blocks for rule in place.owed) and not any(_is_asked(fact, place) for fact in place.route.asked)


def following(space: Space, place: Place) -> Iterator[int]:
    """The situations that one answer, one mail or one answered question leads to."""
    for rule in place.owed:
        if all(place.situation & known for known in rule.requires):
            for step in rule.steps:
                yield space.after(place.situation, step)
    for fact in place.route.asked:
        if _is_asked(fact, place):
            for bit in fact.bits.values():
                yield space.after(place.situation, Step(fact.all, bit))


def _places(space: Space, route: RouteBits) -> Iterator[Place]:
    for situation in space.situations(route.route):
        yield Place(situation, route, tuple([rule for rule in route.rules if rule.is_owed(situation)]))


def _is_asked(fact, place: Place) -> bool:  # type: ignore[no-untyped-def]
    return bool(place.situation & fact.unset) and fits(fact.when, place.situation)


def _without_way_out(space: Space, places: list[Place], closed: set[int]) -> list[Place]:
    """Those that stay when all are taken away from which an answer leads to a way out, again and again.

    The most is known in the last ones, so going backwards few rounds are needed.
    """
    left = list(reversed(places))
    found = -1
    while left and found != len(left):
        found = len(left)
        waiting = []
        for place in left:
            if any(after in closed for after in following(space, place)):
                closed.add(place.situation)
            else:
                waiting.append(place)
        left = waiting
    return list(reversed(left))


class _Looker:
    """Ticks off, situation by situation, what has to be seen at least once."""

    def __init__(self, space: Space, walked: Walked) -> None:
        self.space, self.walked = space, walked
        procedure = space.procedure
        self.disclosures = [(space.masks(each.when), each) for each in procedure.disclosures]
        self.named = {rule.id: self._awaited(rule) for rule in procedure.duties}
        self.idle = {rule.id: [step for step in self._steps(rule) if _is_plain(step.answer)] for rule in procedure.duties}

    def look(self, place: Place) -> None:
        situation = place.situation
        for masks, disclosure in self.disclosures:
            if disclosure not in self.walked.disclosed and fits(masks, situation):
                self.walked.disclosed.add(disclosure)
        for rule in place.owed:
            self.walked.raised.add(rule.rule.id)
            self._clock(rule.rule, situation)
            self._names(rule.rule, place)
            self._answers(rule, situation)

    def _clock(self, rule: DutyRule, situation: int) -> None:
        if rule.id in self.walked.clocked or not rule.due:
            return
        bits = self.space.facts.get(rule.due.after)
        if bits is None or not situation & bits.unset:
            self.walked.clocked.add(rule.id)

    def _names(self, rule: DutyRule, place: Place) -> None:
        left = self.named[rule.id]
        for name, when in left[:]:
            if fits(when, place.situation):
                self.walked.said.add((rule.id, name))
                left.remove((name, when))

    def _answers(self, rule: RuleBits, situation: int) -> None:
        if rule.rule.id not in self.walked.ended and any(
            not rule.is_owed(self.space.after(situation, step)) for step in rule.steps
        ):
            self.walked.ended.add(rule.rule.id)
        idle = self.idle[rule.rule.id]
        for step in idle[:]:
            if self.space.after(situation, step) != situation:
                self.walked.changing.add(id(step.answer))
                idle.remove(step)

    def _steps(self, rule: DutyRule) -> list[Step]:
        return [step for route in self.space.routes.values() for each in route.rules if each.rule is rule for step in each.steps][
            : 2 * len(rule.answers) + 1
        ]

    def _awaited(self, rule: DutyRule) -> list[tuple[str, tuple[tuple[int, ...], ...]]]:
        facts = self.space.procedure.facts
        decided = [name for name in named(rule, self.space.procedure) if facts[name].when.facts <= self.space.bits.keys()]
        return [(name, self.space.masks(facts[name].when)) for name in decided]


def _is_plain(answer: Answer | None) -> bool:
    return answer is not None and not answer.call and not answer.asks


def is_idle(procedure: Procedure, walked: Walked, space: Space, answer: Answer) -> bool:
    """The answer was possible, and changed nothing anywhere."""
    carried = any(name not in space.bits for name in answer.record)
    return _is_plain(answer) and not carried and id(answer) not in walked.changing
