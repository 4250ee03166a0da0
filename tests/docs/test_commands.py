"""A command that the docs tell somebody to type exists, with the options that it is given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.pages import PAGES, fenced, name
from roamdesk.server.reference.command_line import commands

_COMMAND = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:\S*/)?roamdesk ((?:[^\n\\|<>;&#]|\\\n)+)", re.MULTILINE)
SHELL = {"sh", "console"}


def typed(text: str) -> list[list[str]]:
    """The words behind ``roamdesk`` in each shell block."""
    blocks = [block for language, block in fenced(text) if language in SHELL]
    found = [each for block in blocks for each in _COMMAND.findall(block)]
    return [each.replace("\\\n", " ").split() for each in found]


def fault(words: list[str]) -> str:
    """What is wrong with a typed command; empty where it exists."""
    known = commands()
    longest = next((n for n in (2, 1) if " ".join(words[:n]) in known), 0)
    if not longest:
        return f"roamdesk {' '.join(words)}"
    command, options = known[" ".join(words[:longest])], [word for word in words[longest:] if word.startswith("--")]
    taken = {option for action in command.parser._actions for option in action.option_strings} | {"--help"}
    return " ".join(sorted({option.partition("=")[0] for option in options} - taken)) if words[0] != "django" else ""


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_typed_command_exists(page: Path) -> None:
    assert [fault(words) for words in typed(page.read_text("utf-8")) if fault(words)] == []


def test_a_command_that_does_not_exist_is_found() -> None:
    assert [bool(fault(words)) for words in (["fly"], ["serve", "--demo"], ["serve", "--moon"], ["desk", "add"])] == [
        True, False, True, False,
    ]  # fmt: skip
