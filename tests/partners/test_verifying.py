from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django_scopes import scopes_disabled

from builders import CPO_BACK_OFFICE, CPO_CALL_CENTRE, CPO_REFERENCE_PHONE
from roamdesk.correspondence.models import Message
from roamdesk.correspondence.services import log_call
from roamdesk.correspondence.trust import note_failed_addresses
from roamdesk.partners import services, todo, verifying
from roamdesk.partners.models import Check, ContactLine, Partner
from roamdesk.partners.todo import Kind

DAY = timedelta(days=1)


@pytest.fixture
def phone(cpo: Partner, at: datetime) -> ContactLine:
    return line_of(cpo, CPO_CALL_CENTRE, at)


@pytest.fixture
def mail(cpo: Partner, at: datetime) -> ContactLine:
    return line_of(cpo, CPO_BACK_OFFICE, at)


def line_of(partner: Partner, value: str, verified_at: datetime) -> ContactLine:
    """Every line of every desk was verified at that instant."""
    with scopes_disabled():
        ContactLine.objects.update(verified_at=verified_at)
    return ContactLine.objects.get(partner=partner, value=value)


def kinds(partner: Partner, at: datetime) -> list[Kind]:
    return [task.kind for task in todo.tasks_of(partner.desk, at)]


def call(partner: Partner, result: str, at: datetime) -> None:
    log_call(
        partner.desk, to="cpo_cc", result=result, by="Mara", at=at, about="case:1", partner=partner,
        number=CPO_CALL_CENTRE,
    )  # fmt: skip


def message_to(address: str) -> Message:
    return Message.objects.get(to=[address])


def came_back(message: Message, fate: str = "bounced") -> None:
    message.fates = dict.fromkeys(message.to, fate)
    message.last_reply = "550 no such user"
    note_failed_addresses(message)


def test_a_test_call_that_worked_verifies_the_line(phone: ContactLine, at: datetime) -> None:
    verifying.record_call(phone, result="no_answer", by="Piet", at=at + DAY)
    verifying.record_call(phone, result="worked", by="Piet", at=at + 2 * DAY, note="Ms Brandt, in English")
    phone.refresh_from_db()
    assert (phone.verified_at, phone.verified_how, phone.failures) == (at + 2 * DAY, "test_call", 0)


@pytest.mark.parametrize("result", ["no_answer", "wrong_party", "no_language"])
def test_a_test_call_that_failed_lowers_the_trust_and_says_why(phone: ContactLine, at: datetime, result: str) -> None:
    check = verifying.record_call(phone, result=result, by="Piet", at=at)
    phone.refresh_from_db()
    assert (phone.failures, phone.last_failed_at) == (1, at)
    assert check.get_result_display().lower() in phone.last_failure


@pytest.mark.parametrize(("value", "result"), [(CPO_CALL_CENTRE, "perhaps"), (CPO_BACK_OFFICE, "worked")])
def test_a_test_call_that_cannot_be_is_refused(cpo: Partner, at: datetime, value: str, result: str) -> None:
    with pytest.raises(verifying.CheckRefused):
        verifying.record_call(line_of(cpo, value, at), result=result, by="Piet", at=at)
    assert not Check.objects.exists()


def test_two_calls_in_a_row_that_nobody_answers_open_a_task_and_an_answer_closes_it(
    cpo: Partner, phone: ContactLine, at: datetime
) -> None:
    call(cpo, "no_answer", at + DAY)
    assert Kind.DOUBT not in kinds(cpo, at + DAY)
    call(cpo, "no_answer", at + 2 * DAY)
    assert kinds(cpo, at + 2 * DAY) == [Kind.DOUBT]
    call(cpo, "answered", at + 3 * DAY)
    assert kinds(cpo, at + 3 * DAY) == []


def test_a_call_told_twice_counts_once_and_a_machine_not_at_all(cpo: Partner, phone: ContactLine, at: datetime) -> None:
    call(cpo, "no_answer", at)
    call(cpo, "no_answer", at)
    call(cpo, "machine", at + DAY)
    phone.refresh_from_db()
    assert phone.failures == 1


def test_a_failure_from_before_the_last_answer_lowers_nothing(cpo: Partner, phone: ContactLine, at: datetime) -> None:
    services.line_answered(phone, at + DAY)
    call(cpo, "no_answer", at)
    phone.refresh_from_db()
    assert phone.failures == 0


def test_one_mail_that_comes_back_opens_a_task(cpo: Partner, mail: ContactLine, at: datetime) -> None:
    verifying.mail_came_back(cpo, CPO_BACK_OFFICE, words="550 no such user", about="case:1", at=at)
    verifying.mail_came_back(cpo, CPO_BACK_OFFICE, words="550 no such user", about="case:1", at=at)
    [task] = todo.tasks_of(cpo.desk, at)
    assert (task.kind, task.about) == (Kind.DOUBT, mail.pk)
    assert "550 no such user" in task.text
    services.confirm_line(mail, at=at + DAY)
    assert kinds(cpo, at + DAY) == []


