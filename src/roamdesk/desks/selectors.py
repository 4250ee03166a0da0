"""What can be asked about desks and people."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from roamdesk.desks.models import Desk


def desks_of(person: AbstractBaseUser | AnonymousUser) -> list[Desk]:
    """The desks where the person works, by name."""
    return list(Desk.objects.filter(memberships__person_id=person.pk).order_by("name"))
