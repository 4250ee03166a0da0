"""What changed between two procedures is said, and nothing else is."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from roamdesk.procedure import Procedure, load
from roamdesk.procedure.differences import differences
from roamdesk.procedure.loader import SHIPPED

TEXT = (SHIPPED / "hubject.yaml").read_text("utf-8")
SHIPPED_ONE = load(TEXT)
CONTENT = [each.name for each in fields(Procedure) if each.name not in ("file", "kick_off", "out_of_scope")]


def test_the_same_file_read_twice_has_no_differences() -> None:
    assert differences(SHIPPED_ONE, load("# a remark moves every line\n" + TEXT)) == ()


def test_a_target_says_from_what_to_what() -> None:
    name = next(iter(SHIPPED_ONE.targets))
    changed = replace(SHIPPED_ONE, targets={**SHIPPED_ONE.targets, name: timedelta(minutes=77)})
    before = SHIPPED_ONE.targets[name].total_seconds() / 60
    assert differences(SHIPPED_ONE, changed) == (f"Target {name} changed from {before:g} minutes to 77 minutes.",)


def test_a_removed_step_is_said() -> None:
    changed = replace(SHIPPED_ONE, duties=SHIPPED_ONE.duties[1:])
    assert differences(SHIPPED_ONE, changed) == (f"Step {SHIPPED_ONE.duties[0].id} was removed.",)


@pytest.mark.parametrize("rule", SHIPPED_ONE.duties, ids=lambda rule: rule.id)
def test_each_step_that_reads_differently_is_said(rule) -> None:  # type: ignore[no-untyped-def]
    duties = tuple(replace(each, do="Wave.") if each is rule else each for each in SHIPPED_ONE.duties)
    said = differences(SHIPPED_ONE, replace(SHIPPED_ONE, duties=duties))
    assert said == (f"Step {rule.id}, do changed from {rule.do} to Wave.",)


@pytest.mark.parametrize("section", CONTENT)
def test_no_part_of_a_procedure_is_left_out(section: str) -> None:
    emptied = replace(SHIPPED_ONE, **{section: type(getattr(SHIPPED_ONE, section))()})
    assert differences(SHIPPED_ONE, emptied)


def test_what_leaves_the_scope_is_said() -> None:
    changed = replace(SHIPPED_ONE, out_of_scope={"S99": "Towing a car"})
    assert differences(SHIPPED_ONE, changed) == ("Out of scope S99 was added: Towing a car.",)


def test_a_kick_off_that_is_no_longer_owed_is_said() -> None:
    assert differences(SHIPPED_ONE, replace(SHIPPED_ONE, kick_off=None)) == ("Kick-off meeting was removed.",)


@pytest.mark.parametrize("rule", [each for each in SHIPPED_ONE.duties if each.due], ids=lambda rule: rule.id)
def test_a_clock_that_is_taken_away_is_said(rule) -> None:  # type: ignore[no-untyped-def]
    duties = tuple(replace(each, due=None) if each is rule else each for each in SHIPPED_ONE.duties)
    (said,) = differences(SHIPPED_ONE, replace(SHIPPED_ONE, duties=duties))
    assert said.startswith(f"Step {rule.id}, due changed from ")


@pytest.mark.parametrize("purpose", list(SHIPPED_ONE.readiness))
def test_a_readiness_requirement_that_is_dropped_is_named(purpose: str) -> None:
    asked = SHIPPED_ONE.readiness[purpose]
    changed = replace(SHIPPED_ONE, readiness={**SHIPPED_ONE.readiness, purpose: asked[1:]})
    assert any(asked[0].gap in each and each.endswith("was removed.") for each in differences(SHIPPED_ONE, changed))
