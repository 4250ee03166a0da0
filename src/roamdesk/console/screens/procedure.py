"""A procedure for people to read: its statements, its routes with who owes what, and what each side has ready. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.utils.safestring import SafeString, mark_safe

from roamdesk.console import words
from roamdesk.procedure import Procedure
from roamdesk.procedure.diagram import svg
from roamdesk.procedure.flow import rules_of
from roamdesk.procedure.model import Channel, DutyRule, Route
from roamdesk.procedure.tracing import words as condition_in_words
from roamdesk.procedure.wording import plain

HOW = {
    Channel.PHONE: "by phone",
    Channel.MAIL: "by mail",
    Channel.COMMAND: "by command",
    Channel.FIELD: "on site",
    Channel.TELL_USER: "in the call",
    Channel.INTERNAL: "inside the company",
}
WHOM = {
    "cpo_cc": "CPO call centre",
    "msp_cc": "MSP call centre",
    "cpo_fp": "CPO reference person",
    "msp_fp": "MSP reference person",
    "msp_support": "MSP support",
    "cpo_backoffice": "CPO back office",
    "msp_backoffice": "MSP back office",
    "user": "the User",
    "station": "the station",
    "own_desk": "the own desk",
}


@dataclass(frozen=True)
class DutyView:
    what: str
    owed_by: str
    how: str
    within: str
    when: str
    cites: str


@dataclass(frozen=True)
class RouteView:
    route: Route
    when: str
    happens: str
    duties: tuple[DutyView, ...]
    drawing: SafeString | None


@dataclass(frozen=True)
class ProcedureScreen:
    """``needs`` are what a contact form must hold, by role; ``fields`` are the lines of a mail."""

    statements: tuple[tuple[str, str], ...]
    routes: tuple[RouteView, ...]
    needs: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    fields: tuple[tuple[str, str], ...]
    kick_off: str


@lru_cache(maxsize=16)
def procedure_screen(procedure: Procedure) -> ProcedureScreen:
    """The whole procedure. A kept version never changes, so it is made once."""
    return ProcedureScreen(
        statements=tuple(procedure.statements.items()),
        routes=tuple(_route(procedure, route) for route in procedure.routes),
        needs=tuple(
            (words.SIDES[role], tuple((need.text, ", ".join(need.cites)) for need in needs))
            for role, needs in procedure.readiness.items()
        ),
        fields=tuple((field.title, ", ".join(field.cites)) for field in procedure.template),
        kick_off=_kick_off(procedure),
    )


def _route(procedure: Procedure, route: Route) -> RouteView:
    rules = rules_of(procedure, route)
    return RouteView(
        route=route,
        when=condition_in_words(procedure, route.when),
        happens=plain(procedure, route.happens),
        duties=tuple(_duties(procedure, rules)),
        # The drawing escapes every text of the procedure itself.
        drawing=mark_safe(svg(procedure, route.id, large=True)) if rules else None,
    )


def _duties(procedure: Procedure, rules: Iterable[DutyRule]) -> Iterable[DutyView]:
    for rule in rules:
        yield DutyView(
            what=plain(procedure, rule.do, {"partner": f"the {rule.owed_by.other.upper()}"}),
            owed_by=words.SIDES[rule.owed_by],
            how=f"{HOW[rule.channel]}: {' and '.join(WHOM.get(to, to.replace('_', ' ')) for to in rule.to)}",
            within=f"within {procedure.targets[rule.due.target]}" if rule.due else "",
            when=condition_in_words(procedure, rule.when),
            cites=", ".join(rule.cites),
        )


def _kick_off(procedure: Procedure) -> str:
    owed = procedure.kick_off
    if owed is None:
        return ""
    days = words.counted(owed.business_days, "business day")
    return f"The {owed.owed_by.upper()} owes a kick-off meeting within {days} where the MSP requires it."
