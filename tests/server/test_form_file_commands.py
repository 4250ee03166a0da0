"""Contact forms out of a desk and into one, by the command line."""

from __future__ import annotations

import json
from pathlib import Path

from django_scopes import scope

from builders import build_stranger_desk
from roamdesk.desks.models import Desk
from roamdesk.partners.models import ContactLine, FormChange, Partner
from roamdesk.server.commands import importing
from server.conftest import Type


def test_forms_are_taken_out_and_go_into_another_desk(typed: Type, msp_desk: Desk, tmp_path: Path) -> None:
    other, file, again = build_stranger_desk(), tmp_path / "forms.csv", tmp_path / "again.csv"
    assert typed("partner", "export", str(file), "--desk", "voltpass").out.startswith(f"Written: {file}.")
    first = typed("partner", "import", str(file), "--desk", other.slug)
    assert (first.code, first.err) == (0, "")
    assert ", 0 changed, 0 as they were, 0 refused." in first.out
    second = typed("partner", "import", str(file), "--desk", other.slug)
    assert second.out.startswith("0 added, 0 changed, ")
    typed("partner", "export", str(again), "--desk", other.slug)
    assert again.read_bytes() == file.read_bytes()
    with scope(desk=other):
        assert set(FormChange.objects.values_list("by", flat=True)) == {"file forms.csv"}


def test_the_partners_that_are_named_are_taken_out_as_json(typed: Type, msp_desk: Desk, tmp_path: Path) -> None:
    typed("partner", "add", "Kilowerk", "--desk", "voltpass", "--cpo")
    file = tmp_path / "one.JSON"
    typed("partner", "export", str(file), "kilowerk", "--desk", "voltpass")
    assert [each["partner"] for each in json.loads(file.read_text())] == ["Kilowerk"]
    shown = typed("partner", "export", "-", "Kilowerk", "--desk", "voltpass").out.splitlines()
    assert [line.split(",")[:2] for line in shown] == [["partner", "role"], ["Kilowerk", "cpo"]]


def test_a_file_of_another_kind_or_place_is_refused(typed: Type, msp_desk: Desk, tmp_path: Path) -> None:
    assert "is no kind of file here" in typed("partner", "export", "forms.xlsx", "--desk", "voltpass").err
    nowhere = tmp_path / "none" / "forms.csv"
    assert "cannot be written" in typed("partner", "export", str(nowhere), "--desk", "voltpass").err
    assert "has no partner 'Nobody'" in typed("partner", "export", "-", "Nobody", "--desk", "voltpass").err


def test_a_bad_row_is_said_and_the_others_go_in(typed: Type, msp_desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "forms.csv"
    file.write_text(
        "partner,role,purpose,value,languages\n"
        "Nordlade,cpo,first_level,12,en\nNordlade,cpo,first_level,+49 30 5550 901,en\n"
    )
    said = typed("partner", "import", str(file), "--desk", "voltpass")
    assert (said.code, said.out) == (1, "1 added, 0 changed, 0 as they were, 1 refused.\n")
    assert said.err.splitlines() == [
        "row 2, value: '12' is no phone number. Write it with the country prefix, like +49 30 5550 142.",
        importing.MEND,
    ]


def test_a_line_is_taken_off_and_the_history_says_so(typed: Type, msp_desk: Desk) -> None:
    line = ("partner", "line", "Nordlade", "--desk", "voltpass", "--role", "cpo", "--purpose", "first_level")
    typed(*line, "+49 30 5550 901", "--language", "en")
    typed(*line, "+49 30 5550 901", "--language", "de")
    off = typed("partner", "remove-line", "nordlade", "030 5550 901", "--desk", "voltpass")
    assert (off.code, off.err) == (0, "")
    with scope(desk=msp_desk):
        assert not ContactLine.objects.filter(value="+49305550901").exists()
    told = typed("partner", "history", "Nordlade", "--desk", "voltpass").out
    assert "roamdesk partner remove-line  Line removed: First-level line for partners, +49 30 5550901" in told
    assert "    languages: en → de" in told
    assert len(typed("partner", "history", "Nordlade", "--desk", "voltpass", "--newest", "1").out.splitlines()) == 1


def test_a_number_that_stands_for_two_purposes_asks_which(typed: Type, msp_desk: Desk) -> None:
    line = ("partner", "line", "Nordlade", "+49 30 5550 901", "--desk", "voltpass", "--role", "cpo", "--purpose")
    typed(*line, "first_level")
    typed(*line, "back_office")
    off = ("partner", "remove-line", "Nordlade", "+49 30 5550 901", "--desk", "voltpass")
    asked = typed(*off)
    assert (asked.code, asked.out) == (1, "")
    assert "Say which: --role cpo --purpose first_level; --role cpo --purpose back_office." in asked.err
    assert typed(*off, "--purpose", "back_office").code == 0
    assert "has no line with +49 30 5550 902" in typed(
        "partner", "remove-line", "Nordlade", "+49 30 5550 902", "--desk", "voltpass"
    ).err  # fmt: skip
    with scope(desk=msp_desk):
        assert Partner.objects.get().lines.filter(value="+49305550901").count() == 1
