"""Where a mail of ours stands in the conversation of its case, so that both sides' programs show one thread."""

from __future__ import annotations

from datetime import datetime

from roamdesk.cases.changing import about
from roamdesk.cases.models import Case
from roamdesk.correspondence.answering import threaded
from roamdesk.correspondence.models import IncomingMail, Message
from roamdesk.partners.senders import known_sender

MOST = 10


def thread_of(case: Case) -> dict[str, str]:
    """In-Reply-To and References: the last mails between us and the case's partner, nobody else's (RFC 5322)."""
    ids = [message_id for _, message_id in sorted([*_ours(case), *_theirs(case)])][-MOST:]
    return threaded(ids, ids[-1]) if ids else {}


def _ours(case: Case) -> list[tuple[datetime, str]]:
    """An acknowledgement is no part of it: their answer to that stands in the thread already."""
    sent = Message.objects.filter(about=about(case), partner=case.partner).exclude(origin=Message.Origin.REPLIED)
    sent = sent.exclude(state=Message.State.WITHDRAWN)
    return list(sent.order_by("-pk").values_list("queued_at", "message_id")[:MOST])


def _theirs(case: Case) -> list[tuple[datetime, str]]:
    mails = IncomingMail.objects.filter(about=about(case), automatic="").exclude(message_id="").order_by("-pk")[:MOST]
    return [(mail.arrived_at, mail.message_id) for mail in mails if _is_of_partner(case, mail)]


def _is_of_partner(case: Case, mail: IncomingMail) -> bool:
    sender = known_sender(case.desk, mail.sender)
    return sender is not None and sender.partner.pk == case.partner_id
