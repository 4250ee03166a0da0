"""Markdown that every generated page is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WRITTEN_BY = "Written by `python -m roamdesk.server.reference` from the code; do not edit."


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; an upright bar in a cell is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def page(title: str, *blocks: str) -> str:
    return "\n\n".join([f"# {title}", WRITTEN_BY, *(block for block in blocks if block)]) + "\n"
