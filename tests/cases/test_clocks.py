from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope

from case_reading import duty, events, fresh, kinds, open_rules
from cases.conftest import IDENTIFIED, TEMPLATE, Open
from roamdesk.cases import clocks, services
from roamdesk.cases.actors import Actor
from roamdesk.cases.clocks import run_clocks
from roamdesk.cases.models import Case
from roamdesk.desks.models import Person
from roamdesk.partners.models import ContactLine

MINUTE = timedelta(minutes=1)


def test_a_duty_is_due_after_the_target_of_the_fact_that_raised_it(unlocking_case: Case, at: datetime) -> None:
    row = duty(unlocking_case, "do_unlock")
    assert (row.due_at, row.next_clock_at) == (at + 15 * MINUTE, at + 15 * MINUTE)
    assert fresh(unlocking_case).next_due_at == at + 15 * MINUTE


def test_danger_is_due_in_five_minutes(open_msp: Open, at: datetime) -> None:
    assert duty(open_msp(problem="danger"), "tell_cpo_danger").due_at == at + 5 * MINUTE


def test_before_it_is_due_nothing_happens(unlocking_case: Case, at: datetime) -> None:
    assert run_clocks(at + 15 * MINUTE - timedelta(seconds=1)) == 0
    assert "overdue" not in kinds(unlocking_case)


def test_at_the_instant_it_is_due_its_owner_is_reminded(unlocking_case: Case, at: datetime) -> None:
    due = at + 15 * MINUTE
    assert run_clocks(due) == 1
    event = events(unlocking_case)[-1]
    assert (event.kind, event.at, event.by, event.through) == ("overdue", due, "the clock", "clock")
    assert event.data == {"rule": "do_unlock", "title": "Unlock DE*NDL*E4421*1", "told": "Nils Operator"}
    assert duty(unlocking_case, "do_unlock").overdue_at == due


def test_a_case_that_nobody_took_says_so(unlocking_case: Case, operator: Actor, at: datetime) -> None:
    services.hand_over(unlocking_case, None, "My shift ends.", actor=operator, at=at)
    run_clocks(at + 15 * MINUTE)
    assert events(unlocking_case)[-1].data["told"] == "nobody: not taken"


def test_ten_minutes_later_the_team_lead_is_told_and_then_the_clock_rests(unlocking_case: Case, at: datetime) -> None:
    due = at + 15 * MINUTE
    for later in (0, 1, 9, 10, 11, 60, 600):
        run_clocks(due + later * MINUTE)
    reminders = events(unlocking_case, "overdue", "escalated")
    assert [(event.kind, event.at - due) for event in reminders] == [
        ("overdue", 0 * MINUTE),
        ("escalated", 10 * MINUTE),
    ]
    assert reminders[1].data["told"] == "the team lead"
    assert duty(unlocking_case, "do_unlock").next_clock_at is None


def test_a_clock_that_slept_reminds_and_escalates_when_it_wakes(unlocking_case: Case, at: datetime) -> None:
    next_day = at + timedelta(days=1)
    run_clocks(next_day)
    run_clocks(next_day + 10 * MINUTE)
    assert [event.kind for event in events(unlocking_case)][-2:] == ["overdue", "escalated"]


