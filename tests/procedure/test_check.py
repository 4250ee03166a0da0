"""The shipped procedure is proved sound by walking it, and a broken file is refused in one plain line."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procedure.situations import hubject
from procedure.told import some_facts
from roamdesk.procedure import ProcedureError, load
from roamdesk.procedure.check import Report, check_file
from roamdesk.procedure.loader import SHIPPED
from roamdesk.procedure.model import UNSET
from roamdesk.procedure.planning import decide
from roamdesk.procedure.walk import Space

VECTORS = Path(__file__).parents[1] / "vectors" / "procedures"
BROKEN = sorted((VECTORS / "broken").glob("*.yaml"))
HUBJECT = (SHIPPED / "hubject.yaml").read_text("utf-8")
LINES = HUBJECT.splitlines()


@cache
def space() -> Space:
    return Space(hubject())


@cache
def hubject_report() -> tuple[Report, list[str]]:
    lines: list[str] = []
    return check_file(SHIPPED / "hubject.yaml", lines.append), lines


def test_the_shipped_procedure_is_sound() -> None:
    assert hubject_report()[0].faults == ()


def test_every_route_is_walked_and_the_walk_says_how_far_it_got() -> None:
    report, lines = hubject_report()
    assert [line.partition(":")[0] for line in lines] == [route.id for route in hubject().routes]
    assert report.stands_for > report.situations > 100_000


def test_there_are_at_least_twelve_broken_files() -> None:
    assert len(BROKEN) >= 12


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_file_is_refused_with_one_line_that_names_the_mend(path: Path) -> None:
    expected = path.read_text("utf-8").splitlines()[0].removeprefix("# expect: ")
    assert [str(fault) for fault in check_file(path).faults] == [f"{path.name}:{expected}"]


def test_without_its_fault_the_small_file_is_sound(tmp_path: Path) -> None:
    text = (VECTORS / "broken" / "21-uncited-statement.yaml").read_text("utf-8")
    mended = tmp_path / "small.yaml"
    mended.write_text(text.replace("  S5: Each month the partners meet.\n", ""))
    assert check_file(mended).sound


@given(some_facts(hubject()))
def test_the_walk_and_the_plan_agree_on_route_and_duties(told: dict[str, Any]) -> None:
    decisive = {name: "set" if value == "something" else value for name, value in told.items()}
    decision = decide(hubject(), decisive)
    situation = sum(bits[decision.values.get(name, UNSET)] for name, bits in space().bits.items())
    route = space().routes[decision.route.id]
    assert space().route_at(situation) is decision.route
    assert tuple(rule.rule for rule in route.rules if rule.is_owed(situation)) == decision.rules


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(55, len(LINES) - 1), min_size=1, max_size=3), st.sampled_from(["", "x", "  - []", "a: {b"]))
def test_a_damaged_file_is_read_or_refused_and_never_anything_else(places: list[int], damage: str) -> None:
    lines = [damage if number in places else line for number, line in enumerate(LINES)]
    with suppress(ProcedureError):
        load("\n".join(lines), name="damaged.yaml")


@pytest.mark.parametrize(
    "text",
    ["", "\x00", "- a\n- b", "just words", "a: [", "%", "facts: 7\nroutes: {}\nduties: x", "\ud800", "? {a: b}\n: c"],
)
def test_what_is_no_procedure_is_refused(text: str) -> None:
    with pytest.raises(ProcedureError):
        load(text)


def test_endless_numbers_are_refused_and_not_counted() -> None:
    with pytest.raises(ProcedureError, match="Write a time"):
        load(HUBJECT.replace("outcome: 15 min", f"outcome: {'9' * 5000} d"))
    with pytest.raises(ProcedureError, match="whole number"):
        load(HUBJECT.replace("unlock: 3", f"unlock: {'9' * 5000}"))
