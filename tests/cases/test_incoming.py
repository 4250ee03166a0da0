"""A mail that came in about a case stands in its history, once, and opens nothing again."""

from __future__ import annotations

from datetime import datetime

import pytest
from django_scopes import scope

from case_reading import fresh
from roamdesk.cases.incoming import about_reference, mail_came
from roamdesk.cases.models import Case
from roamdesk.cases.selectors import case_view
from roamdesk.correspondence import intake, ports, reading
from roamdesk.correspondence.models import Arrival, Fate, IncomingMail, Message
from roamdesk.desks.models import Desk


@pytest.fixture
def notice(cpo_case: Case, at: datetime) -> Message:
    message: Message = Message.objects.create(
        desk=cpo_case.desk, about=f"case:{cpo_case.pk}", key="k", message_id="<n1@nordlade.example>",
        mail_from=cpo_case.desk.mail_from, to=["support@voltpass.example"], subject="x", text="x", queued_at=at,
        fates={"support@voltpass.example": Fate.ACCEPTED}, state=Message.State.ACCEPTED, accepted_at=at,
    )  # fmt: skip
    return message


def take(desk: Desk, at: datetime, *lines: str) -> IncomingMail:
    raw = "\r\n".join(("From: a@voltpass.example", *lines, "", "Thanks.")).encode()
    [mail] = intake.store(raw, recipients=[desk.mail_from], sender="a@voltpass.example", via=Arrival.Via.SMTP, at=at)
    reading.read_mail(mail.pk, at)
    with scope(desk=desk):
        return IncomingMail.objects.select_related("desk").get(pk=mail.pk)


def told(case: Case) -> list[str]:
    with scope(desk=case.desk):
        return [row.text for row in case_view(fresh(case), case.opened_at).timeline]


def test_an_answer_stands_in_the_history_of_its_case(cpo_case: Case, notice: Message, at: datetime) -> None:
    take(cpo_case.desk, at, f"In-Reply-To: {notice.message_id}")
    assert {"Mail was answered", "Mail came in"} <= set(told(cpo_case))


def test_a_bounce_says_that_the_mail_came_back(cpo_case: Case, notice: Message, at: datetime) -> None:
    take(
        cpo_case.desk, at, "From: mailer-daemon@x.example", f"X-Failed-Recipients: {notice.to[0]}",
        f"In-Reply-To: {notice.message_id}",
    )  # fmt: skip
    assert "Mail came back" in told(cpo_case)


def test_our_reference_in_the_subject_finds_the_case_of_our_desk_only(
    cpo_case: Case, msp_desk: Desk, at: datetime
) -> None:
    with scope(desk=cpo_case.desk):
        assert about_reference(cpo_case.desk, cpo_case.reference) == f"case:{cpo_case.pk}"
    with scope(desk=msp_desk):
        assert about_reference(msp_desk, cpo_case.reference) == ""
    mail = take(cpo_case.desk, at, f"Subject: Re: {cpo_case.reference.lower()}", "Precedence: bulk")
    assert mail.about == f"case:{cpo_case.pk}"
    assert "A machine's mail came in" in told(cpo_case)


def test_told_twice_it_stands_there_once(cpo_case: Case, notice: Message, at: datetime) -> None:
    mail = take(cpo_case.desk, at, f"In-Reply-To: {notice.message_id}")
    with scope(desk=cpo_case.desk):
        mail_came(mail)
    assert told(cpo_case).count("Mail came in") == 1


def test_the_rooms_are_connected() -> None:
    assert mail_came in ports._mail_listeners
    assert about_reference in ports._finders
