"""The reference page is written from the file and the tests, and is up to date."""

from __future__ import annotations

from pathlib import Path

from procedure.situations import hubject
from roamdesk.procedure.reference import pages, rules_citing, where_tested

ROOT = Path(__file__).parents[2]
PAGES = pages(hubject(), ROOT / "tests")


def test_the_page_in_the_docs_is_up_to_date() -> None:
    folder = ROOT / "docs" / "reference"
    stale = [name for name, content in PAGES.items() if not _is_same(folder / name, content)]
    assert not stale, "Run: .venv/bin/roamdesk procedure docs hubject --write docs/reference"


def _is_same(path: Path, content: str) -> bool:
    return path.exists() and path.read_text("utf-8") == content


def test_every_statement_has_a_row_with_a_rule_and_a_test() -> None:
    cited = where_tested(ROOT / "tests")
    assert [number for number in hubject().statements if not rules_citing(hubject(), number)] == []
    assert [number for number in hubject().statements if not cited.get(number)] == []


def test_numbers_are_read_from_docstrings_and_scenarios(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text('"""Readiness (S1 to S3), and A7."""\nS9 = "S8"\n')
    (tmp_path / "more.json").write_text('{"scenarios": [{"id": "X-01", "cites": ["S4"]}]}')
    assert where_tested(tmp_path) == {
        "S1": ["test_one.py"], "S2": ["test_one.py"], "S3": ["test_one.py"], "A7": ["test_one.py"],
        "S4": ["scenario X-01"],
    }  # fmt: skip
