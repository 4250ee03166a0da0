"""What holds of a plan whatever was told, in whatever order."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from procedure.situations import START, facts, hubject, planned
from procedure.told import some_facts, told_one_by_one, way_to_close
from roamdesk.procedure import Entry, Plan, fold, plan
from roamdesk.procedure.planning import decide


def standing(told: dict[str, Any]) -> dict[str, Any]:
    """Without what another told fact makes void: there the order matters, a reminder after an answer is a new one."""
    void = {other for name in told for other in hubject().facts[name].forgets}
    return {name: value for name, value in told.items() if name not in void}


TOLD = some_facts(hubject()).map(standing)
DECIDING = sorted(name for name, fact in hubject().facts.items() if fact.options)


def read(now: Plan) -> tuple[Any, ...]:
    """All that a plan says, instants aside."""
    return (now.route, now.rules, now.questions, now.outcome, now.may_close, now.decision.disclosed)


@given(TOLD)
def test_the_same_facts_give_the_same_plan(told: dict[str, Any]) -> None:
    assert read(planned(told)) == read(planned(told))
    assert planned(told).duties == planned(told).duties


@given(TOLD)
def test_a_remembered_decision_is_the_one_that_is_worked_out_anew(told: dict[str, Any]) -> None:
    known = facts(told)
    counted = {"unlock_failures": "1"} if told.get("unlock") == "failed" else {}
    fresh = decide(hubject(), {**known.decisive, **counted})
    assert fresh == plan(hubject(), known).decision


@given(TOLD, st.sampled_from(DECIDING), st.data())
def test_an_edit_and_its_edit_back_leave_the_plan_as_it_was(
    told: dict[str, Any], name: str, data: st.DataObject
) -> None:
    other = data.draw(st.sampled_from(list(hubject().facts[name].options)))
    before = fold(hubject(), told_one_by_one(told))
    edits = [
        Entry(START + timedelta(hours=1), {name: other}, corrects=True),
        Entry(START + timedelta(hours=2), {name: told.get(name)}, corrects=True),
    ]
    after = fold(hubject(), [*told_one_by_one(told), *edits])
    forgotten = hubject().facts[name].forgets
    assert forgotten or read(plan(hubject(), after)) == read(plan(hubject(), before))


@given(TOLD, st.dictionaries(st.text("xyz", min_size=3), st.text()))
def test_facts_that_the_file_does_not_know_change_nothing(told: dict[str, Any], strange: dict[str, str]) -> None:
    assert read(planned({**told, **strange})) == read(planned(told))


@given(TOLD, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_told_does_not_matter(told: dict[str, Any], random: Random) -> None:
    entries = told_one_by_one(told)
    shuffled = random.sample(entries, len(entries))
    assert read(plan(hubject(), fold(hubject(), shuffled))) == read(plan(hubject(), fold(hubject(), entries)))


@given(TOLD)
def test_telling_something_again_changes_neither_plan_nor_clocks(told: dict[str, Any]) -> None:
    told.pop("unlock", None)
    once = told_one_by_one(told)
    again = [Entry(entry.at + timedelta(hours=1), entry.values) for entry in once]
    first, second = (plan(hubject(), fold(hubject(), entries)) for entries in (once, once + again))
    assert read(first) == read(second)
    assert [duty.due for duty in first.duties] == [duty.due for duty in second.duties]


@settings(max_examples=30, deadline=None)
@given(TOLD)
def test_answers_alone_lead_to_a_closed_case_whatever_was_told_before(told: dict[str, Any]) -> None:
    assert way_to_close(hubject(), facts(told), most=20_000)
