"""Is the past as it was written? The chain of hashes says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django_scopes import scopes_disabled

from roamdesk.cases.journal import digest
from roamdesk.cases.models import Case, Event
from roamdesk.cases.snapshot import refold, snapshot


@dataclass(frozen=True)
class Break:
    """Where a chain does not hold."""

    case: str
    event: int
    why: str

    def __str__(self) -> str:
        return f"{self.case}, event {self.event}: {self.why}"


def verify_chains() -> Iterator[Break]:
    """Walk every case's events; each place where the past was changed, or what is known does not follow from it."""
    with scopes_disabled():  # the check is the installation's, not a desk's
        for case in Case.objects.select_related("desk").iterator(chunk_size=500):
            yield from verify_case(case)


def verify_case(case: Case) -> Iterator[Break]:
    previous, number = "", 0
    for event in Event.objects.filter(case=case).order_by("number"):
        number += 1
        if event.number != number:
            yield Break(case.reference, number, "an event is missing")
            return
        if event.previous_hash != previous or event.hash != digest(event):
            yield Break(case.reference, number, "the event was changed after it was written")
            return
        previous = event.hash
    if previous != case.head:
        yield Break(case.reference, number, "the last events are missing")
    elif snapshot(refold(case))["values"] != case.known.get("values", {}):
        yield Break(case.reference, number, "what is known does not follow from the events")
