"""A link in the docs leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.pages import PAGES, anchors, name, without_code

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_and_anchor_resolves(page: Path) -> None:
    targets = _LINK.findall(without_code(page.read_text("utf-8")))
    inside = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in inside if not resolves(page, target)] == []


def resolves(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    return file.exists() and (not anchor or anchor in anchors(file.read_text("utf-8")))


def test_a_link_to_nothing_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One title\n")
    assert [resolves(page, target) for target in ("#one-title", "#two", "page.md", "gone.md")] == [
        True, False, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("page", [page for page in PAGES if "docs" in page.parts], ids=name)
def test_every_page_of_the_docs_is_reached_from_the_index(page: Path) -> None:
    index = PAGES[0].parents[0] / "docs" / "README.md"
    reached = {(index.parent / target).resolve() for target in _LINK.findall(index.read_text("utf-8"))}
    assert page == index or page in reached
