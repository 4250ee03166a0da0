"""Each dependency has its line of why."""

from __future__ import annotations

import re
import tomllib

from docs.pages import ROOT


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {re.split(r"[\[<>=~! ]", each)[0].lower() for entries in lists for each in entries}
    return names - {"roamdesk"}


def test_every_dependency_has_a_line_and_every_line_a_dependency() -> None:
    page = (ROOT / "docs" / "decisions" / "dependencies.md").read_text("utf-8")
    assert {name.lower() for name in re.findall(r"^\| `([\w.-]+)`", page, re.MULTILINE)} == declared()
