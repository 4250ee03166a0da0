"""``roamdesk procedure`` at a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from roamdesk.procedure.commands import main

VECTORS = Path(__file__).parents[1] / "vectors" / "procedures"
SECOND = str(VECTORS / "second.yaml")
BROKEN = str(VECTORS / "broken" / "14-route-never-taken.yaml")

Captured = pytest.CaptureFixture[str]


def test_check_says_how_many_situations_it_has_walked(capsys: Captured) -> None:
    assert main(["check", SECOND]) == 0
    assert "second.yaml: sound, 50 situations walked" in capsys.readouterr().out


def test_check_says_each_fault_with_file_and_line_and_fails(capsys: Captured) -> None:
    assert main(["check", "--quiet", SECOND, BROKEN]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("14-route-never-taken.yaml:35: Route stuck_again is never taken.")
    assert said.out == ""


@pytest.mark.parametrize("command", ["check", "diagram", "explain", "docs"])
def test_a_missing_file_gets_one_clear_line(command: str, capsys: Captured) -> None:
    assert main([command, "nowhere.yaml"]) == 1
    assert capsys.readouterr().err == (
        "There is no file nowhere.yaml. Give a path, or the name of a shipped one: hubject.\n"
    )


def test_explain_tells_the_route_what_is_owed_and_why(capsys: Captured) -> None:
    assert main(["explain", "hubject", "side=msp", "caller=user", "problem=cable_stuck"]) == 0
    said = capsys.readouterr().out
    assert "Route: Unlock through the partner (a_via_msp) [S8, S11]" in said
    assert "(self_help): msp owes, tell_user to user [S12, A9]" in said
    assert "- duty ask_unlock: not raised: Self-help is not known yet" in said


def test_explain_counts_due_times_from_the_start_of_the_case(tmp_path: Path, capsys: Captured) -> None:
    told = [{"at": 0, "side": "msp", "caller": "user", "problem": "danger"}, {"at": 3, "evse_label": "DE-1"}]
    (tmp_path / "facts.json").write_text(json.dumps(told))
    assert main(["explain", "hubject", "--facts", str(tmp_path / "facts.json")]) == 0
    assert "phone to cpo_cc, due minute 5" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["side"], "'side' is no fact. Write it as name=value"),
        (["colour=red"], "There is no fact colour."),
        (["side=both"], "side is never 'both'. Use one of: msp, cpo"),
        (["outcome=successful"], "outcome follows from other facts."),
    ],
)
def test_explain_refuses_what_it_does_not_know(words: list[str], said: str, capsys: Captured) -> None:
    assert main(["explain", "hubject", *words]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("text", ["{", "7", '[{"at": "noon"}]', '{"at": 99999999999999, "side": "msp"}', "[" * 100_000])
def test_explain_refuses_facts_that_are_none(text: str, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "facts.json").write_text(text)
    assert main(["explain", "hubject", "--facts", str(tmp_path / "facts.json")]) == 1
    assert capsys.readouterr().err.startswith("roamdesk procedure: ")


def test_diagram_draws_mermaid_or_one_route_as_a_picture(capsys: Captured) -> None:
    assert main(["diagram", SECOND]) == 0
    assert capsys.readouterr().out.startswith("flowchart TD")
    assert main(["diagram", SECOND, "--svg", "--route", "blocked"]) == 0
    assert capsys.readouterr().out.startswith("<svg ")


@pytest.mark.parametrize("words", [["--svg"], ["--route", "nowhere"]])
def test_diagram_says_which_routes_there_are(words: list[str], capsys: Captured) -> None:
    assert main(["diagram", SECOND, *words]) == 1
    assert "oute" in capsys.readouterr().err


def test_docs_writes_the_page_and_its_pictures(tmp_path: Path) -> None:
    assert main(["docs", SECOND, "--tests", str(tmp_path), "--write", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "procedure-nordring.md").read_text().startswith("# Roaming support")
    assert (tmp_path / "out" / "procedure-nordring-blocked.svg").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--help"], "roamdesk procedure check my-procedure.yaml"),
        (["check", "--help"], "each situation has exactly one route"),
        (["explain", "--help"], "roamdesk procedure explain hubject side=msp"),
    ],
)
def test_help_teaches_by_example(words: list[str], said: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert said in capsys.readouterr().out
