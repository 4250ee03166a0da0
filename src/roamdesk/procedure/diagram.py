"""The drawing of a procedure: Mermaid for documents, SVG for a page."""

from __future__ import annotations

from roamdesk.procedure.flow import leads, rules_of
from roamdesk.procedure.model import DutyRule, Procedure, Route, Side
from roamdesk.procedure.picture import svg
from roamdesk.procedure.tracing import words
from roamdesk.procedure.wording import plain

__all__ = ["mermaid", "svg"]


def mermaid(procedure: Procedure, route: str | None = None) -> str:
    """How a route is chosen, or the duties of one route. Raises StopIteration where there is no such route."""
    lines = _choice(procedure) if route is None else _duties(procedure, procedure.route(route))
    return "\n".join(["flowchart TD", *(f"  {line}" for line in lines)])


def _choice(procedure: Procedure) -> list[str]:
    lines = ['start(["A case"]) --> ask_' + procedure.routes[0].id]
    for route, following in zip(procedure.routes, [*procedure.routes[1:], None], strict=True):
        box = f'{route.id}["{_safe(route.title)}<br/>{" · ".join(route.cites)}"]'
        if following is None or not route.when.alternatives:
            lines.append(f'ask_{route.id}(("else")) --> {box}')
            break
        condition = _safe(words(procedure, route.when)).replace("; or else ", "<br/>or ")
        lines.append(f'ask_{route.id}{{"{condition}"}} -- yes --> {box}')
        lines.append(f"ask_{route.id} -- no --> ask_{following.id}")
    return lines


def _duties(procedure: Procedure, route: Route) -> list[str]:
    rules = rules_of(procedure, route)
    lines = []
    for side in Side:
        owed = [f"  {_box(procedure, rule)}" for rule in rules if rule.owed_by is side]
        lines += [f'subgraph {side}["{side.upper()} owes"]', *owed, "end"] if owed else []
    for lead in leads(procedure, rules):
        lines.append(f'{lead.source.id} -- "{_safe(plain(procedure, lead.answer))}" --> {lead.target.id}')
    return lines


def _box(procedure: Procedure, rule: DutyRule) -> str:
    return f'{rule.id}["{_safe(plain(procedure, rule.do))}<br/>{rule.channel} · {" · ".join(rule.cites)}"]'


def _safe(text: str) -> str:
    """Without the characters that end a Mermaid label."""
    for sign, code in (("#", "#35;"), ("&", "#amp;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(sign, code)
    return text
