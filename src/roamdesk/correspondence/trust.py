"""A mail that was refused or came back lowers the trust in the address that it was sent to."""

from __future__ import annotations

from roamdesk.correspondence.models import Fate, Message
from roamdesk.partners.verifying import mail_came_back


def note_failed_addresses(message: Message) -> None:
    """Told twice, it counts once."""
    if message.partner is None:
        return
    for address in message.addresses(Fate.REFUSED, Fate.BOUNCED):
        words = message.last_reply or "the mail came back"
        mail_came_back(message.partner, address, words=words, about=message.about, at=message.queued_at)
