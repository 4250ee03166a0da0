"""Writing events: append-only, numbered per case, chained by hash. A verb's events are written together at its end."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case, Event


def write(case: Case, kind: str, data: dict[str, Any], actor: Actor, at: datetime) -> Event:
    """Append an event to a case that is being changed. ``at`` is when it happened, aware."""
    event = Event(
        desk_id=case.desk_id,
        case_id=case.pk,
        number=case.version + 1,
        kind=kind,
        data=data,
        at=at.astimezone(UTC),
        recorded_at=timezone.now(),
        by=actor.name[:80],
        person=actor.person,
        through=actor.through.value,
        previous_hash=case.head,
    )
    event.hash = digest(event)
    case.version, case.head, case.changed_at = event.number, event.hash, event.at
    case.draft.events.append(event)
    return event


def events_of(case: Case) -> list[Event]:
    """All events of a case in their order, those that a verb has not written yet among them."""
    return [*Event.objects.filter(case=case).order_by("number"), *case.draft.events]


def digest(event: Event) -> str:
    """The hash of an event: everything in it, and the hash of the one before."""
    content = [
        event.previous_hash,
        event.case_id,
        event.number,
        event.kind,
        event.data,
        event.at.isoformat(),
        event.recorded_at.isoformat(),
        event.by,
        event.person_id,
        event.through,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
