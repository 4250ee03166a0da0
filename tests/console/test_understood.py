"""What was understood of a mail, on the page of its case: confirmed by one key, corrected, rejected, and by whom."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from django_scopes import scope

from builders import MSP_BACK_OFFICE
from case_reading import events, fresh, known
from cases.mails import TEMPLATE, arrive
from cases.test_two_desks_by_mail import stated
from console.mails import path_of_talk, talk_of
from console.pages import page_of, path_of, text_of
from roamdesk.cases.models import Case
from roamdesk.console.screens.understood import understood_panel
from roamdesk.correspondence.models import IncomingMail
from roamdesk.desks.models import Desk, Person


@pytest.fixture
def mail(cpo_desk: Desk, msp_desk: Desk, at: datetime) -> IncomingMail:
    return arrive(cpo_desk, at, "Subject: It does not start", text=TEMPLATE, sender=MSP_BACK_OFFICE)


@pytest.fixture
def case(mail: IncomingMail) -> Case:
    with scope(desk=mail.desk):
        return Case.objects.select_related("desk", "partner").get(pk=mail.about.removeprefix("case:"))


def decided(mail: IncomingMail, case: Case) -> str:
    return path_of(case, f"/mails/{mail.pk}/understood")


def test_the_proposal_stands_beside_the_mail_with_both_clocks(
    client: Client, mail: IncomingMail, case: Case, cpo_operator: Person
) -> None:
    page = page_of(client, cpo_operator, path_of(case))
    shown = text_of(page)
    assert "What was understood" in shown
    assert "10/03/2026 09:00 UTC" in shown
    assert 'value="10/03/2026 10:00"' in page
    assert "Event: The session does not start." in shown
    assert 'data-key="y"' in page


TOKEN = "04A2B3C4D5E680"


def test_the_token_is_masked_in_the_proposal_and_in_the_mail_beside_it(
    client: Client, mail: IncomingMail, case: Case, cpo_operator: Person
) -> None:
    page = page_of(client, cpo_operator, path_of(case))
    assert "Token: …E680" in page
    assert TOKEN not in page


def test_revealed_with_a_reason_it_stands_there_in_full_and_that_is_recorded(
    client: Client, mail: IncomingMail, case: Case, cpo_operator: Person
) -> None:
    client.force_login(cpo_operator)
    assert client.post(path_of(case, "/reveal"), {"field": "token", "reason": ""}).status_code == 422
    posted = {"field": "token", "reason": "to compare it with the card"}
    page = client.post(path_of(case, "/reveal"), posted).content.decode()
    assert f"Token: {TOKEN}" in page
    (event,) = events(case, "revealed")
    assert event.data == {"field": "token", "reason": "to compare it with the card"}
    assert TOKEN not in page_of(client, cpo_operator, path_of(case))


def test_whoever_may_not_reveal_reads_the_mail_with_the_users_data_masked(
    client: Client, mail: IncomingMail, case: Case, cpo_auditor: Person, cpo_operator: Person
) -> None:
    letter = f"/d/nordlade/mail/letters/{mail.pk}"
    page = page_of(client, cpo_auditor, path_of_talk(mail))
    assert ("Token: …E680" in page, TOKEN in page) == (True, False)
    assert TOKEN not in client.get(letter).content.decode()
    assert TOKEN in page_of(client, cpo_operator, path_of_talk(mail))
    assert TOKEN in client.get(letter).content.decode()


def test_one_key_confirms_all(client: Client, mail: IncomingMail, case: Case, cpo_operator: Person) -> None:
    client.force_login(cpo_operator)
    assert client.post(decided(mail, case), {"all": "1"}).status_code == 302
    assert known(case)["event_time"] == "2026-03-10T09:00:00+00:00"
    assert "What was understood" not in page_of(client, cpo_operator, path_of(case))


def test_confirmed_in_the_conversation_one_is_back_there(
    client: Client, mail: IncomingMail, case: Case, cpo_operator: Person
) -> None:
    client.force_login(cpo_operator)
    page = client.get(path_of_talk(mail)).content.decode()
    talk = talk_of(mail).pk
    assert f'<input type="hidden" name="talk" value="{talk}">' in page
    assert client.post(decided(mail, case), {"all": "1", "talk": talk})["Location"] == path_of_talk(mail)


def test_a_new_step_that_is_no_mail_leads_to_the_case(
    client: Client, cpo_desk: Desk, msp_desk: Desk, cpo_operator: Person, at: datetime
) -> None:
    mail = stated(msp_desk, cpo_desk, "danger", at, address=MSP_BACK_OFFICE)
    with scope(desk=cpo_desk):
        case = Case.objects.get(pk=mail.about.removeprefix("case:"))
    client.force_login(cpo_operator)
    posted = {"take": "problem", "talk": talk_of(mail).pk}
    assert client.post(decided(mail, case), posted)["Location"] == path_of(case)


def test_a_corrected_time_is_that_of_the_wall_clock(
    client: Client, mail: IncomingMail, case: Case, cpo_operator: Person
) -> None:
    client.force_login(cpo_operator)
    client.post(decided(mail, case), {"take": "date_time", "u-event_time": "10/03/2026 09:30", "u-time_exact": "no"})
    assert (known(case)["event_time"], known(case)["time_exact"]) == ("2026-03-10T08:30:00+00:00", "no")
    assert "issue" not in known(case)


def test_what_is_emptied_is_not_told(client: Client, mail: IncomingMail, case: Case, cpo_operator: Person) -> None:
    client.force_login(cpo_operator)
    client.post(decided(mail, case), {"all": "1", "u-issue": " "})
    assert "issue" not in known(case)
    assert "cdr_reason" in known(case)


def test_rejected_it_is_gone(client: Client, mail: IncomingMail, case: Case, cpo_operator: Person) -> None:
    client.force_login(cpo_operator)
    client.post(decided(mail, case), {"reject": "event"})
    assert "Reject Event" not in page_of(client, cpo_operator, path_of(case))


def test_an_unreadable_correction_is_said_and_changes_nothing(
    client: Client, mail: IncomingMail, case: Case, cpo_operator: Person
) -> None:
    client.force_login(cpo_operator)
    answer = client.post(decided(mail, case), {"all": "1", "u-event_time": "at nine"})
    assert answer.status_code == 422
    assert "is no time" in answer.content.decode()
    assert "issue" not in known(case)


def test_an_auditor_reads_and_a_stranger_does_not(
    client: Client, mail: IncomingMail, case: Case, cpo_auditor: Person, stranger: Person
) -> None:
    page = page_of(client, cpo_auditor, path_of(case))
    assert "What was understood" in page
    assert "Confirm all" not in page
    assert client.post(decided(mail, case), {"all": "1"}).status_code == 403
    client.force_login(stranger)
    assert client.post(decided(mail, case), {"all": "1"}).status_code == 404
    assert "issue" not in known(case)


def test_a_mail_of_another_desk_is_none_here(
    client: Client, case: Case, msp_desk: Desk, cpo_operator: Person, at: datetime
) -> None:
    foreign = arrive(msp_desk, at, text=TEMPLATE)
    client.force_login(cpo_operator)
    assert client.post(decided(foreign, case), {"all": "1"}).status_code == 422


def test_an_unplaced_mail_shows_what_it_may_belong_to(case: Case, at: datetime) -> None:
    mail = arrive(case.desk, at, text="EVSE id: DE*NDL*E9999*1\nToken: 04FFEE")
    with scope(desk=case.desk):
        panel = understood_panel(mail, None, at, "Europe/Berlin")
    assert panel
    assert (panel.reference, panel.confirmable) == ("", False)
    assert [line.name for line in panel.lines] == ["evse_id", "token"]
    assert fresh(case).state == "open"
