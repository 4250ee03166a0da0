"""A mail that came back is owed again: to the next address of the contact form, and by phone when none is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope, scopes_disabled

from builders import MSP_BACK_OFFICE, MSP_REFERENCE_MAIL, MSP_SUPPORT_MAIL, add_line
from case_reading import duty, events, fresh, kinds, known, open_rules
from cases.conftest import Open
from cases.taking import messages, take
from correspondence.smtp_peer import SmtpPeer
from roamdesk.cases.actors import Actor
from roamdesk.cases.clocks import run_clocks
from roamdesk.cases.models import Case
from roamdesk.cases.notices import compose, message_changed, send_notice
from roamdesk.cases.services import record_facts
from roamdesk.correspondence.models import Message
from roamdesk.correspondence.services import attempt
from roamdesk.desks.models import Desk
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.services import confirm_line

MINUTE = timedelta(minutes=1)
Bounce = Callable[..., None]


@pytest.fixture
def relay(settings: Any, real_db: None) -> Iterator[SmtpPeer]:
    with SmtpPeer() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


@pytest.fixture
def sent(relay: SmtpPeer, solved_case: Case, operator: Actor, at: datetime) -> Message:
    """The success notice, accepted by the relay for support and the focal point; the case is closed."""
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    attempt(message.pk, at)
    return message


@pytest.fixture
def comes_back(cpo_desk: Desk) -> Bounce:
    """Their mail server sends a mail of ours back for some addresses."""

    def coming(message: Message, *addresses: str, at: datetime) -> None:
        failed = "".join(f"\r\n<{address}>:\r\nNo such user. (#5.1.1)\r\n" for address in addresses)
        body = f"Hi. This is the qmail-send program.\r\n{failed}\r\n--- Below this line is a copy.\r\n\r\n"
        body += f"Message-ID: {message.message_id}\r\n"
        take(cpo_desk, at, "Subject: failure notice", sender="MAILER-DAEMON@mx.example", envelope="", body=body)

    return coming


def line_of(desk: Desk, value: str) -> ContactLine:
    with scope(desk=desk):
        return ContactLine.objects.get(desk=desk, value=value)


def test_it_is_owed_again_to_the_next_address_only_for_whom_it_came_back(
    sent: Message, solved_case: Case, comes_back: Bounce, at: datetime
) -> None:
    assert fresh(solved_case).state == "closed"
    comes_back(sent, MSP_SUPPORT_MAIL, at=at + 3 * MINUTE)
    assert (fresh(solved_case).state, open_rules(solved_case)) == ("open", {"mail_success"})
    assert "mailed_support" not in known(solved_case)
    assert known(solved_case)["mailed_focal_points"] == "successful"
    with scope(desk=solved_case.desk):
        assert compose(fresh(solved_case), "mail_success").to == {"msp_support": [MSP_BACK_OFFICE]}


def test_the_bad_address_is_doubted(sent: Message, solved_case: Case, comes_back: Bounce, at: datetime) -> None:
    comes_back(sent, MSP_SUPPORT_MAIL, at=at + 3 * MINUTE)
    line = line_of(solved_case.desk, MSP_SUPPORT_MAIL)
    assert (line.failures, "No such user" in line.last_failure) == (1, True)


def test_the_clock_sends_it_to_the_next_address_by_itself_and_the_case_closes_again(
    sent: Message, solved_case: Case, comes_back: Bounce, relay: SmtpPeer, at: datetime
) -> None:
    comes_back(sent, MSP_SUPPORT_MAIL, at=at + 3 * MINUTE)
    run_clocks(at + 4 * MINUTE)
    again = messages(solved_case)[-1]
    attempt(again.pk, at + 4 * MINUTE)
    assert relay.envelopes[-1] == [MSP_BACK_OFFICE]
    assert (again.by_itself, fresh(solved_case).state) == (True, "closed")
    assert duty(solved_case, "mail_success").state == "done"


def test_one_bad_address_of_several_in_a_group_leaves_the_others_told(
    relay: SmtpPeer, solved_case: Case, operator: Actor, comes_back: Bounce, at: datetime
) -> None:
    with scope(desk=solved_case.desk):
        add_line(Partner.objects.get(), "msp", ContactLine.Purpose.MSP_SUPPORT, "night@voltpass.example", priority=2)
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    attempt(message.pk, at)
    comes_back(message, MSP_SUPPORT_MAIL, at=at + 3 * MINUTE)
    assert (fresh(solved_case).state, known(solved_case)["mailed_support"]) == ("closed", "successful")
    assert [event.data["state"] for event in events(solved_case, "mail_state")] == ["accepted", "bounced"]
    assert line_of(solved_case.desk, MSP_SUPPORT_MAIL).failures == 1


def test_when_every_address_came_back_the_case_says_whom_to_phone(
    sent: Message, solved_case: Case, comes_back: Bounce, relay: SmtpPeer, at: datetime
) -> None:
    comes_back(sent, MSP_SUPPORT_MAIL, MSP_REFERENCE_MAIL, at=at + 3 * MINUTE)
    run_clocks(at + 4 * MINUTE)
    again = messages(solved_case)[-1]
    attempt(again.pk, at + 4 * MINUTE)
    comes_back(again, MSP_BACK_OFFICE, at=at + 5 * MINUTE)
    now = fresh(solved_case)
    assert "Every mail address of VoltPass for MSP support came back. Phone VoltPass, +49 30 55502420" in now.attention
    with scope(desk=solved_case.desk):
        assert "an address of VoltPass for MSP support" in compose(now, "mail_success").missing
    run_clocks(at + 6 * MINUTE)
    assert len(messages(solved_case)) == 2


def test_phoned_instead_it_is_said_and_the_case_can_close(
    sent: Message, solved_case: Case, comes_back: Bounce, operator: Actor, at: datetime
) -> None:
    comes_back(sent, MSP_SUPPORT_MAIL, at=at + 3 * MINUTE)
    record_facts(solved_case, {"mailed_support": "successful"}, actor=operator, at=at + 4 * MINUTE)
    assert fresh(solved_case).state == "closed"


def test_an_address_that_somebody_verified_since_is_written_to_again(
    sent: Message, solved_case: Case, comes_back: Bounce, at: datetime
) -> None:
    comes_back(sent, MSP_SUPPORT_MAIL, at=at + 3 * MINUTE)
    with scope(desk=solved_case.desk):
        confirm_line(line_of(solved_case.desk, MSP_SUPPORT_MAIL), at=at + 4 * MINUTE)
        assert compose(fresh(solved_case), "mail_success").to == {"msp_support": [MSP_SUPPORT_MAIL]}


def test_what_a_person_said_is_not_taken_back_by_a_bounce(
    relay: SmtpPeer, solved_case: Case, operator: Actor, comes_back: Bounce, at: datetime
) -> None:
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    record_facts(solved_case, {"mailed_support": "successful"}, actor=operator, at=at)
    attempt(message.pk, at)
    comes_back(message, MSP_SUPPORT_MAIL, at=at + MINUTE)
    assert known(solved_case)["mailed_support"] == "successful"


def test_told_twice_of_a_bounce_nothing_is_sent_twice(
    sent: Message, solved_case: Case, comes_back: Bounce, at: datetime
) -> None:
    comes_back(sent, MSP_SUPPORT_MAIL, at=at + 3 * MINUTE)
    run_clocks(at + 4 * MINUTE)
    before = kinds(solved_case)
    with scopes_disabled():
        message_changed(Message.objects.select_related("desk").get(pk=sent.pk))
    run_clocks(at + 5 * MINUTE)
    assert (kinds(solved_case), len(messages(solved_case))) == (before, 2)


def test_a_request_that_came_back_is_owed_again_to_the_reference_person(
    relay: SmtpPeer, open_cpo: Open, operator: Actor, comes_back: Bounce, at: datetime
) -> None:
    case = open_cpo(
        caller="ourselves", problem="other", event_time=at, no_token_reason="nobody charged", cdr_reason="no session"
    )
    message = send_notice(case, "mail_template_msp", actor=operator, at=at)
    attempt(message.pk, at)
    assert open_rules(case) == {"answer_from_msp"}
    comes_back(message, MSP_BACK_OFFICE, at=at + MINUTE)
    assert open_rules(case) == {"mail_template_msp"}
    with scope(desk=case.desk):
        assert compose(fresh(case), "mail_template_msp").recipients == [MSP_SUPPORT_MAIL]
    run_clocks(at + 60 * MINUTE)
    assert len(messages(case)) == 1
