"""No answer to a back-office mail: reminded once by itself, in business hours; then the lead and a call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope

from builders import MSP_BACK_OFFICE
from case_reading import duty, events, fresh, known, open_rules
from cases.conftest import Open
from cases.taking import messages, take
from correspondence.smtp_peer import SmtpPeer
from roamdesk.cases import services
from roamdesk.cases.actors import Actor
from roamdesk.cases.clocks import run_clocks
from roamdesk.cases.models import Case
from roamdesk.cases.notices import send_notice
from roamdesk.correspondence.budgets import keep_rules
from roamdesk.correspondence.models import Call, Message
from roamdesk.correspondence.services import attempt
from roamdesk.partners.models import ContactLine

MINUTE = timedelta(minutes=1)
DUE = datetime(2026, 3, 11, 9, 15, tzinfo=UTC)
"""Asked on Tuesday at 10:15 in Berlin; the office closes at 17:00 and opens at 9:00."""
AFTER_THE_REMINDER = datetime(2026, 3, 12, 9, 18, tzinfo=UTC)
A_MOMENT = timedelta(seconds=60)
"""The relay answers a moment after we asked it, and from then on the time runs."""


def soon_after(instant: datetime | None, expected: datetime) -> bool:
    return instant is not None and expected <= instant < expected + A_MOMENT


@pytest.fixture
def relay(settings: Any, real_db: None) -> Iterator[SmtpPeer]:
    with SmtpPeer() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


@pytest.fixture
def asked(relay: SmtpPeer, open_cpo: Open, operator: Actor, at: datetime) -> Case:
    """Nordlade has asked VoltPass's back office, which is staffed from 9 to 17 in Berlin."""
    told = {"event_time": at, "no_token_reason": "nobody charged", "cdr_reason": "no session"}
    case = open_cpo(caller="ourselves", problem="other", **told)
    with scope(desk=case.desk):
        ContactLine.objects.filter(value=MSP_BACK_OFFICE).update(hours="Mon-Fri 09:00-17:00")
    attempt(send_notice(case, "mail_template_msp", actor=operator, at=at).pk, at)
    return case


@pytest.fixture
def reminded(asked: Case) -> Case:
    run_clocks(DUE + A_MOMENT)
    run_clocks(DUE + A_MOMENT + 2 * MINUTE)
    attempt(messages(asked)[-1].pk, DUE + A_MOMENT + 2 * MINUTE)
    return asked


def test_an_answer_is_due_in_business_hours_of_whoever_owes_it(asked: Case) -> None:
    assert soon_after(duty(asked, "answer_from_msp").due_at, DUE)
    assert soon_after(fresh(asked).next_due_at, DUE)


def test_a_holiday_of_theirs_does_not_count(asked: Case, operator: Actor) -> None:
    good_friday_eve = datetime(2026, 4, 2, 7, 0, tzinfo=UTC)
    services.edit_fact(asked, "mail_sent", None, actor=operator, at=good_friday_eve)
    services.record_facts(asked, {"mail_sent": "yes"}, actor=operator, at=good_friday_eve + timedelta(hours=5))
    # Thursday 14:00 to 17:00, then five hours of Tuesday: Friday and Monday are Easter's.
    assert duty(asked, "answer_from_msp").due_at == datetime(2026, 4, 7, 12, 0, tzinfo=UTC)


def test_before_it_is_due_nobody_is_reminded(asked: Case) -> None:
    run_clocks(DUE - MINUTE)
    assert (open_rules(asked), len(messages(asked))) == ({"answer_from_msp"}, 1)


def test_silence_is_reminded_by_itself_in_the_same_thread(asked: Case, relay: SmtpPeer) -> None:
    run_clocks(DUE + A_MOMENT)
    assert known(asked)["unanswered"] == "once"
    assert open_rules(asked) == {"answer_from_msp", "remind_msp"}
    run_clocks(DUE + A_MOMENT + 2 * MINUTE)
    request, reminder = messages(asked)
    attempt(reminder.pk, DUE + A_MOMENT + 2 * MINUTE)
    mail = relay.taken[-1]
    assert (reminder.by_itself, reminder.origin) == (True, Message.Origin.GENERATED)
    assert mail["Subject"] == f"[{asked.reference}] Reminder: Anything else, DE*NDL*E4421*1"
    assert (mail["In-Reply-To"], mail["References"]) == (request.message_id, request.message_id)
    assert relay.envelopes[-1] == [MSP_BACK_OFFICE]
    assert open_rules(asked) == {"answer_from_msp"}


