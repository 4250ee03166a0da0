"""A case that is being changed: locked, within its desk, one transaction, written at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django_scopes import scope

from roamdesk.cases import writing
from roamdesk.cases.errors import Refused, StaleCase
from roamdesk.cases.models import Case, Event
from roamdesk.cases.telling import note as noted

LONGEST_REASON = 1_000


@contextmanager
def changing(
    case: Case, *, expected_version: int | None = None, even_merged: bool = False, part_of_more: bool = False
) -> Iterator[Case]:
    """The case, locked, within its desk and a transaction; written at the end.

    ``part_of_more``: refused, the caller's whole transaction is undone, not the change of this case alone.
    Raises StaleCase when it is not at ``expected_version`` any more, Refused when it was merged into another.
    """
    with scope(desk=case.desk), transaction.atomic(savepoint=not part_of_more):
        locked = writing.lock(case)
        check_version(locked, expected_version)
        if locked.state == Case.State.MERGED and not even_merged:
            raise Refused(f"It was merged into {locked.merged_into}. Go on there.")
        yield locked
        writing.write_down(locked)


def check_version(case: Case, expected: int | None) -> None:
    """Raises StaleCase when someone else changed the case since."""
    if expected is not None and case.version != expected:
        last = Event.objects.get(case=case, number=case.version)
        raise StaleCase(last.by, last.recorded_at)


def about(case: Case) -> str:
    """How rooms below name a case that they do not know."""
    return f"case:{case.pk}"


def said(text: str, otherwise: str, longest: int = LONGEST_REASON) -> str:
    """Raises Refused with ``otherwise`` when nothing was said."""
    clean = noted(text, longest)
    if not clean:
        raise Refused(otherwise)
    return clean
