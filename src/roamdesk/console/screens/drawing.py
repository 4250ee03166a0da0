"""The procedure with this case's place in it: past with a tick, here in ink, future dashed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from roamdesk.cases.models import Duty
from roamdesk.cases.selectors import CaseView
from roamdesk.console.screens.owed import coming
from roamdesk.procedure import Side
from roamdesk.procedure.diagram import svg
from roamdesk.procedure.flow import leads, rules_of
from roamdesk.procedure.model import DutyRule

PAST = 3
BOXES = 8


@dataclass(frozen=True)
class Drawing:
    """``small`` shows where the case is; ``large`` is the whole route. Only the whole where a case is over."""

    small: SafeString | None
    large: SafeString


@dataclass(frozen=True)
class Place:
    """Where a case is: rules that were done, oldest first; the step; what others owe; what can come next."""

    done: tuple[str, ...]
    here: frozenset[str]
    next: tuple[str, ...]

    @property
    def shown(self) -> frozenset[str]:
        """At most ``BOXES``: here, then the newest of the past, then the nearest of what comes."""
        past = [rule for rule in self.done if rule not in self.here][-PAST:]
        return frozenset(dict.fromkeys([*self.here, *past, *self.next][:BOXES]))


def drawing_of(view: CaseView) -> Drawing | None:
    """None where the route asks nothing of anybody."""
    route = view.plan.route
    rules = rules_of(view.procedure, route, Side(view.case.side))
    if not rules:
        return None
    place = place_of(view, rules)
    return Drawing(_svg(view, place, only=place.shown) if place.shown else None, _svg(view, place, large=True))


def place_of(view: CaseView, rules: tuple[DutyRule, ...]) -> Place:
    drawn = {rule.id for rule in rules}
    ended = Duty.objects.filter(case=view.case, state=Duty.State.DONE).order_by("ended_at", "pk")
    done = tuple(rule for rule in ended.values_list("rule", flat=True) if rule in drawn)
    step = [view.step.rule.id] if view.step else []
    here = frozenset([*step, *(row.rule.id for row in view.theirs)])
    ours = [row.rule.id for row in view.ours if not (row.rule.optional or row.rule.standing or row.rule.id in here)]
    return Place(done, here, (*ours, *_next(view, rules, here)))


def _next(view: CaseView, rules: tuple[DutyRule, ...], here: frozenset[str]) -> Iterable[str]:
    """What may still come, the nearest first: what an answer here leads to, then what that leads to."""
    left = {each.rule.id for each in coming(view)}
    ways = leads(view.procedure, rules)
    reached, found = set(here), []
    while front := {way.target.id for way in ways if way.source.id in reached and way.target.id in left}:
        found += [rule.id for rule in rules if rule.id in front]
        reached |= front
        left -= front
    return found


def _svg(view: CaseView, place: Place, *, only: frozenset[str] | None = None, large: bool = False) -> SafeString:
    side = Side(view.case.side)
    names = {side: str(view.case.desk), side.other: str(view.case.partner or side.other.upper())}
    drawn = svg(
        view.procedure, view.plan.route.id, here=place.here, done=frozenset(place.done), side=side,
        lanes=names, only=only, large=large,
    )  # fmt: skip
    # The drawing escapes every text of the procedure and every name itself.
    return mark_safe(drawn)
