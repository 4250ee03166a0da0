"""Where the document is silent, the shipped procedure carries out our decisions."""

from __future__ import annotations

from datetime import timedelta

from procedure.situations import START, STUCK, hubject, planned
from procedure.told import Played
from roamdesk.procedure import Entry, Plan, Side, fold, plan

ASKED = {**STUCK, "self_help": "not_helped", "unlock_asked": "yes", "identity": "full"}
AT_THE_CPO = {**ASKED, "side": "cpo", "caller": "partner"}


def owed(now: Plan) -> set[str]:
    return {rule.id for rule in now.rules}


def test_one_failed_unlock_is_neither_success_nor_failure() -> None:
    """A13."""
    assert planned(AT_THE_CPO, {"unlock": "failed"}).outcome == ""


def test_success_is_what_the_station_or_the_user_says() -> None:
    """A13."""
    assert planned(AT_THE_CPO, {"unlock": "ok"}).outcome == "successful"
    assert planned(AT_THE_CPO, {"unlock": "failed"}, {"freed": "yes"}).outcome == "successful"


def test_the_clock_of_danger_starts_at_the_report_and_no_unanswered_call_restarts_it() -> None:
    """A2, A14."""
    told = {"side": "msp", "caller": "user", "problem": "danger"}
    case = Played(hubject(), fold(hubject(), [Entry(START, told)]))
    case.answer("ask_place", "The label", evse_label="DE-1")
    case.answer("tell_cpo_danger", "Nobody answered")
    (duty,) = [duty for duty in case.plan.duties if duty.rule.id == "tell_cpo_danger"]
    assert duty.due == START + timedelta(minutes=5)


def test_consent_withdrawn_hides_the_number_again_and_the_cpo_is_told_to_stop() -> None:
    """A3, A15."""
    passed = planned(ASKED, {"unlock": "failed"}, {"consent": "yes"}, {"phone_passed": "yes"})
    withdrawn = planned(
        ASKED, {"unlock": "failed"}, {"consent": "yes", "phone_passed": "yes"}, {"consent": "withdrawn"}
    )
    assert passed.sees(Side.CPO, "user_phone")
    assert not withdrawn.sees(Side.CPO, "user_phone")
    assert {"stop_calling", "relay"} <= owed(withdrawn)


def test_help_that_fails_ends_in_a_field_visit() -> None:
    """A16."""
    direct = {"side": "cpo", "caller": "user", "problem": "cable_stuck", "verdict": "accepted"}
    assert "plan_visit" in owed(planned(direct, {"assisted": "not_solved"}))


def test_an_unlock_that_nobody_answered_is_looked_at_and_a_late_answer_counts() -> None:
    """A17."""
    unknown = planned(AT_THE_CPO, {"unlock": "unknown"})
    assert (unknown.outcome, owed(unknown)) == ("", {"do_unlock", "check_unlock"})
    assert planned(AT_THE_CPO, {"unlock": "unknown"}, {"unlock": "ok"}).outcome == "successful"


def test_the_msp_stays_with_the_user_until_the_outcome_is_told() -> None:
    """A19."""
    failed = {**ASKED, "unlock": "failed", "exhausted": "yes"}
    assert "tell_outcome" in owed(planned(failed))
    assert "tell_outcome" not in owed(planned(failed, {"user_told": "yes"}))
    assert hubject().duty("tell_outcome").standing


def test_danger_not_removed_ends_in_a_field_visit_and_its_mail_waits_for_the_time() -> None:
    """A4, A6, A8."""
    direct = {"side": "cpo", "caller": "user", "problem": "danger", "msp_known": "yes", "intervention": "not_solved"}
    now = plan(hubject(), fold(hubject(), [Entry(START, direct)]))
    missing = {duty.rule.id: duty.missing for duty in now.duties}
    assert "plan_visit" in missing
    assert missing["notice_direct_failure"] == ("promised_at",)
