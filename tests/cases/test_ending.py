"""Departing, declining, closing, reopening."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scope

from builders import build_evse, build_station
from case_reading import duty, events, fresh, kinds, open_rules
from cases.conftest import LABEL, TEMPLATE, Open
from roamdesk.cases import services
from roamdesk.cases.actors import STATION, Actor
from roamdesk.cases.errors import Refused
from roamdesk.cases.models import Case
from roamdesk.cases.procedures import procedure_of
from roamdesk.desks.models import Desk
from roamdesk.partners.procedures import add_version, use_version

MAILED = {"mailed_support": "successful", "mailed_focal_points": "successful"}


@pytest.fixture
def direct_case(open_cpo: Open, operator: Actor, at: datetime) -> Case:
    """The User called the CPO directly, was helped, and the MSP may get a notice (A8)."""
    case = open_cpo(caller="user", msp_known="yes")
    return services.record_facts(case, {"verdict": "accepted", "freed": "yes", **TEMPLATE}, actor=operator, at=at)


def test_a_departure_needs_a_reason(cpo_case: Case, operator: Actor, at: datetime) -> None:
    with pytest.raises(Refused, match="needs a reason"):
        services.depart(cpo_case, "ask_identity_msp", "  ", actor=operator, at=at)
    assert kinds(cpo_case) == ["opened"]


def test_a_departed_duty_ends_as_departed_and_does_not_come_back(cpo_case: Case, operator: Actor, at: datetime) -> None:
    services.depart(cpo_case, "ask_identity_msp", "They hung up.", actor=operator, at=at)
    services.record_facts(cpo_case, {"identity": "partly"}, actor=operator, at=at)
    assert duty(cpo_case, "ask_identity_msp").state == "departed"
    assert events(cpo_case, "departed")[0].data == {"rule": "ask_identity_msp", "reason": "They hung up."}
    assert "ask_identity_msp" not in open_rules(cpo_case)


def test_what_is_not_owed_can_not_be_departed_from(cpo_case: Case, operator: Actor, at: datetime) -> None:
    with pytest.raises(Refused, match="not owed any more"):
        services.depart(cpo_case, "do_unlock", "no reason", actor=operator, at=at)


def test_only_what_the_procedure_lets_us_is_declined(cpo_case: Case, operator: Actor, at: datetime) -> None:
    for rule in ("ask_identity_msp", "no_such_rule"):
        with pytest.raises(Refused, match="Depart from it"):
            services.decline(cpo_case, rule, "no time", actor=operator, at=at)


def test_the_notice_after_helping_a_direct_caller_can_be_declined(
    direct_case: Case, operator: Actor, at: datetime
) -> None:
    services.decline(direct_case, "notice_direct_success", "", actor=operator, at=at)
    assert duty(direct_case, "notice_direct_success").state == "declined"
    assert open_rules(direct_case) == set()


def test_a_case_that_owes_nothing_closes_by_itself_where_the_route_says_so(
    solved_case: Case, operator: Actor, at: datetime
) -> None:
    services.record_facts(solved_case, MAILED, actor=operator, at=at)
    assert (fresh(solved_case).state, fresh(solved_case).closed_at) == ("closed", at)
    assert events(solved_case)[-1].data == {"because": "nothing is owed"}


def test_closing_is_refused_while_something_is_owed(cpo_case: Case, operator: Actor, at: datetime) -> None:
    with pytest.raises(Refused, match="Something is still owed: Ask VoltPass"):
        services.close_case(cpo_case, actor=operator, at=at)


def test_a_route_that_does_not_close_itself_is_closed_by_its_operator(
    direct_case: Case, operator: Actor, at: datetime
) -> None:
    services.decline(direct_case, "notice_direct_success", "The MSP asked for none.", actor=operator, at=at)
    assert fresh(direct_case).state == "open"
    services.close_case(direct_case, actor=operator, at=at, reason="done")
    services.close_case(direct_case, actor=operator, at=at, reason="pressed twice")
    assert [event.data["because"] for event in events(direct_case, "closed")] == ["done"]


def test_a_closed_case_owes_not_even_a_standing_duty(open_msp: Open, at: datetime, operator: Actor) -> None:
    case = open_msp(problem="other", cpo_needed="no")
    services.close_case(case, actor=operator, at=at)
    services.record_facts(case, {"issue": "thanks"}, actor=operator, at=at)
    assert (fresh(case).state, open_rules(case)) == ("closed", set())


def test_reopening_needs_a_reason_and_a_closed_case(solved_case: Case, operator: Actor, at: datetime) -> None:
    with pytest.raises(Refused, match="The case is open"):
        services.reopen_case(solved_case, "why not", actor=operator, at=at)
    services.record_facts(solved_case, MAILED, actor=operator, at=at)
    with pytest.raises(Refused, match="Say why"):
        services.reopen_case(solved_case, "", actor=operator, at=at)
    services.reopen_case(solved_case, "The User calls again.", actor=operator, at=at)
    assert (fresh(solved_case).state, fresh(solved_case).closed_at) == ("open", None)


def test_a_late_fact_opens_a_closed_case_again(solved_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(solved_case, MAILED, actor=operator, at=at)
    later = at + timedelta(hours=1)
    services.edit_fact(solved_case, "freed", None, actor=operator, at=later)
    services.record_facts(solved_case, {"unlock": "failed"}, actor=STATION, at=later)
    assert fresh(solved_case).state == "open"
    assert "reopened" in kinds(solved_case)
    assert "await_consent" in open_rules(solved_case)


def test_the_database_keeps_a_closed_case_from_having_no_time(cpo_case: Case) -> None:
    with scope(desk=cpo_case.desk), transaction.atomic(), pytest.raises(IntegrityError, match="case_closed_has_time"):
        Case.objects.filter(pk=cpo_case.pk).update(state="closed")


# ---- the version of the procedure ----


def test_an_open_case_stays_on_the_version_that_it_was_opened_with(
    cpo_case: Case, open_cpo: Open, cpo_desk: Desk, operator: Actor, at: datetime
) -> None:
    newer = cpo_case.procedure.source.replace('version: "1"', 'version: "2"').replace(
        "outcome: 15 min", "outcome: 5 min"
    )
    use_version(cpo_desk, add_version(newer, at))
    services.record_facts(cpo_case, {"identity": "full", "unlock_asked": "yes"}, actor=operator, at=at)
    second = open_cpo(identity="full", unlock_asked="yes")
    assert [procedure_of(fresh(case)).version for case in (cpo_case, second)] == ["1", "2"]
    assert duty(cpo_case, "do_unlock").due_at == at + timedelta(minutes=15)
    assert duty(second, "do_unlock").due_at == at + timedelta(minutes=5)


def test_the_same_file_twice_is_one_version(at: datetime, cpo_case: Case) -> None:
    assert add_version(cpo_case.procedure.source, at) == cpo_case.procedure


# ---- the directory ----


def test_a_label_that_two_evses_carry_finds_neither(
    cpo_desk: Desk, open_cpo: Open, operator: Actor, at: datetime
) -> None:
    with scope(desk=cpo_desk):
        build_evse(build_station(cpo_desk, "NDL-0002"), LABEL)
    case = open_cpo()
    assert (case.evse, set(fresh(case).known["values"]) & {"evse_id", "plug"}) == (None, set())


def test_the_evse_chosen_among_two_stays_chosen(cpo_desk: Desk, msp_desk: Desk, operator: Actor, at: datetime) -> None:
    with scope(desk=cpo_desk):
        build_evse(build_station(cpo_desk, "NDL-0001"), LABEL)
        chosen = build_evse(build_station(cpo_desk, "NDL-0002"), LABEL)
    case = services.open_case(cpo_desk, side="cpo", facts={"evse_label": LABEL}, evse=chosen, actor=operator, at=at)
    assert case.evse == chosen


def test_a_corrected_label_moves_the_case_to_the_other_evse(
    cpo_case: Case, cpo_desk: Desk, operator: Actor, at: datetime
) -> None:
    with scope(desk=cpo_desk):
        other = build_evse(build_station(cpo_desk, "NDL-0002"), "DE*NDL*E7700*2", plug="ccs_cable")
    services.edit_fact(cpo_case, "evse_label", "DE NDL E7700 2", actor=operator, at=at)
    case = fresh(cpo_case)
    values = case.known["values"]
    assert (case.evse, values["evse_id"], values["plug"]) == (other, "DE*NDL*E7700*2", "ccs_cable")


def test_a_label_corrected_to_one_that_nobody_knows_leaves_no_evse_to_unlock(
    cpo_case: Case, operator: Actor, at: datetime
) -> None:
    services.edit_fact(cpo_case, "evse_label", "DE*NDL*E9999*9", actor=operator, at=at)
    case = fresh(cpo_case)
    assert (case.evse, "evse_id" in case.known["values"], "plug" in case.known["values"]) == (None, False, False)


def test_a_correction_taken_back_brings_the_evse_back(cpo_case: Case, operator: Actor, at: datetime) -> None:
    evse = cpo_case.evse
    services.edit_fact(cpo_case, "evse_label", "DE*NDL*E9999*9", actor=operator, at=at)
    services.take_back(cpo_case, actor=operator, at=at)
    assert fresh(cpo_case).evse == evse


def test_the_operator_in_a_label_names_the_partner_also_where_the_directory_does_not_know_it(open_msp: Open) -> None:
    case = open_msp(evse_label="DE*NDL*E123456")
    assert str(case.partner) == "Nordlade"
