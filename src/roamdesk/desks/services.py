"""Verbs about desks and people: set up a desk, add a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from roamdesk.desks.models import Desk, Membership, Person, Role

LONGEST_KEPT_DAYS = 3650


def add_desk(slug: str, **values: Any) -> Desk:
    """A new desk. Raises ValidationError with one message for each value that is wrong."""
    desk = Desk(slug=slug, **values)
    if not desk.sides:
        raise ValidationError("A desk plays the MSP side, the CPO side, or both: add --msp, --cpo or both.")
    desk.full_clean()
    desk.save()
    return desk


def keep_personal_values(desk: Desk, days: int) -> Desk:
    """For so many days after a case closed, a mail or news of a session came. Raises ValueError beyond 1 to 3650."""
    if not 1 <= days <= LONGEST_KEPT_DAYS:
        raise ValueError(f"Between 1 and {LONGEST_KEPT_DAYS} days can be chosen, not {days}.")
    desk.keep_days = days
    desk.save(update_fields=["keep_days"])
    return desk


def person_named(username: str) -> Person | None:
    return Person.objects.filter(username=username).first()


@transaction.atomic
def add_person(
    username: str,
    *,
    desk_slug: str,
    roles: Sequence[str],
    password: str | None = None,
    display_name: str = "",
    email: str = "",
) -> Membership:
    """Give a person, new or known, exactly these roles at the desk; a password of None keeps the one there is.

    Raises ValidationError for an unknown desk or role, or a password that is too weak.
    """
    desk = _desk_named(desk_slug)
    chosen = [_role_named(role) for role in roles]
    person = person_named(username) or Person(username=username)
    person.display_name = display_name or person.display_name
    person.email = email or person.email
    if password is not None:
        validate_password(password, person)
        person.set_password(password)
    person.full_clean(exclude=["password"])
    person.save()
    membership, _ = Membership.objects.update_or_create(person=person, desk=desk, defaults={"roles": chosen})
    return membership


def _desk_named(slug: str) -> Desk:
    desk = Desk.objects.filter(slug=slug).first()
    if desk is None:
        known = ", ".join(Desk.objects.order_by("slug").values_list("slug", flat=True))
        mend = f"Known: {known}." if known else "Set one up with: roamdesk desk add"
        raise ValidationError(f"There is no desk {slug!r}. {mend}")
    return desk


def _role_named(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise ValidationError(f"There is no role {name!r}. Choose from: {', '.join(Role.values)}.") from None


def set_preferences(person: Person, *, single_keys: str, zone: str) -> Person:
    """How the console behaves for a person: single keys on, behind Alt or off (WCAG 2.1.4), and the clock's zone.

    Raises ValidationError for an unknown choice or zone; nothing is changed then.
    """
    if single_keys not in Person.SingleKeys.values:
        raise ValidationError(f"Keys are {', '.join(Person.SingleKeys.values)}, never {single_keys[:20]!r}.")
    if zone not in available_timezones():
        raise ValidationError(f"There is no zone {zone[:40]!r}. Write it as Europe/Berlin.")
    person.single_keys, person.zone = single_keys, zone
    person.save(update_fields=["single_keys", "zone"])
    return person
