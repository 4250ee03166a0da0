"""The drawing of a procedure: Mermaid for documents, SVG for a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from roamdesk.procedure.flow import leads, rules_of
from roamdesk.procedure.model import DutyRule, Procedure, Route, Side
from roamdesk.procedure.picture import svg
from roamdesk.procedure.tracing import words
from roamdesk.procedure.wording import on_one_line

__all__ = ["mermaid", "plain", "svg"]
NO_NAMES: Mapping[str, str] = MappingProxyType({})
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def mermaid(procedure: Procedure, route: str | None = None) -> str:
    """How a route is chosen, or the duties of one route. Raises StopIteration where there is no such route."""
    lines = _choice(procedure) if route is None else _duties(procedure, procedure.route(route))
    return "\n".join(["flowchart TD", *(f"  {line}" for line in lines)])


def plain(procedure: Procedure, text: str, names: Mapping[str, str] = NO_NAMES) -> str:
    """A wording that belongs to no case: what ``names`` do not fill stands as what it is called, in brackets."""
    return on_one_line(_PLACEHOLDER.sub(lambda match: names.get(match[1]) or _word(procedure, match[1]), text))


def _word(procedure: Procedure, name: str) -> str:
    fact = procedure.facts.get(name)
    return "the partner" if name == "partner" else f"[{fact.title if fact else name.replace('_', ' ')}]"


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