def test_it_is_reminded_once_and_the_time_runs_anew(reminded: Case) -> None:
    answer = duty(reminded, "answer_from_msp")
    assert soon_after(answer.due_at, AFTER_THE_REMINDER)
    assert answer.overdue_at is None
    for minutes in range(3, 600, 30):
        run_clocks(DUE + minutes * MINUTE)
    assert len(messages(reminded)) == 2
    assert events(reminded, "escalated") == []


def test_a_reminder_without_answer_goes_to_the_lead_and_offers_the_reference_person(reminded: Case) -> None:
    run_clocks(AFTER_THE_REMINDER + A_MOMENT)
    assert known(reminded)["unanswered"] == "twice"
    assert open_rules(reminded) == {"answer_from_msp", "ask_msp_by_phone"}
    run_clocks(AFTER_THE_REMINDER + A_MOMENT + 10 * MINUTE)
    assert events(reminded, "escalated")[-1].data["told"] == "the team lead"
    assert len(messages(reminded)) == 2


def test_the_call_is_logged_with_their_number_and_gives_them_new_time(reminded: Case, operator: Actor) -> None:
    run_clocks(AFTER_THE_REMINDER + A_MOMENT)
    typed = services.Typed(number="+493055502429")
    at = AFTER_THE_REMINDER + 5 * MINUTE
    services.answer_step(reminded, "ask_msp_by_phone", 1, typed=typed, actor=operator, at=at)
    with scope(desk=reminded.desk):
        assert list(Call.objects.values_list("to", "number")) == [("msp_fp", "+493055502429")]
    assert open_rules(reminded) == {"answer_from_msp"}
    assert duty(reminded, "answer_from_msp").due_at == at + timedelta(days=1)


def test_an_answer_that_settles_it_ends_the_waiting(reminded: Case, operator: Actor) -> None:
    services.record_facts(reminded, {"mail_answered": "settled"}, actor=operator, at=AFTER_THE_REMINDER - MINUTE)
    run_clocks(AFTER_THE_REMINDER + A_MOMENT)
    assert open_rules(reminded) == set()


def test_an_answer_that_does_not_settle_it_is_waited_for_and_reminded_anew(reminded: Case, operator: Actor) -> None:
    services.record_facts(reminded, {"mail_answered": "open"}, actor=operator, at=DUE + 65 * MINUTE)
    assert not {"reminded", "unanswered"} & known(reminded).keys()
    due = duty(reminded, "answer_from_msp").due_at
    assert due == DUE + timedelta(days=1, minutes=65)
    run_clocks(due)
    assert open_rules(reminded) == {"answer_from_msp", "remind_msp"}


def test_a_reminder_beyond_the_budget_stays_with_a_person(asked: Case) -> None:
    with scope(desk=asked.desk):
        keep_rules(asked.desk, {"per_case": 0})
    run_clocks(DUE + A_MOMENT)
    run_clocks(DUE + A_MOMENT + 2 * MINUTE)
    assert "remind_msp" in open_rules(asked)
    assert "is used up" in fresh(asked).attention
    run_clocks(DUE + A_MOMENT + 10 * MINUTE)
    assert events(asked, "escalated")[-1].data["rule"] == "answer_from_msp"


def test_a_machines_acknowledgement_does_not_stop_the_clock(asked: Case, at: datetime) -> None:
    [request] = messages(asked)
    take(asked.desk, at + MINUTE, f"In-Reply-To: {request.message_id}", "Auto-Submitted: auto-replied")
    run_clocks(DUE + A_MOMENT)
    assert known(asked)["unanswered"] == "once"


def test_our_own_answer_has_the_same_clock_by_our_calendar(open_cpo: Open, at: datetime) -> None:
    case = open_cpo(caller="partner_mail", problem="other")
    # Ours are 9 to 17: 10:15 to 17:00, then an hour and a quarter of Wednesday.
    assert duty(case, "answer_as_cpo").due_at == datetime(2026, 3, 11, 9, 15, tzinfo=UTC)
