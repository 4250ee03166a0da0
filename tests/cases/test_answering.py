from __future__ import annotations

from datetime import datetime

import pytest
from django_scopes import scope

from case_reading import duty, events, fresh, kinds, known, open_rules
from cases.conftest import TOKEN, Open
from roamdesk.cases import services
from roamdesk.cases.actors import STATION, Actor
from roamdesk.cases.errors import FactRefused, Refused, StaleCase
from roamdesk.cases.models import Case
from roamdesk.cases.notices import send_notice
from roamdesk.cases.services import CallMade, Typed
from roamdesk.correspondence.models import Call
from roamdesk.desks.models import Person


def test_an_answer_records_its_facts_and_what_was_typed_with_it(cpo_case: Case, operator: Actor, at: datetime) -> None:
    services.answer_step(cpo_case, "ask_identity_msp", 1, typed=Typed({"token": TOKEN}), actor=operator, at=at)
    event = events(cpo_case)[1]
    assert (event.kind, event.data["rule"], set(event.data["values"])) == (
        "facts",
        "ask_identity_msp",
        {"identity", "token"},
    )
    assert "accept_identity" in open_rules(cpo_case)


def test_what_an_answer_does_not_ask_for_is_not_taken(cpo_case: Case, operator: Actor, at: datetime) -> None:
    typed = Typed({"token": TOKEN, "freed": "yes"})
    services.answer_step(cpo_case, "ask_identity_msp", 1, typed=typed, actor=operator, at=at)
    assert "freed" not in known(cpo_case)


def test_an_answer_that_asks_for_something_wants_it_typed(cpo_case: Case, operator: Actor, at: datetime) -> None:
    with pytest.raises(Refused, match="needs something typed: Token"):
        services.answer_step(cpo_case, "ask_identity_msp", 1, actor=operator, at=at)
    assert kinds(cpo_case) == ["opened"]


