"""Mail as it comes to a desk, for tests: written, stored and read."""

from __future__ import annotations

from datetime import datetime

from django_scopes import scope

from roamdesk.correspondence import intake, reading
from roamdesk.correspondence.models import Arrival, IncomingMail
from roamdesk.desks.models import Desk

STRANGER = "someone@else.example"
TEMPLATE = """Hello,

Date and time: 10/03/2026 09:00
EVSE id: DE*NDL*E4421*1
Token: 04A2B3C4D5E680
CDR id: not yet issued: the session runs
Event: The session does not start.

Our reference: VPS-88
"""


def arrive(
    desk: Desk, at: datetime, *lines: str, text: str = "Please help.", sender: str = STRANGER, read: bool = True
) -> IncomingMail:
    """``lines`` are header fields."""
    head = [f"From: {sender}", *lines, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"]
    raw = ("\r\n".join([*head, "", ""]) + text).encode()
    [mail] = intake.store(raw, recipients=[desk.mail_from], sender=sender, via=Arrival.Via.SMTP, at=at)
    if read:
        reading.read_mail(mail.pk, at)
    return now(mail)


def now(mail: IncomingMail) -> IncomingMail:
    """As it stands in the database."""
    with scope(desk=mail.desk):
        return IncomingMail.objects.select_related("desk").get(pk=mail.pk)
