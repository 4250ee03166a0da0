"""Mail that comes to a desk, through the same door as any other."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from itertools import count

from django_scopes import scope

from builders import CPO_BACK_OFFICE
from roamdesk.cases.models import Case
from roamdesk.correspondence import intake, reading
from roamdesk.correspondence.models import Arrival, Conversation, IncomingMail
from roamdesk.desks.models import Desk

_numbers = count(1)


def letter(text: str = "It is freed.", html: str = "", **headers: str) -> EmailMessage:
    """A mail of Nordlade's back office, each with a Message-ID of its own; ``_`` in a name stands for ``-``."""
    mail = EmailMessage()
    mail["From"] = headers.pop("From", CPO_BACK_OFFICE)
    mail["Message-ID"] = headers.pop("Message_ID", f"<{next(_numbers)}@nordlade.example>")
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def come(desk: Desk, mail: EmailMessage | bytes, at: datetime) -> IncomingMail:
    """Stored, read and placed, as the worker does it."""
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    [stored] = intake.store(raw, recipients=[desk.mail_from], sender="a@b.example", via=Arrival.Via.SMTP, at=at)
    reading.read_mail(stored.pk, at)
    with scope(desk=desk):
        return IncomingMail.objects.select_related("desk", "conversation").get(pk=stored.pk)


def answer_to(case: Case, at: datetime, **more: str) -> IncomingMail:
    """A mail of the partner with our reference in its subject."""
    return come(case.desk, letter(**{"Subject": f"Re: {case.reference} stuck cable", **more}), at)


def talk_of(mail: IncomingMail) -> Conversation:
    with scope(desk=mail.desk):
        known = IncomingMail.objects.select_related("conversation__desk").get(pk=mail.pk).conversation
    assert known is not None
    return known


def path_of_talk(mail: IncomingMail, more: str = "") -> str:
    return f"/d/{mail.desk.slug}/mail/{talk_of(mail).pk}{more}"
