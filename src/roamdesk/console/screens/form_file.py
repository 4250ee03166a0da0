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
        return self.tally.added + self.tally.changed


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
        mark=mark(State.WAITING, "Changed") if change.before else mark(State.TODO, "New"),
        partner=str(change.partner),
        line=_line(change),
        details=history.in_words(change.before, change.after) if change.before else (),
    )


def _line(change: Change) -> str:
    if "purpose" not in change.after:
        return "The partner itself"
    person = f", {change.after['person_name']}" if change.after["person_name"] else ""
    return f"{ContactLine.Purpose(change.after['purpose']).label}{person}: {history.as_read(change.after)}"
