"""The procedure with this case's place in it: past with a tick, here in ink, future dashed."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from roamdesk.cases.models import Duty
from roamdesk.cases.selectors import CaseView
from roamdesk.procedure import Side
from roamdesk.procedure.diagram import svg


@dataclass(frozen=True)
class Drawing:
    """The same drawing for the column and for the whole page."""

    small: SafeString
    large: SafeString


def drawing_of(view: CaseView) -> Drawing | None:
    """None where the route asks nothing of anybody."""
    route = view.plan.route.id
    if not any(route in rule.routes for rule in view.procedure.duties):
        return None
    done = frozenset(Duty.objects.filter(case=view.case, state=Duty.State.DONE).values_list("rule", flat=True))
    here = frozenset([view.step.rule.id]) if view.step else frozenset()
    return Drawing(_svg(view, here, done, large=False), _svg(view, here, done, large=True))


def _svg(view: CaseView, here: frozenset[str], done: frozenset[str], *, large: bool) -> SafeString:
    side = Side(view.case.side)
    names = {side: f"{view.case.desk} (us)", side.other: str(view.case.partner or side.other.upper())}
    # The drawing escapes every text of the procedure and every name itself.
    return mark_safe(svg(view.procedure, view.plan.route.id, here=here, done=done, side=side, lanes=names, large=large))
