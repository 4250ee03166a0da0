"""What can be asked about desks and people."""

from __future__ import annotations

from roamdesk.desks.models import Desk, Person


def desks_of(person: Person) -> list[Desk]:
    """The desks where the person works, by name."""
    return list(Desk.objects.filter(memberships__person=person).order_by("name"))
