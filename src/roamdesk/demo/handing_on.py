"""What the demo's post office does with mail to a company that has a desk here: the desk gets it as its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from roamdesk.correspondence.addresses import untagged
from roamdesk.correspondence.intake import store
from roamdesk.correspondence.models import Arrival
from roamdesk.desks.models import Desk


def hand_on(sender: str, recipients: Sequence[str], raw: bytes, at: datetime) -> int:
    """As a company's mail server does: each address of its domain leads to the desk. How many desks got it.

    Raises DatabaseError; then nobody got it.
    """
    desks = {desk.mail_from.rpartition("@")[2].lower(): desk.mail_from for desk in Desk.objects.all()}
    boxes = [_box(recipient, desks) for recipient in recipients]
    return len(store(raw, recipients=[box for box in boxes if box], sender=sender, via=Arrival.Via.SMTP, at=at))


def _box(recipient: str, desks: dict[str, str]) -> str:
    mail_from = desks.get(recipient.rpartition("@")[2].lower(), "")
    return recipient if mail_from and untagged(recipient)[0] == untagged(mail_from)[0] else mail_from
