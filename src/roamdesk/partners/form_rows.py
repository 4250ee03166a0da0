"""Contact forms as rows: one for a partner itself, one for each line of its form; as CSV (a table) or as JSON."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from roamdesk.desks.tables import Row, RowRefused, TableRefused, read_table, readable

SHARED = ("partner", "role", "zone")
OF_PARTNER = ("operator_ids", "provider_ids", "evse_prefixes", "country", "region", "agreed", "published")
OF_LINE = (
    "purpose", "value", "person", "skills", "languages", "hours", "countries", "priority", "verified", "verified_how",
)  # fmt: skip
COLUMNS = (*SHARED, *OF_PARTNER, *OF_LINE)
REMOVE, EMPTIES = "remove", "-"
"""The column that takes a line off, and the cell of a table that empties; in JSON it is null."""
_FORMULA, _QUOTED = re.compile(r"'*[=+@-]"), re.compile(r"'+[=+@-]")


@dataclass(frozen=True)
class FormRow(Row):
    """``emptied`` are the columns that the row says to empty; they read as empty, like those that say nothing."""

    emptied: frozenset[str] = frozenset()


def rows_in(lines: Iterable[str]) -> Iterator[FormRow | RowRefused]:
    """The rows of a file in CSV or JSON; ``lines`` keep their ends. Raises TableRefused for what is neither."""
    rest = iter(lines)
    first = next(rest, "")
    if first.lstrip()[:1] in ("[", "{"):
        return _rows_of_json("".join([first, *rest]))
    return map(_unquoted, read_table(chain([first], rest), (*COLUMNS, REMOVE), needed=("partner",)))


def lines_of(content: bytes) -> Iterable[str]:
    """The lines of a file as it came; what is not UTF-8 is refused later, with its row."""
    return io.StringIO(content.decode("utf-8-sig", errors="surrogateescape"), newline="")


def quoted(cell: str) -> str:
    """The cell so that a spreadsheet takes it for text, never for a formula; ``rows_in`` takes the mark off again."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unquoted(row: Row | RowRefused) -> FormRow | RowRefused:
    if isinstance(row, RowRefused):
        return row
    emptied = frozenset(name for name, cell in row.cells.items() if cell == EMPTIES)
    kept = {name: cell for name, cell in row.cells.items() if name not in emptied}
    return FormRow(
        row.number, {name: cell[1:] if _QUOTED.match(cell) else cell for name, cell in kept.items()}, emptied=emptied
    )


def _rows_of_json(text: str) -> Iterator[FormRow | RowRefused]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise TableRefused(f"This is no JSON: {fault}. Mend it, or save the file as CSV.") from None
    partners = found.get("partners") if isinstance(found, dict) else found
    if not isinstance(partners, list) or not all(isinstance(each, dict) for each in partners):
        raise TableRefused('The file is a list of partners: [{"partner": "Nordlade", "role": ["cpo"], "lines": […]}].')
    return _rows_of(partners)


def _rows_of(partners: Iterable[dict[str, Any]]) -> Iterator[FormRow | RowRefused]:
    number = 0
    for count, partner in enumerate(partners, 1):
        number += 1
        lines = partner.pop("lines", [])
        yield _row_of(number, f"partner {count}", partner, (*SHARED, *OF_PARTNER))
        if not isinstance(lines, list):
            yield RowRefused(number, "lines", "is no list. Write the lines in square brackets.", f"partner {count}")
            continue
        for place, line in enumerate(lines, 1):
            number += 1
            where = f"partner {count}, line {place}"
            if not isinstance(line, dict) or not line.get("purpose"):
                yield RowRefused(number, "purpose", "is missing. Say what the line is for.", where)
                continue
            named = {"partner": partner.get("partner", "")}
            yield _row_of(number, where, named | line, ("role", "zone", *OF_LINE, REMOVE), ("partner",))


def _row_of(
    number: int, place: str, values: Mapping[str, Any], known: tuple[str, ...], also: tuple[str, ...] = ()
) -> FormRow | RowRefused:
    strange = next((name for name in values if name not in (*known, *also)), None)
    if strange is not None:
        return RowRefused(number, strange[:40], f"is not known. Keys are: {', '.join(known)}.", place)
    emptied = frozenset(name for name, value in values.items() if value is None)
    cells = {}
    for name, value in values.items():
        text = "" if value is None else _text(value)
        if text is None:
            return RowRefused(number, name, "is neither text, number, yes or no, nor a list of texts.", place)
        cells[name] = text
    read = readable(Row(number, cells, place))
    return read if isinstance(read, RowRefused) else FormRow(number, read.cells, place, emptied)


def _text(value: Any) -> str | None:
    """As a cell of a table would have it; None for what no cell can hold."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) < 1_000_000_000:
        return str(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ", ".join(value)
    return " ".join(value.split()) if isinstance(value, str) else None