def test_a_test_mail_waits_until_somebody_presses_the_button(cpo: Partner, mail: ContactLine, at: datetime) -> None:
    check = verifying.send_test_mail(mail, by="Piet", at=at + DAY)
    assert verifying.send_test_mail(mail, by="Piet", at=at + DAY).pk == check.pk
    assert "/p/" in message_to(CPO_BACK_OFFICE).text
    assert verifying.test_mail_confirmed(check, at=at + 2 * DAY).result == "worked"
    verifying.test_mail_confirmed(check, at=at + 3 * DAY)
    mail.refresh_from_db()
    assert (mail.verified_at, mail.verified_how) == (at + 2 * DAY, "test_mail")


def test_a_test_mail_that_nobody_confirms_has_failed_after_five_days(
    cpo: Partner, mail: ContactLine, at: datetime
) -> None:
    verifying.send_test_mail(mail, by="Piet", at=at)
    assert verifying.close_unanswered(at + 4 * DAY) == 0
    assert verifying.close_unanswered(at + 5 * DAY) == 1
    assert verifying.close_unanswered(at + 6 * DAY) == 0
    assert Kind.DOUBT in kinds(cpo, at + 6 * DAY)


@pytest.mark.parametrize("fate", ["refused", "bounced"])
def test_a_test_mail_that_comes_back_ends_its_try(cpo: Partner, mail: ContactLine, at: datetime, fate: str) -> None:
    check = verifying.send_test_mail(mail, by="Piet", at=at)
    came_back(message_to(CPO_BACK_OFFICE), fate)
    came_back(message_to(CPO_BACK_OFFICE), fate)
    check.refresh_from_db()
    mail.refresh_from_db()
    assert (check.result, check.note, mail.failures) == ("bounced", "550 no such user", 1)


def test_addresses_that_nobody_tried_for_90_days_are_mailed_once(cpo: Partner, mail: ContactLine, at: datetime) -> None:
    assert verifying.send_due_test_mails(at + 90 * DAY - timedelta(seconds=1)) == 0
    sent = verifying.send_due_test_mails(at + 91 * DAY)
    with scopes_disabled():
        asked = ContactLine.objects.filter(channel="mail", purpose__in=verifying.TRIED_PURPOSES).count()
    assert sent == asked > 0
    assert verifying.send_due_test_mails(at + 92 * DAY) == 0


def test_an_address_that_cannot_be_written_to_stops_no_other(cpo: Partner, mail: ContactLine, at: datetime) -> None:
    with scopes_disabled():
        ContactLine.objects.filter(pk=mail.pk).update(value="not an address")
    later = at + 91 * DAY
    verifying.send_due_test_mails(later)
    mail.refresh_from_db()
    assert mail.failures == 1
    assert Message.objects.exists()


def test_what_is_due_is_told_with_its_day(cpo: Partner, phone: ContactLine, at: datetime) -> None:
    assert kinds(cpo, at) == []
    due = {task.kind: task for task in todo.tasks_of(cpo.desk, at + 91 * DAY)}
    assert due[Kind.TEST_CALL].due_at == at + 97 * DAY
    assert due[Kind.TEST_CALL].about == phone.pk
    late = {task.kind: task for task in todo.tasks_of(cpo.desk, at + 181 * DAY)}
    lines = ContactLine.objects.filter(partner=cpo).count()
    assert late[Kind.CONFIRM].text.startswith(f"{lines} lines were not confirmed for 180 days")
    assert late[Kind.CONFIRM].since == at + 180 * DAY


def test_a_reference_person_is_not_called_for_a_test(cpo: Partner, phone: ContactLine, at: datetime) -> None:
    called = {task.about for task in todo.tasks_of(cpo.desk, at + 91 * DAY) if task.kind is Kind.TEST_CALL}
    assert ContactLine.objects.get(partner=cpo, value=CPO_REFERENCE_PHONE).pk not in called


def test_the_tasks_of_many_partners_take_no_more_queries(
    cpo: Partner, at: datetime, django_assert_num_queries: Any
) -> None:
    partners = [Partner(desk=cpo.desk, name=f"P {n}", plays_cpo=True) for n in range(30)]
    for partner in Partner.objects.bulk_create(partners):
        services.save_line(
            partner, role="cpo", purpose="first_level", channel="phone", value="+49 30 5550 142", at=at, by="Piet"
        )
    with django_assert_num_queries(6):
        assert len(todo.tasks_of(cpo.desk, at + 200 * DAY)) > 60
