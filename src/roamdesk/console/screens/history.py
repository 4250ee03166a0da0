"""What changed in a contact form, as sentences, and whether it can be taken back."""

from __future__ import annotations

from dataclasses import dataclass

from roamdesk.partners import history
from roamdesk.partners.models import FormChange, Partner


@dataclass(frozen=True)
class ChangeRow:
    change: FormChange
    what: str
    details: tuple[str, ...]
    may_be_taken_back: bool


def history_of(partner: Partner) -> tuple[ChangeRow, ...]:
    """The newest 20; only the newest change of a line can be taken back, and once."""
    rows, seen = [], set[int | None]()
    for change in history.changes_of(partner):
        newest = change.line_id is not None and change.line_id not in seen
        seen.add(change.line_id)
        may = newest and change.takes_back_id is None
        rows.append(ChangeRow(change, history.what(change), history.details(change), may))
    return tuple(rows)
