"""No case of a call is closed before it has come to its end: walked, not sampled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from roamdesk.procedure import shipped
from roamdesk.procedure.planning import decide
from roamdesk.procedure.walk import Space

# Route, and the facts of which one at least must be known before the case may close.
ENDS = {
    "a_via_msp": {"outcome": None, "self_help": "helped"},
    "b_via_msp": {"outcome": None},
    "a_direct": {"outcome": None, "sent_to_msp": "yes"},
    "b_direct": {"outcome": None, "internal_procedure": "done"},
    "station_direct": {"internal_procedure": "done"},
    "start_direct": {"sent_to_msp": "yes"},
    "other_direct": {"sent_to_msp": "yes"},
}


def closable(route_id: str) -> Iterator[Mapping[str, str]]:
    """Every situation of the route in which nothing is owed by anyone."""
    procedure = shipped()
    space = Space(procedure)
    bits = space.routes[route_id]
    for situation in space.situations(procedure.route(route_id)):
        if not any(rule.is_owed(situation) for rule in bits.rules if not (rule.rule.standing or rule.rule.optional)):
            yield space.known(situation)


@pytest.mark.parametrize("route", ENDS)
def test_a_case_closes_only_when_it_has_come_to_its_end(route: str) -> None:
    assert [known for known in closable(route) if not has_ended(known, ENDS[route])] == []


def has_ended(known: Mapping[str, str], ends: Mapping[str, str | None]) -> bool:
    return any(name in known and value in (None, known[name]) for name, value in ends.items())


def test_what_is_walked_is_what_is_planned() -> None:
    known = next(iter(closable("a_via_msp")))
    assert decide(shipped(), known).route.id == "a_via_msp"
