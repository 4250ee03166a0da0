"""Mail to and from partners that is about no case: links, publications, invitations and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from roamdesk.correspondence.services import queue_message
from roamdesk.desks.models import Desk
from roamdesk.partners.inviting import take_reply
from roamdesk.partners.models import Partner


def queue_for_partner(
    desk: Desk,
    *,
    partner: Partner,
    about: str,
    key: str,
    to: Sequence[str],
    subject: str,
    text: str,
    calendar: str = "",
    at: datetime,
) -> None:
    """As ``roamdesk.partners.ports.Post`` asks for it. Raises MailRefused."""
    queue_message(
        desk, partner=partner, about=about, key=key, to=to, subject=subject, text=text, calendar=calendar, at=at
    )


def take_calendar_reply(desk: Desk, raw: bytes, sender: str, at: datetime) -> str:
    """An answer to an invitation, as ``roamdesk.correspondence.ports.CalendarReader``; its words."""
    reply = take_reply(desk, raw, sender=sender, at=at)
    return f"{reply.get_verdict_display()}: {reply.reason}" if reply.reason else f"Answer taken: {reply.partstat}"
