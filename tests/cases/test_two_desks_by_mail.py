"""Two desks of this product handle a request by mail, from the question to the answer (S24, S32, S33)."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from django_scopes import scope, scopes_disabled

from builders import CPO_BACK_OFFICE, MSP_BACK_OFFICE
from case_reading import fresh, known
from cases.conftest import LABEL, TOKEN
from procedure.situations import hubject
from roamdesk.cases import services
from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case
from roamdesk.cases.notices import send_notice
from roamdesk.cases.understanding import confirm_understood
from roamdesk.charging.models import Evse
from roamdesk.console.screens.inbox import inbox_screen
from roamdesk.correspondence import intake, reading
from roamdesk.correspondence.models import Arrival, IncomingMail, Message
from roamdesk.correspondence.sending import compose
from roamdesk.desks.models import Desk, Person
from roamdesk.procedure.exchange import CONTENT_TYPE, FILE_NAME, write_sent
from roamdesk.procedure.model import Side

REQUEST = {
    "caller": "ourselves", "problem": "cannot_start", "evse_label": LABEL, "token": TOKEN,
    "issue": "It does not start.", "event_time": "2026-03-10T08:55:00+00:00", "time_exact": "yes",
    "cdr_reason": "no session began",
}  # fmt: skip
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def back_offices(cpo_desk: Desk, msp_desk: Desk) -> None:
    """Each desk writes from its back office, as the other's contact form has it."""
    for desk, address in ((cpo_desk, CPO_BACK_OFFICE), (msp_desk, MSP_BACK_OFFICE)):
        Desk.objects.filter(pk=desk.pk).update(mail_from=address)
        desk.mail_from = address


def carried(message: Message, to: Desk, at: datetime) -> IncomingMail:
    """The mail, byte for byte, from the one desk's outbox into the other's mailbox, read there."""
    with scopes_disabled():
        message = Message.objects.select_related("desk").get(pk=message.pk)
        raw = compose(message).as_bytes()
    [mail] = intake.store(raw, recipients=message.to, sender=message.mail_from, via=Arrival.Via.SMTP, at=at)
    reading.read_mail(mail.pk, at)
    with scope(desk=to):
        return IncomingMail.objects.select_related("desk").get(pk=mail.pk)


def case_of(mail: IncomingMail) -> Case:
    with scope(desk=mail.desk):
        return Case.objects.select_related("desk", "partner").get(pk=mail.about.removeprefix("case:"))


def test_a_request_is_asked_understood_confirmed_and_answered(
    cpo_desk: Desk, msp_desk: Desk, evse: Evse, cpo_operator: Person, msp_operator: Person, at: datetime
) -> None:
    asking, answering = Actor.of(msp_operator), Actor.of(cpo_operator)
    ours = services.open_case(msp_desk, side="msp", facts=REQUEST, actor=asking, at=at)
    request = carried(send_notice(ours, "mail_template_cpo", actor=asking, at=at), cpo_desk, at)
    theirs = case_of(request)
    assert (request.verdict, str(theirs.partner), theirs.their_reference) == ("opened", "VoltPass", ours.reference)
    assert "problem" not in known(theirs)

    confirm_understood(theirs, request, actor=answering, at=at)
    told = known(theirs)
    assert told["problem"] == "cannot_start"
    assert told["event_time"] == REQUEST["event_time"]
    assert (told["issue"], told["cdr_reason"], told["time_exact"]) == ("It does not start.", "no session began", "yes")

    answer = send_notice(theirs, "answer_as_cpo", actor=answering, at=at + HOUR, opening="The reader was broken.")
    back = carried(answer, msp_desk, at + HOUR)
    assert (back.verdict, back.about) == ("thread", f"case:{ours.pk}")
    confirm_understood(ours, back, actor=asking, at=at + HOUR)
    assert fresh(ours).their_reference == theirs.reference


def test_no_desk_needs_the_attachment(
    cpo_desk: Desk, msp_desk: Desk, evse: Evse, msp_operator: Person, cpo_operator: Person, at: datetime
) -> None:
    """A help desk on the way may drop it: the text says the same."""
    asking = Actor.of(msp_operator)
    ours = services.open_case(msp_desk, side="msp", facts=REQUEST, actor=asking, at=at)
    message = send_notice(ours, "mail_template_cpo", actor=asking, at=at)
    head = f"From: {MSP_BACK_OFFICE}\r\nSubject: {message.subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    raw = (head + message.text).encode()
    [mail] = intake.store(raw, recipients=message.to, sender=MSP_BACK_OFFICE, via=Arrival.Via.SMTP, at=at)
    reading.read_mail(mail.pk, at)
    with scope(desk=cpo_desk):
        mail = IncomingMail.objects.select_related("desk").get(pk=mail.pk)
    theirs = case_of(mail)
    confirm_understood(theirs, mail, actor=Actor.of(cpo_operator), at=at)
    assert known(theirs)["event_time"] == REQUEST["event_time"]
    assert theirs.their_reference == ours.reference
    assert "problem" not in known(theirs)


def stated(sender: Desk, to: Desk, problem: str, at: datetime, *, reference: str = "", address: str) -> IncomingMail:
    """A mail with the fields attached, as any program can write it under any address."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = address, reference or "A request"
    mail.set_content("See attached.")
    told = write_sent(hubject(), (), desk=sender.name, side=Side.MSP, our_reference="V-1", problem=problem)
    main, _, sub = CONTENT_TYPE.partition("/")
    mail.add_attachment(told, maintype=main, subtype=sub, filename=FILE_NAME)
    [stored] = intake.store(mail.as_bytes(), recipients=[to.mail_from], sender=address, via=Arrival.Via.SMTP, at=at)
    reading.read_mail(stored.pk, at)
    with scope(desk=to):
        return IncomingMail.objects.select_related("desk").get(pk=stored.pk)


def test_danger_that_a_machine_states_is_marked_to_be_read_and_is_no_fact_until_a_person_confirms_it(
    cpo_desk: Desk, msp_desk: Desk, cpo_operator: Person, at: datetime
) -> None:
    mail = stated(msp_desk, cpo_desk, "danger", at, address=MSP_BACK_OFFICE)
    case = case_of(mail)
    assert ("problem" in known(case), case.is_danger) == (False, False)
    assert case.attention == f"A mail of {MSP_BACK_OFFICE} states danger: read it now."
    confirm_understood(case, mail, actor=Actor.of(cpo_operator), at=at)
    assert fresh(case).is_danger


def test_danger_stated_in_an_open_case_is_marked_and_another_problem_is_not(
    cpo_desk: Desk, msp_desk: Desk, at: datetime
) -> None:
    case = case_of(stated(msp_desk, cpo_desk, "cannot_start", at, address=MSP_BACK_OFFICE))
    assert case.attention == ""
    stated(msp_desk, cpo_desk, "danger", at + HOUR, reference=case.reference, address="someone@else.example")
    assert fresh(case).attention == "A mail of someone@else.example states danger: read it now."
    assert not fresh(case).is_danger


def test_danger_stated_by_a_stranger_stands_out_in_the_inbox(cpo_desk: Desk, msp_desk: Desk, at: datetime) -> None:
    stated(msp_desk, cpo_desk, "other", at, address="someone@else.example")
    danger = stated(msp_desk, cpo_desk, "danger", at, address="someone@else.example")
    with scope(desk=cpo_desk):
        rows = inbox_screen(cpo_desk, "Europe/Berlin", at, "unplaced", "").rows
    assert [row.mark.word for row in rows] == ["Unplaced", "Read it now"]
    assert rows[1].number == danger.conversation_id
