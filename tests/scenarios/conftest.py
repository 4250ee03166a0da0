"""``pytest tests/scenarios --scenarios FILE`` plays any file of the form that scenarios.md explains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SHIPPED = Path(__file__).parents[1] / "vectors" / "scenarios.json"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--scenarios", default=str(SHIPPED), help="a file of worked situations")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for kind in ("case", "readiness"):
        if f"{kind}_scenario" in metafunc.fixturenames:
            found = [each for each in _scenarios(metafunc.config) if each["kind"] == kind]
            metafunc.parametrize(f"{kind}_scenario", found, ids=[each["id"] for each in found])


def _scenarios(config: pytest.Config) -> list[dict[str, Any]]:
    return json.loads(Path(config.getoption("--scenarios", str(SHIPPED))).read_text("utf-8"))["scenarios"]