def test_what_is_known_already_need_not_be_typed_again(failing_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(failing_case, {"user_phone": "+491705550142"}, actor=operator, at=at)
    services.answer_step(failing_case, "solve_via_relay", 3, actor=operator, at=at)
    assert "contact_user" in open_rules(failing_case)


def test_a_bad_value_typed_with_an_answer_changes_nothing(cpo_case: Case, operator: Actor, at: datetime) -> None:
    with pytest.raises(FactRefused):
        services.answer_step(cpo_case, "ask_identity_msp", 1, typed=Typed({"token": "0А"}), actor=operator, at=at)
    assert kinds(cpo_case) == ["opened"]


@pytest.mark.parametrize("key", [-1, 0, 3, 99])
def test_a_key_that_the_step_does_not_have_is_refused(cpo_case: Case, operator: Actor, at: datetime, key: int) -> None:
    with pytest.raises(Refused, match="answers 1 to 2"):
        services.answer_step(cpo_case, "ask_identity_msp", key, actor=operator, at=at)


@pytest.mark.parametrize("rule", ["do_unlock", "no_such_rule"])
def test_a_step_that_is_not_open_is_refused(cpo_case: Case, operator: Actor, at: datetime, rule: str) -> None:
    with pytest.raises(Refused, match="not open any more"):
        services.answer_step(cpo_case, rule, 1, actor=operator, at=at)


def test_an_answered_call_is_logged_with_its_number_and_length(
    open_msp: Open, msp_operator: Person, at: datetime
) -> None:
    case, actor = open_msp(self_help="not_helped", token=TOKEN), Actor.of(msp_operator)
    typed = Typed(number="+493055501420", seconds=75)
    services.answer_step(case, "ask_unlock", 1, typed=typed, actor=actor, at=at)
    with scope(desk=case.desk):
        call = Call.objects.get(about=f"case:{case.pk}")
    assert (call.to, call.result, call.number, call.seconds) == ("cpo_cc", "answered", "+493055501420", 75)
    assert events(case)[-1].data["call"] == {"to": "cpo_cc", "result": "answered", "number": "+493055501420"}


def test_an_unanswered_call_leaves_duty_and_clock_as_they_were(
    failing_case: Case, operator: Actor, at: datetime
) -> None:
    case = services.record_facts(
        failing_case, {"exhausted": "yes", "promised_at": at.isoformat()}, actor=operator, at=at
    )
    before = duty(case, "phone_failure")
    services.answer_step(case, "phone_failure", 3, actor=operator, at=at.replace(minute=25))
    after = duty(case, "phone_failure")
    assert (after.pk, after.state, after.due_at, after.next_clock_at) == (
        before.pk, "open", before.due_at, before.next_clock_at,
    )  # fmt: skip


def test_a_call_about_nothing_is_only_logged(cpo_case: Case, operator: Actor, at: datetime) -> None:
    before = open_rules(cpo_case)
    services.log_call(cpo_case, CallMade("msp_cc", "no_answer", "+493055502420"), actor=operator, at=at)
    assert kinds(cpo_case) == ["opened", "facts"]
    assert open_rules(cpo_case) == before


def test_an_answer_to_a_case_that_moved_names_who_and_when(
    cpo_case: Case, operator: Actor, cpo_lead: Person, at: datetime
) -> None:
    services.add_note(cpo_case, "I have them on the line", actor=Actor.of(cpo_lead), at=at)
    with pytest.raises(StaleCase, match="Lena Lead answered this step at") as stale:
        services.answer_step(
            cpo_case, "ask_identity_msp", 2, typed=Typed({"no_token_reason": "app"}), actor=operator, at=at,
            expected_version=1,
        )  # fmt: skip
    assert (stale.value.by, stale.value.at) == ("Lena Lead", events(cpo_case)[-1].recorded_at)
    assert kinds(cpo_case) == ["opened", "noted"]


# ---- taking back ----


def test_taken_back_the_plan_is_as_it_was_before(cpo_case: Case, operator: Actor, at: datetime) -> None:
    before, duties = known(cpo_case), open_rules(cpo_case)
    services.record_facts(cpo_case, {"identity": "full", "unlock_asked": "yes"}, actor=operator, at=at)
    services.take_back(cpo_case, actor=operator, at=at)
    assert (known(cpo_case), open_rules(cpo_case)) == (before, duties)
    assert kinds(cpo_case) == ["opened", "facts", "taken_back"]


def test_answers_are_taken_back_one_after_the_other_and_an_edit_is_one_too(
    cpo_case: Case, operator: Actor, at: datetime
) -> None:
    services.record_facts(cpo_case, {"issue": "first"}, actor=operator, at=at)
    services.edit_fact(cpo_case, "issue", "second", actor=operator, at=at)
    services.edit_fact(cpo_case, "issue", "third", actor=operator, at=at)
    said = []
    for _ in range(3):
        services.take_back(cpo_case, actor=operator, at=at)
        said.append(known(cpo_case)["issue"])
    assert said == ["second", "first", "The cable does not come out."]


def test_after_all_is_taken_back_there_is_nothing_to_take_back(cpo_case: Case, operator: Actor, at: datetime) -> None:
    with pytest.raises(Refused, match="no answer to take back"):
        services.take_back(cpo_case, actor=operator, at=at)


def test_a_new_answer_after_taking_back_can_be_taken_back_too(cpo_case: Case, operator: Actor, at: datetime) -> None:
    for issue in ("one", "two"):
        services.record_facts(cpo_case, {"issue": issue}, actor=operator, at=at)
        services.take_back(cpo_case, actor=operator, at=at)
    assert known(cpo_case)["issue"] == "The cable does not come out."


def test_what_a_machine_acted_on_is_not_taken_back(solved_case: Case, operator: Actor, at: datetime) -> None:
    send_notice(solved_case, "mail_success", actor=operator, at=at)
    with pytest.raises(Refused, match="Edit the fact instead"):
        services.take_back(solved_case, actor=operator, at=at)


def test_the_word_of_a_station_is_not_an_operators_to_take_back(
    unlocking_case: Case, operator: Actor, at: datetime
) -> None:
    services.record_facts(unlocking_case, {"unlock": "failed"}, actor=STATION, at=at)
    with pytest.raises(Refused, match="no answer to take back"):
        services.take_back(unlocking_case, actor=operator, at=at)


def test_a_token_taken_back_takes_its_comparison_along(cpo_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(cpo_case, {"token": TOKEN}, actor=operator, at=at)
    assert known(cpo_case)["match"] == "no_data"
    services.take_back(cpo_case, actor=operator, at=at)
    assert "match" not in known(cpo_case)
    assert fresh(cpo_case).state == "open"
