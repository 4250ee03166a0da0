"""The answer to "why?" names the facts, in the words of the procedure."""

from __future__ import annotations

from procedure.situations import STUCK, hubject, planned
from roamdesk.procedure.tracing import TraceLine, later, trace, words


def lines(*told: dict[str, str]) -> dict[str, TraceLine]:
    return {line.id: line for line in trace(planned(*told))}


def test_the_routes_are_listed_down_to_the_one_that_is_taken() -> None:
    routes = [(line.id, line.fired) for line in trace(planned(STUCK)) if line.kind == "route"]
    assert routes == [("b_via_msp", False), ("b_direct", False), ("listening", False), ("a_via_msp", True)]


def test_the_route_that_is_taken_says_by_which_facts() -> None:
    assert lines(STUCK)["a_via_msp"].because == "Our side: MSP; Caller: User; Problem: Cable stuck"


def test_a_route_that_is_not_taken_says_what_it_lacks() -> None:
    assert lines(STUCK)["b_via_msp"].because == "Danger is not known yet"


def test_a_duty_that_is_not_raised_names_the_fact_it_waits_for() -> None:
    line = lines(STUCK, {"self_help": "not_helped"})["pass_phone"]
    assert (line.fired, line.because) == (
        False,
        "not raised: Unlock is not known yet; Consent to pass the number on is not known yet",
    )


def test_a_raised_duty_cites_its_statements_and_its_reason() -> None:
    line = lines(STUCK, {"self_help": "not_helped"})["ask_unlock"]
    assert line.fired
    assert line.cites == ("S8", "S9", "S10", "S13")
    assert "Self-help: Tried, did not help" in line.because


def test_a_duty_that_is_done_says_what_has_ended_it() -> None:
    line = lines(STUCK, {"self_help": "not_helped"})["self_help"]
    assert (line.fired, line.because) == (False, "done: Self-help: Tried, did not help")


def test_a_fact_that_is_out_of_play_is_said_to_count_for_nothing() -> None:
    line = lines(STUCK, {"unlock": "failed"})["ask_consent"]
    assert line.because == "not raised: Unlock does not count here"


def test_later_holds_what_may_still_come_and_names_the_condition() -> None:
    coming = {each.rule.id: each.condition for each in later(planned(STUCK))}
    assert coming["ask_consent"] == "Unlock: Failed"
    assert coming["plan_visit"] == "Outcome: unsuccessful"


def test_later_leaves_out_the_duties_of_the_other_side() -> None:
    assert "solve_via_relay" not in {each.rule.id for each in later(planned(STUCK))}


def test_conditions_read_as_words() -> None:
    rule = hubject().duty("confirm_identity")
    assert words(hubject(), rule.when) == (
        "Our side: MSP; Unlock asked for: Asked; Unlock is not known yet; Cable and car is not known yet; "
        "Identity: Given in part or not known yet"
    )


def test_no_condition_reads_as_always() -> None:
    assert words(hubject(), hubject().route("mail").when) == "always"
