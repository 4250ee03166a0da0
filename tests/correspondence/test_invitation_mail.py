"""A mail that carries an invitation: mail clients see a calendar part with its method, the same at every attempt."""

from __future__ import annotations

from datetime import datetime

from django_scopes import scope

from roamdesk.correspondence.models import Message
from roamdesk.correspondence.sending import compose
from roamdesk.desks.models import Desk
from roamdesk.partners import ports
from roamdesk.partners.models import Partner

CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nSUMMARY:Über die Übergabe\r\nEND:VCALENDAR\r\n"


def queued(desk: Desk, at: datetime) -> Message:
    with scope(desk=desk):
        partner = Partner.objects.get(desk=desk)
        ports.post()(
            desk, partner=partner, about="kickoff:1", key="kickoff:1:0", to=["r.reference@nordlade.example"],
            subject="Kick-off meeting", text="Shall we meet?", calendar=CALENDAR, at=at,
        )  # fmt: skip
        return Message.objects.select_related("desk").get(desk=desk, key="kickoff:1:0")


def test_the_invitation_is_an_alternative_with_its_method(msp_desk: Desk, at: datetime) -> None:
    mail = compose(queued(msp_desk, at))
    text, calendar = mail.iter_parts()
    assert (mail.get_content_type(), text.get_content_type()) == ("multipart/alternative", "text/plain")
    assert calendar.get_content_type() == "text/calendar"
    assert (calendar.get_param("method"), calendar.get_param("charset")) == ("REQUEST", "utf-8")
    assert calendar.get_payload(decode=True) == CALENDAR.encode()


def test_every_attempt_sends_the_same_bytes(msp_desk: Desk, at: datetime) -> None:
    message = queued(msp_desk, at)
    first = compose(message).as_bytes()
    assert compose(message).as_bytes() == first
    assert all(byte < 128 for byte in first)
