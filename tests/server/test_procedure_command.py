from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django_scopes import scope

from builders import CPO_BACK_OFFICE
from roamdesk.desks.models import Desk
from roamdesk.partners import publishing
from roamdesk.partners.models import Acknowledgement, ProcedureVersion, Publication
from roamdesk.partners.procedures import add_version, take_up, version_in_force
from roamdesk.procedure.loader import SHIPPED
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


SHIPPED_TEXT = (SHIPPED / "hubject.yaml").read_text("utf-8")
LATER = "2031-05-01T00:00"


@pytest.fixture
def revised(tmp_path: Path) -> str:
    """A file that differs from the shipped one in a target."""
    file = tmp_path / "ours.yaml"
    file.write_text(SHIPPED_TEXT.replace('version: "1"', 'version: "2"').replace("outcome: 15 min", "outcome: 10 min"))
    return str(file)


@pytest.fixture
def second(msp_desk: Desk, revised: str) -> ProcedureVersion:
    """The same, kept and known to VoltPass."""
    version = add_version(Path(revised), datetime.now(UTC))
    take_up(msp_desk, version)
    return version


def published(desk: Desk) -> int:
    with scope(desk=desk):
        return Publication.objects.count()


def test_a_desk_that_adds_a_file_knows_it_and_works_on_as_before(typed: Type, msp_desk: Desk) -> None:
    said = typed("procedure", "add", str(EXAMPLE), "--desk", "voltpass")
    version = ProcedureVersion.objects.get(known_to=msp_desk)
    assert (said.code, said.err, in_force(msp_desk)) == (0, "", SHIPPED_TEXT)
    assert f"Next: roamdesk procedure publish {version.pk} --desk voltpass --preview" in said.out


def test_a_preview_says_whom_it_reaches_with_what_and_sends_nothing(
    typed: Type, msp_desk: Desk, second: ProcedureVersion
) -> None:
    said = typed("procedure", "publish", str(second.pk), "--desk", "voltpass", "--from", LATER, "--preview")
    assert said.out.splitlines() == [
        f"Nordlade, on Interoperability via Hubject 1: {CPO_BACK_OFFICE}",
        "    The target 'outcome' is now 10 min (was 15 min).",
        "Nothing was sent.",
    ]
    assert published(msp_desk) == 0


def test_a_version_is_published_by_the_clock_of_the_desk_and_listed(
    typed: Type, msp_desk: Desk, second: ProcedureVersion
) -> None:
    said = typed(
        "procedure", "publish", str(second.pk), "--desk", "voltpass", "--from", LATER, "--partner", "Nordlade"
    )  # fmt: skip
    assert said.out.splitlines()[-1] == "Interoperability via Hubject 2 is published; 1 mail is queued."
    lines = typed("procedure", "agreed", "--desk", "voltpass").out.splitlines()
    assert {line.partition("  ")[2] for line in lines[:2]} == {
        "Interoperability via Hubject 2, published, in force from 30/04/2031 22:00 UTC",
        "Interoperability via Hubject 1, the desk's own",
    }
    assert lines[2] == "Nordlade  Interoperability via Hubject 1"
    assert re.fullmatch(rf"    Interoperability via Hubject 2: not acknowledged since .* {CPO_BACK_OFFICE}", lines[3])


def test_what_was_acknowledged_is_listed_with_who_said_it(
    typed: Type, msp_desk: Desk, second: ProcedureVersion
) -> None:
    typed("procedure", "publish", str(second.pk), "--desk", "voltpass", "--from", LATER)
    with scope(desk=msp_desk):
        publishing.acknowledge(
            Acknowledgement.objects.get(), name="R. Reference", by_hand="Piet", at=datetime(2030, 1, 2, tzinfo=UTC)
        )
    out = typed("procedure", "agreed", "--desk", "voltpass").out
    assert "Interoperability via Hubject 2: acknowledged 02/01/2030 00:00 UTC by R. Reference, noted by Piet" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{}", "--from", "tomorrow"], "'tomorrow' is no time. Write it like 2026-12-01T00:00"),
        (["{}", "--from", "2031-03-30T02:30"], "did not exist in Europe/Berlin"),
        (["{}"], "Choose a time to come"),
        (["{}", "--from", "2020-01-01T00:00"], "Choose a time to come"),
        (["{}", "--from", LATER, "--partner", "Nobody"], "no partner 'Nobody'"),
        (["999999", "--from", LATER], "knows no version 999999"),
        (["gone.yaml", "--from", LATER], "There is no file gone.yaml"),
    ],
)
def test_what_cannot_be_published_is_said_and_nothing_changes(
    typed: Type, msp_desk: Desk, second: ProcedureVersion, words: list[str], said: str
) -> None:
    answer = typed("procedure", "publish", *(word.format(second.pk) for word in words), "--desk", "voltpass")
    assert (answer.code, said in answer.err, published(msp_desk)) == (1, True, 0)
