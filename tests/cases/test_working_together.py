from __future__ import annotations

from datetime import datetime

import pytest
from django_scopes import scope

from case_reading import duty, events, fresh, kinds, open_rules
from cases.conftest import TOKEN, USER_PHONE, Open
from roamdesk.cases import services
from roamdesk.cases.actors import Actor
from roamdesk.cases.errors import Refused
from roamdesk.cases.integrity import verify_chains
from roamdesk.cases.models import Case, CaseLink
from roamdesk.cases.selectors import case_view, queue, search
from roamdesk.desks.models import Desk, Person


def test_who_takes_a_case_owns_it(cpo_case: Case, cpo_lead: Person, at: datetime) -> None:
    services.take_case(cpo_case, actor=Actor.of(cpo_lead), at=at)
    assert fresh(cpo_case).owner == cpo_lead


def test_a_case_is_handed_over_with_a_note(cpo_case: Case, cpo_lead: Person, operator: Actor, at: datetime) -> None:
    services.hand_over(cpo_case, cpo_lead, "The User waits at the station.", actor=operator, at=at)
    assert fresh(cpo_case).owner == cpo_lead
    assert events(cpo_case)[-1].data == {"to": "Lena Lead", "note": "The User waits at the station."}


def test_a_case_is_handed_back_to_the_queue(cpo_case: Case, operator: Actor, at: datetime) -> None:
    services.hand_over(cpo_case, None, "My shift ends.", actor=operator, at=at)
    assert fresh(cpo_case).owner is None


def test_nobody_hands_over_without_a_word_or_to_a_stranger(
    cpo_case: Case, stranger: Person, cpo_lead: Person, operator: Actor, at: datetime
) -> None:
    with pytest.raises(Refused, match="what the next one must know"):
        services.hand_over(cpo_case, cpo_lead, "", actor=operator, at=at)
    with pytest.raises(Refused, match="does not work at this desk"):
        services.hand_over(cpo_case, stranger, "please", actor=operator, at=at)
    assert kinds(cpo_case) == ["opened"]


def test_the_partners_reference_is_kept_and_found(
    cpo_case: Case, cpo_desk: Desk, operator: Actor, at: datetime
) -> None:
    services.set_their_reference(cpo_case, " VPS-2603-0088 ", actor=operator, at=at)
    assert fresh(cpo_case).their_reference == "VPS-2603-0088"
    with scope(desk=cpo_desk):
        assert search(cpo_desk, "2603-0088") == [cpo_case]


def test_a_reference_that_is_too_long_is_refused(cpo_case: Case, operator: Actor, at: datetime) -> None:
    with pytest.raises(Refused, match="Shorten it to 60"):
        services.set_their_reference(cpo_case, "9" * 61, actor=operator, at=at)


def test_linked_cases_know_each_other_once(open_cpo: Open, operator: Actor, at: datetime) -> None:
    first, second = open_cpo(), open_cpo()
    for _ in range(2):
        services.link_cases(first, second, "same station", actor=operator, at=at)
    with scope(desk=first.desk):
        assert [(link.case, link.other) for link in CaseLink.objects.all()] == [(first, second)]


def test_a_case_is_linked_neither_with_itself_nor_with_another_desks(
    cpo_case: Case, open_msp: Open, operator: Actor, at: datetime
) -> None:
    for other in (cpo_case, open_msp()):
        with pytest.raises(Refused, match="another case of this desk"):
            services.link_cases(cpo_case, other, "why", actor=operator, at=at)


def test_a_merged_case_owes_nothing_and_its_history_stays(open_cpo: Open, operator: Actor, at: datetime) -> None:
    stays, goes = open_cpo(), open_cpo()
    services.merge_cases(goes, stays, actor=operator, at=at)
    merged = fresh(goes)
    assert (merged.state, merged.merged_into, open_rules(goes)) == ("merged", stays, set())
    assert duty(goes, "ask_unlock").state == "lapsed"
    assert (kinds(goes), kinds(stays)) == (["opened", "merged"], ["opened", "linked"])


def test_a_merged_case_is_worked_on_no_more(open_cpo: Open, operator: Actor, at: datetime) -> None:
    stays, goes = open_cpo(), open_cpo()
    services.merge_cases(goes, stays, actor=operator, at=at)
    with pytest.raises(Refused, match=f"merged into {stays.reference}"):
        services.record_facts(goes, {"identity": "full"}, actor=operator, at=at)
    with pytest.raises(Refused, match=f"merged into {stays.reference}"):
        services.reopen_case(goes, "again", actor=operator, at=at)
    assert open_rules(goes) == set()


def test_cases_are_not_merged_in_a_ring(open_cpo: Open, operator: Actor, at: datetime) -> None:
    stays, goes = open_cpo(), open_cpo()
    services.merge_cases(goes, stays, actor=operator, at=at)
    with pytest.raises(Refused, match="was merged already"):
        services.merge_cases(stays, goes, actor=operator, at=at)
    assert (fresh(stays).state, kinds(stays)) == ("open", ["opened", "linked"])


# ---- personal values ----


@pytest.fixture
def passed_on(unlocking_case: Case, operator: Actor, at: datetime) -> Case:
    """The CPO got the User's number from the MSP, with consent."""
    values = {"unlock": "failed", "consent": "yes", "phone_passed": "yes", "user_phone": USER_PHONE}
    return services.record_facts(unlocking_case, values, actor=operator, at=at)


def test_a_personal_value_is_masked_everywhere(passed_on: Case, at: datetime) -> None:
    with scope(desk=passed_on.desk):
        view = case_view(fresh(passed_on), at, "Nils")
        shown = repr(
            [row.text for row in view.facts] + [row.text for row in view.timeline] + [row.title for row in view.duties]
        )
    assert "…E680" in shown
    assert "+49170555••••" in shown
    assert TOKEN not in shown
    assert USER_PHONE not in shown


