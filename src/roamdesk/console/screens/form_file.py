"""A file with contact forms before it is applied: what it would add and change, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass

from roamdesk.console.marks import Mark, State, mark
from roamdesk.desks.tables import RowRefused, Tally
from roamdesk.partners import history
from roamdesk.partners.form_files import Change, Outcome
from roamdesk.partners.models import ContactLine, FormFile

SHOWN = 200


@dataclass(frozen=True)
class ChangeRow:
    mark: Mark
    partner: str
    line: str
    details: tuple[str, ...]


@dataclass(frozen=True)
class FileScreen:
    """The first 200 of each; ``more`` and ``more_refused`` count the rest. ``fault``: the whole file is refused."""

    file: FormFile
    tally: Tally
    rows: tuple[ChangeRow, ...] = ()
    more: int = 0
    refused: tuple[RowRefused, ...] = ()
    more_refused: int = 0
    fault: str = ""

    @property
    def changes(self) -> int:
        return self.tally.added + self.tally.changed + self.tally.removed


def file_screen(file: FormFile, outcome: Outcome, fault: str = "") -> FileScreen:
    return FileScreen(
        file=file,
        tally=outcome.tally,
        rows=tuple(map(_row, outcome.changes[:SHOWN])),
        more=max(0, len(outcome.changes) - SHOWN),
        refused=tuple(outcome.refused[:SHOWN]),
        more_refused=max(0, len(outcome.refused) - SHOWN),
        fault=fault,
    )


def _row(change: Change) -> ChangeRow:
    return ChangeRow(
        mark=_mark(change),
        partner=str(change.partner),
        line=_line(change),
        details=history.in_words(change.before, change.after) if change.before and change.after else (),
    )


def _mark(change: Change) -> Mark:
    if not change.after:
        return mark(State.OVERDUE, "Taken off")
    return mark(State.WAITING, "Changed") if change.before else mark(State.TODO, "New")


def _line(change: Change) -> str:
    values = change.after or change.before
    if "purpose" not in values:
        return "The partner itself"
    person = f", {values['person_name']}" if values["person_name"] else ""
    return f"{ContactLine.Purpose(values['purpose']).label}{person}: {history.as_read(values)}"