def test_what_was_done_in_time_is_never_overdue(unlocking_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(unlocking_case, {"unlock": "failed"}, actor=operator, at=at + 5 * MINUTE)
    run_clocks(at + 60 * MINUTE)
    assert "overdue" not in kinds(unlocking_case)


def test_an_unanswered_call_restarts_nothing(open_msp: Open, msp_operator: Person, at: datetime) -> None:
    case = open_msp(problem="danger")
    services.answer_step(case, "tell_cpo_danger", 2, actor=Actor.of(msp_operator), at=at + 4 * MINUTE)
    run_clocks(at + 5 * MINUTE)
    assert [event.at for event in events(case, "overdue")] == [at + 5 * MINUTE]


def test_a_change_of_facts_moves_the_clock(failing_case: Case, operator: Actor, at: datetime) -> None:
    known_at = at + 7 * MINUTE
    services.record_facts(
        failing_case, {"exhausted": "yes", "promised_at": at.isoformat()}, actor=operator, at=known_at
    )
    first = duty(failing_case, "phone_failure")
    assert first.due_at == known_at + 15 * MINUTE
    services.edit_fact(failing_case, "exhausted", None, actor=operator, at=known_at + MINUTE)
    assert duty(failing_case, "phone_failure").state == "lapsed"
    services.record_facts(failing_case, {"exhausted": "yes"}, actor=operator, at=known_at + 9 * MINUTE)
    second = duty(failing_case, "phone_failure")
    assert (second.pk != first.pk, second.due_at) == (True, known_at + 24 * MINUTE)


def test_a_merged_case_is_not_reminded(open_cpo: Open, operator: Actor, at: datetime) -> None:
    stays, goes = open_cpo(), open_cpo(**IDENTIFIED)
    services.merge_cases(goes, stays, actor=operator, at=at)
    assert run_clocks(at + 60 * MINUTE) == 0


def test_a_case_whose_clock_fails_does_not_stop_the_others(
    unlocking_case: Case, open_cpo: Open, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_cpo(**IDENTIFIED)
    real: Any = clocks._tick

    def failing(id: int, now: datetime) -> None:
        if id == duty(unlocking_case, "do_unlock").pk:
            raise RuntimeError("broken")
        real(id, now)

    monkeypatch.setattr(clocks, "_tick", failing)
    run_clocks(at + 15 * MINUTE)
    assert (kinds(unlocking_case)[-1], kinds(other)[-1]) == ("matched", "overdue")


# ---- what leaves by itself ----


def test_a_success_notice_leaves_by_itself_after_two_minutes(solved_case: Case, at: datetime) -> None:
    run_clocks(at + 2 * MINUTE - timedelta(seconds=1))
    assert "mail_queued" not in kinds(solved_case)
    run_clocks(at + 2 * MINUTE)
    event = events(solved_case, "mail_queued")[0]
    assert (event.by, event.at) == ("the clock", at + 2 * MINUTE)


def test_once_it_has_left_no_clock_and_no_change_sends_it_again(
    solved_case: Case, operator: Actor, at: datetime
) -> None:
    run_clocks(at + 2 * MINUTE)
    services.record_facts(solved_case, {"issue": "The plug was bent."}, actor=operator, at=at + 3 * MINUTE)
    assert duty(solved_case, "mail_success").performs_at is None
    run_clocks(at + 4 * MINUTE)
    assert kinds(solved_case).count("mail_queued") == 1


def test_a_success_that_only_the_station_reports_waits_for_the_user(
    unlocking_case: Case, operator: Actor, at: datetime
) -> None:
    services.record_facts(unlocking_case, {"unlock": "ok", **TEMPLATE}, actor=operator, at=at)
    assert duty(unlocking_case, "mail_success").performs_at is None


def test_a_notice_that_lacks_a_field_stays_and_says_why_once(
    unlocking_case: Case, operator: Actor, at: datetime
) -> None:
    services.record_facts(unlocking_case, {"unlock": "ok", "freed": "yes"}, actor=operator, at=at)
    for later in (2, 3, 4):
        run_clocks(at + later * MINUTE)
    (event,) = events(unlocking_case, "not_performed")
    assert "CDR id" in event.data["because"]
    assert "mail_success" in open_rules(unlocking_case)


def test_completed_it_leaves_after_all(unlocking_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(unlocking_case, {"unlock": "ok", "freed": "yes"}, actor=operator, at=at)
    run_clocks(at + 2 * MINUTE)
    services.record_facts(unlocking_case, TEMPLATE, actor=operator, at=at + 3 * MINUTE)
    run_clocks(at + 3 * MINUTE)
    assert kinds(unlocking_case)[-1] == "mail_queued"


def test_a_failure_notice_without_a_promised_time_does_not_leave(
    failing_case: Case, operator: Actor, at: datetime
) -> None:
    services.record_facts(failing_case, {"exhausted": "yes", **TEMPLATE}, actor=operator, at=at)
    assert duty(failing_case, "mail_failure").performs_at is None
    services.record_facts(failing_case, {"promised_at": at.isoformat()}, actor=operator, at=at + MINUTE)
    assert duty(failing_case, "mail_failure").performs_at == at + 2 * MINUTE


def test_a_notice_without_a_recipient_stays_with_its_operator(solved_case: Case, at: datetime) -> None:
    with scope(desk=solved_case.desk):
        ContactLine.objects.filter(purpose=ContactLine.Purpose.MSP_SUPPORT).delete()
    run_clocks(at + 2 * MINUTE)
    assert "an address of VoltPass for MSP support" in events(solved_case, "not_performed")[0].data["because"]
