from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from roamdesk.desks.models import Desk
from roamdesk.partners.procedures import version_in_force
from server.conftest import Type

EXAMPLE = next(path for path in (Path(__file__).parents[1] / "vectors" / "procedures").glob("*.yaml"))


def in_force(desk: Desk) -> str:
    return version_in_force(desk, datetime(2026, 3, 10, tzinfo=UTC)).source


def test_help_lists_use_beside_what_needs_no_desk(typed: Type, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        typed("procedure", "--help")
    said = capsys.readouterr().out
    assert "A desk opens its next cases with this procedure." in said
    assert "roamdesk procedure use my-procedure.yaml --desk nordlade" in said


def test_use_explains_itself(typed: Type, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        typed("procedure", "use", "--help")
    assert "usage: roamdesk procedure use" in capsys.readouterr().out


def test_a_desk_opens_its_next_cases_with_a_sound_file(typed: Type, cpo_desk: Desk) -> None:
    said = typed("procedure", "use", str(EXAMPLE), "--desk", "nordlade")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[-1].startswith("Nordlade opens its next cases with ")
    assert in_force(cpo_desk) == EXAMPLE.read_text("utf-8")


def test_an_unknown_desk_is_said_before_a_situation_is_walked(typed: Type, cpo_desk: Desk) -> None:
    said = typed("procedure", "use", str(EXAMPLE), "--desk", "nordlad")
    assert (said.code, said.out) == (1, "")
    assert said.err == "There is no desk 'nordlad'. Desks: nordlade.\n"


def test_a_file_with_faults_changes_nothing(typed: Type, cpo_desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text("procedure: ours\n")
    before = in_force(cpo_desk)
    said = typed("procedure", "use", str(file), "--desk", "nordlade")
    assert said.code == 1
    assert "Nordlade keeps the procedure that it has: mend the file first." in said.err
    assert in_force(cpo_desk) == before


def test_a_file_that_is_not_there_is_said(typed: Type, cpo_desk: Desk) -> None:
    said = typed("procedure", "use", "gone.yaml", "--desk", "nordlade")
    assert (said.code, said.err) == (1, "There is no file gone.yaml.\n")
