"""Mails as partners write them, taken in and read by the real way."""

from __future__ import annotations

from datetime import datetime

from django_scopes import scope

from roamdesk.cases.models import Case
from roamdesk.correspondence import intake, reading
from roamdesk.correspondence.models import Arrival, IncomingMail, Message
from roamdesk.desks.models import Desk

AGENT = "a.agent@voltpass.example"


def take(
    desk: Desk, at: datetime, *lines: str, sender: str = AGENT, envelope: str | None = None, body: str = "Thanks."
) -> IncomingMail:
    """Stored and read at once; ``lines`` are header fields."""
    raw = "\r\n".join((f"From: {sender}", *lines, "", body)).encode()
    from_ = sender if envelope is None else envelope
    [mail] = intake.store(raw, recipients=[desk.mail_from], sender=from_, via=Arrival.Via.SMTP, at=at)
    reading.read_mail(mail.pk, at)
    with scope(desk=desk):
        return IncomingMail.objects.select_related("desk").get(pk=mail.pk)


def messages(case: Case, **which: object) -> list[Message]:
    """What left in a case, oldest first."""
    with scope(desk=case.desk):
        return list(Message.objects.filter(about=f"case:{case.pk}", **which).order_by("pk"))
