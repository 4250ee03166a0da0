"""The ``roamdesk`` command, typed within this process on the database of the test."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from roamdesk.server import cli, options


class Said(NamedTuple):
    """What came of a command: exit code, and what was said."""

    code: int
    out: str
    err: str


Type = Callable[..., Said]


@pytest.fixture
def typed(db: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    monkeypatch.setenv(options.DATABASE_URL.name, "postgresql://the-tests-own/never-read")

    def type_(*words: str) -> Said:
        capsys.readouterr()
        code = cli.main(list(words))
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return type_
