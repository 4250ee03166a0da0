"""What somebody has written and not sent: kept, each person's by itself."""

from __future__ import annotations

from datetime import datetime

from roamdesk.correspondence.addresses import LONGEST_BODY
from roamdesk.correspondence.models import Conversation, Draft
from roamdesk.desks.models import Person


def keep_draft(conversation: Conversation, person: Person, text: str, *, at: datetime) -> None:
    """An empty one is let go. What is longer than any mail is cut. Runs in the desk's scope."""
    mine = Draft.objects.filter(conversation=conversation, person=person)
    clean = text.replace("\x00", "")[:LONGEST_BODY]
    if not clean.strip():
        mine.delete()
        return
    Draft.objects.update_or_create(
        conversation=conversation,
        person=person,
        defaults={"desk": conversation.desk, "text": clean, "changed_at": at},
    )


def draft_of(conversation: Conversation, person: Person) -> str:
    mine = Draft.objects.filter(conversation=conversation, person=person).first()
    return mine.text if mine else ""


def others_writing(conversation: Conversation, person: Person) -> list[str]:
    """Who else has a draft here, so that two do not answer the same mail."""
    others = Draft.objects.filter(conversation=conversation).exclude(person=person).select_related("person")
    return [str(draft.person) for draft in others]
