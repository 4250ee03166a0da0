"""A table as a spreadsheet saves it (CSV): its rows, what is refused in them, and what came of an import."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TypeAlias, TypeVar

from django.db import connection, models, transaction

from roamdesk.desks.models import Desk

ROWS_AT_A_TIME = 1000
_IMPORT_LOCK = 0x726F616E
_NOT_UTF8 = "holds characters that cannot be read. Save the file as CSV in UTF-8."


class TableRefused(ValueError):
    """The file as a whole cannot be read; nothing was stored."""


class CellRefused(ValueError):
    """This cell cannot stand; its row is left out."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


@dataclass(frozen=True)
class Row:
    """``number`` counts the lines of the file from 1, the header's. A column that the file lacks reads as empty.

    ``place`` says where it stands, in a file that is no table.
    """

    number: int
    cells: Mapping[str, str]
    place: str = ""

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def refused(self, fault: CellRefused) -> RowRefused:
        return RowRefused(self.number, fault.column, fault.reason, self.place)


@dataclass(frozen=True)
class RowRefused:
    row: int
    column: str
    reason: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.place or f'row {self.row}'}{', ' if self.column else ''}{self.column}: {self.reason}"


@dataclass
class Tally:
    """How many rows did what."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    removed: int = 0

    @property
    def rows(self) -> int:
        return self.added + self.changed + self.unchanged + self.refused + self.removed

    def __str__(self) -> str:
        off = f", {self.removed:,} taken off" if self.removed else ""
        return (
            f"{self.added:,} added, {self.changed:,} changed{off}, {self.unchanged:,} as they were, "
            f"{self.refused:,} refused"
        )


Refuse: TypeAlias = Callable[[RowRefused], None]
Progress: TypeAlias = Callable[[Tally], None]
AnyRow = TypeVar("AnyRow", bound=Row)
Store: TypeAlias = Callable[[list[AnyRow], Tally, Refuse], None]


def read_table(lines: Iterable[str], columns: Sequence[str], needed: Sequence[str]) -> Iterator[Row | RowRefused]:
    """The rows below a header of ``columns``, in any order; at least one of ``needed`` is among them.

    Commas or semicolons part the cells. ``lines`` keep their ends. Raises TableRefused for the header.
    """
    rest = iter(lines)
    first = next(rest, "")
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(chain([first], rest), delimiter=separator, strict=True)
    return _rows(reader, _header(reader, columns, needed))


def import_rows(
    desk: Desk, rows: Iterator[AnyRow | RowRefused], store: Store[AnyRow], refuse: Refuse, progress: Progress
) -> Tally:
    """Hand the rows to ``store``, so many at a time, each lot in a transaction of its own."""
    tally = Tally()

    def refused(fault: RowRefused) -> None:
        tally.refused += 1
        refuse(fault)

    while lot := list(islice(rows, ROWS_AT_A_TIME)):
        for fault in (entry for entry in lot if isinstance(entry, RowRefused)):
            refused(fault)
        with _one_import_at_a_time(desk):
            store([entry for entry in lot if not isinstance(entry, RowRefused)], tally, refused)
        progress(tally)
    return tally


def fitting_cell(row: Row, column: str, model: type[models.Model]) -> str:
    """The cell, where it fits the model's column of that name. Raises CellRefused."""
    longest = getattr(model._meta.get_field(column), "max_length", None) or 0
    if len(row[column]) > longest:
        raise CellRefused(column, f"has {len(row[column])} characters, at most {longest} fit. Shorten it.")
    return row[column]


def changed_by(entry: models.Model, values: Mapping[str, Any]) -> bool:
    """Set the values; whether that made a difference."""
    differs = any(getattr(entry, name) != value for name, value in values.items())
    for name, value in values.items():
        setattr(entry, name, value)
    return differs


def lock_imports(desk_pk: int) -> None:
    """Until the caller's transaction ends, no other import writes for this desk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_IMPORT_LOCK, desk_pk])


@contextmanager
def _one_import_at_a_time(desk: Desk) -> Iterator[None]:
    with transaction.atomic():
        lock_imports(desk.pk)
        yield


def _header(reader: Iterator[list[str]], columns: Sequence[str], needed: Sequence[str]) -> list[str]:
    known = f"Columns are: {', '.join(columns)}."
    try:
        names = [name.strip().lower() for name in next(reader, [])]
    except csv.Error:
        names = ["\0"]
    if not all(name.isprintable() for name in names):
        raise TableRefused("The first row cannot be read. Save the file as CSV in UTF-8.")
    if not any(names):
        raise TableRefused(f"The first row is empty; it names the columns. {known}")
    for name in names:
        if name not in columns:
            raise TableRefused(f"There is no column {name[:40]!r}. {known}")
        if names.count(name) > 1:
            raise TableRefused(f"The column {name} stands there twice. Keep one.")
    if not set(needed) & set(names):
        raise TableRefused(f"The column {' or '.join(needed)} is missing. {known}")
    return names


def _rows(reader: Any, header: list[str]) -> Iterator[Row | RowRefused]:
    while True:
        number = reader.line_num + 1
        try:
            cells = [" ".join(cell.split()) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            yield RowRefused(number, "", f"cannot be read, up to row {reader.line_num}. Mend its quotation marks.")
            continue
        if any(cells):
            yield _row(number, cells, header)


def _row(number: int, cells: list[str], header: list[str]) -> Row | RowRefused:
    if len(cells) < len(header) or any(cells[len(header) :]):
        return RowRefused(number, "", f"has {len(cells)} cells, the header {len(header)}. Quote a cell with a comma.")
    return readable(Row(number, dict(zip(header, cells, strict=False))))


def readable(row: Row) -> Row | RowRefused:
    """The row, where each of its cells can be read."""
    for column, cell in row.cells.items():
        if not cell.isprintable():
            return row.refused(CellRefused(column, _NOT_UTF8))
    return row
