"""The generated pages are those of the code as it is."""

from __future__ import annotations

import re
from pathlib import Path

from roamdesk.procedure.errors import Fault
from roamdesk.procedure.loader import SHIPPED, _Loader
from roamdesk.procedure.reading import Node, read
from roamdesk.server.options import all_options
from roamdesk.server.reference import REGENERATE, pages
from roamdesk.server.reference.procedure_keys import PLACES

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


def test_the_pages_in_the_docs_are_up_to_date() -> None:
    stale = [name for name, content in pages().items() if (FOLDER / name).read_text("utf-8") != content]
    assert not stale, f"Run: .venv/bin/{REGENERATE}"


def test_every_setting_has_a_row() -> None:
    assert [option.name for option in all_options() if f"| `{option.name}` |" not in pages()["settings.md"]] == []


def test_every_key_that_the_loader_knows_is_explained_and_no_other() -> None:
    asked = keys_the_loader_asks_for()
    assert {place: list(told.keys) for place, told in PLACES.items()} == asked


class Listening(Node):
    """A place in the file that writes down which keys are asked for."""

    asked: dict[str, list[str]]

    def keys(self, *known: str) -> dict[str, Node]:
        self.asked.setdefault(_place(self.path), list(known))
        return super().keys(*known)

    def _child(self, node: object, name: str) -> Node:
        child = super()._child(node, name)  # type: ignore[arg-type]
        child.__class__ = Listening
        child.asked = self.asked  # type: ignore[attr-defined]
        return child


def keys_the_loader_asks_for() -> dict[str, list[str]]:
    """By place, as the shipped file is read, which has every kind of part."""
    root, faults = read((SHIPPED / "hubject.yaml").read_text("utf-8"), "hubject.yaml")
    root.__class__ = Listening
    asked: dict[str, list[str]] = {}
    root.asked = asked  # type: ignore[attr-defined]
    _Loader("hubject.yaml").build(root)
    no_faults: list[Fault] = []
    assert faults == no_faults
    return asked


def _place(path: str) -> str:
    """``duties.3.answers.1`` is ``duties.*.answers.*``; facts, messages and roles have names of their own."""
    numbered = re.sub(r"\.\d+(?=\.|$)", ".*", path)
    return re.sub(r"(^facts|^messages|^readiness|\.words)\.[a-z_]+", r"\1.*", numbered)