def test_revealing_needs_a_reason_and_is_an_event(passed_on: Case, operator: Actor, at: datetime) -> None:
    with pytest.raises(Refused, match="needs a reason"):
        services.reveal(passed_on, "user_phone", "", actor=operator, at=at)
    assert services.reveal(passed_on, "user_phone", "I call the User", actor=operator, at=at) == USER_PHONE
    assert events(passed_on)[-1].data == {"field": "user_phone", "reason": "I call the User"}


def test_the_token_can_be_revealed_at_the_cpo(passed_on: Case, operator: Actor, at: datetime) -> None:
    assert services.reveal(passed_on, "token", "I compare it", actor=operator, at=at) == TOKEN


@pytest.mark.parametrize("consent", ["withdrawn", "no"])
def test_without_consent_any_more_the_number_is_hidden_from_the_cpo(
    passed_on: Case, operator: Actor, at: datetime, consent: str
) -> None:
    services.record_facts(passed_on, {"consent": consent}, actor=operator, at=at)
    with pytest.raises(Refused, match="stays hidden here"):
        services.reveal(passed_on, "user_phone", "I call the User", actor=operator, at=at)


def test_the_msp_always_sees_the_number_of_its_own_user(open_msp: Open, msp_operator: Person, at: datetime) -> None:
    case = open_msp(user_phone=USER_PHONE)
    actor = Actor.of(msp_operator)
    services.record_facts(case, {"self_help": "not_helped", "unlock_asked": "yes"}, actor=actor, at=at)
    services.record_facts(case, {"unlock": "failed", "consent": "withdrawn"}, actor=actor, at=at)
    assert services.reveal(case, "user_phone", "I call back", actor=actor, at=at) == USER_PHONE


def test_a_user_who_called_the_cpo_directly_gave_the_number_to_the_cpo(
    open_cpo: Open, operator: Actor, at: datetime
) -> None:
    case = open_cpo(caller="user", user_phone=USER_PHONE)
    assert services.reveal(case, "user_phone", "I call back", actor=operator, at=at) == USER_PHONE


def test_what_was_never_told_can_not_be_shown(cpo_case: Case, operator: Actor, at: datetime) -> None:
    for name in ("user_phone", "issue", "no_such_fact"):
        with pytest.raises(Refused, match="nothing to show"):
            services.reveal(cpo_case, name, "curious", actor=operator, at=at)


def test_erased_values_are_gone_and_the_chain_still_holds(passed_on: Case, operator: Actor, at: datetime) -> None:
    services.erase_personal_values(passed_on, actor=operator, at=at)
    services.add_note(passed_on, "still worked on", actor=operator, at=at)
    assert list(verify_chains()) == []
    with scope(desk=passed_on.desk):
        assert set(passed_on.personal_values.values_list("value", "key")) == {("", "")}
        assert search(passed_on.desk, "550142") == []
    with pytest.raises(Refused, match="erased"):
        services.reveal(passed_on, "token", "too late", actor=operator, at=at)
    assert events(passed_on, "erased")[0].data == {"fields": ["token", "user_phone"], "mails": 0}


# ---- queue and search ----


@pytest.mark.parametrize(
    "heard",
    ["NDL-2603-0001", "ndl2603", "0001", "de*ndl*e4421", "E4421", "4421*1", "ladestr. 14", "berlin", "E680", TOKEN,
     "04:A2:B3:C4:D5:E6:80", "VoltPass", "volt"],
)  # fmt: skip
def test_a_case_is_found_by_what_someone_says(open_cpo: Open, cpo_desk: Desk, heard: str) -> None:
    case = open_cpo(token=TOKEN)
    with scope(desk=cpo_desk):
        assert search(cpo_desk, heard) == [case]


def test_a_number_is_found_with_or_without_its_country(open_cpo: Open, cpo_desk: Desk) -> None:
    case = open_cpo(user_phone=USER_PHONE)
    with scope(desk=cpo_desk):
        assert search(cpo_desk, "0170 5550142") == search(cpo_desk, USER_PHONE) == [case]


NOTHING: list[str] = [
    "",
    " ",
    "680",
    "'; DROP TABLE cases_case; --",
    "\\",
    "%",
    "*",
    "':* | '",
    "x" * 9999,
    "\x00",
    "\ud800",
]


@pytest.mark.parametrize("heard", NOTHING)
def test_what_fits_nothing_finds_nothing(open_cpo: Open, cpo_desk: Desk, heard: str) -> None:
    open_cpo(token=TOKEN)
    with scope(desk=cpo_desk):
        assert search(cpo_desk, heard) == []


def test_an_edited_label_is_searched_by_anew(cpo_case: Case, cpo_desk: Desk, operator: Actor, at: datetime) -> None:
    services.edit_fact(cpo_case, "evse_label", "DE*NDL*E9876", actor=operator, at=at)
    with scope(desk=cpo_desk):
        assert search(cpo_desk, "9876") == [cpo_case]
        assert search(cpo_desk, "4421") == []


def test_danger_stands_before_everything_in_the_queue(
    open_cpo: Open, cpo_desk: Desk, cpo_operator: Person, at: datetime
) -> None:
    calm, danger = open_cpo(), open_cpo(problem="danger")
    with scope(desk=cpo_desk):
        found = queue(cpo_desk, cpo_operator, at)
    assert found.danger == (danger,)
    assert [lane.cases for lane in found.lanes if lane.cases] == [(calm,)]
    assert found.total == 2
