from __future__ import annotations

from pathlib import Path

import pytest
from django_scopes import scope

from roamdesk.charging.models import Evse, Token
from roamdesk.desks.models import Desk
from roamdesk.server.commands import importing
from server.conftest import Said, Type

EVSES = "label,evse_id,partner,plug\n0417,DE*NDL*E0417*1,Nordlade,type2_socket\n"
TOKENS = "value,user_name,phone\n04A25B1C9D4F80,Lea Sommer,0151 5550 1204\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def evses(typed: Type, file: Path, text: str | bytes, desk: str = "voltpass") -> Said:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return typed("evse", "import", str(file), "--desk", desk)


def test_a_directory_goes_in_and_the_second_time_changes_nothing(typed: Type, msp_desk: Desk, file: Path) -> None:
    assert evses(typed, file, EVSES) == Said(0, "1 added, 0 changed, 0 as they were, 0 refused.\n", "")
    assert evses(typed, file, EVSES) == Said(0, "0 added, 0 changed, 1 as they were, 0 refused.\n", "")


def test_refused_rows_are_said_and_the_others_go_in(typed: Type, msp_desk: Desk, file: Path) -> None:
    said = evses(typed, file, f"{EVSES}0418,,Nordland,\n")
    assert (said.code, said.out) == (1, "1 added, 0 changed, 0 as they were, 1 refused.\n")
    assert said.err.splitlines() == [
        "row 3, partner: There is no partner 'Nordland'. Add it: roamdesk partner add",
        importing.MEND,
    ]


def test_a_header_with_a_fault_is_said_and_nothing_goes_in(typed: Type, msp_desk: Desk, file: Path) -> None:
    said = evses(typed, file, EVSES.replace("plug", "socket", 1))
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("There is no column 'socket'. Columns are: label, ")
    with scope(desk=msp_desk):
        assert not Evse.objects.exists()


def test_a_file_as_spreadsheets_save_it_is_read(typed: Type, msp_desk: Desk, file: Path) -> None:
    saved = b"\xef\xbb\xbflabel;address\r\nDE*NDL*E1*1;Stra\xc3\x9fe 1\r\nDE*NDL*E1*2;Stra\xdfe 1\r\n"
    said = evses(typed, file, saved)
    assert said.err.startswith("row 3, address: holds characters that cannot be read. Save the file as CSV in UTF-8.")
    with scope(desk=msp_desk):
        assert [evse.address for evse in Evse.objects.all()] == ["Straße 1"]


def test_a_long_file_says_how_far_it_is(
    typed: Type, msp_desk: Desk, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "TOLD_EVERY", 1000)
    rows = "".join(f"DE*NDL*E{number}\n" for number in range(2001))
    said = evses(typed, file, f"label\n{rows}")
    assert [line.partition(":")[0] for line in said.err.splitlines()] == ["1,000 rows", "2,000 rows"]
    assert said.out.startswith("2,001 added")


def test_an_unknown_desk_or_file_is_said(typed: Type, msp_desk: Desk, file: Path) -> None:
    assert evses(typed, file, EVSES, desk="volt").err == "There is no desk 'volt'. Desks: nordlade, voltpass.\n"
    gone = typed("evse", "import", "gone.csv", "--desk", "voltpass")
    assert (gone.code, gone.err) == (1, "There is no file gone.csv that can be read.\n")


def test_tokens_go_into_the_desk_that_is_named(typed: Type, msp_desk: Desk, cpo_desk: Desk, file: Path) -> None:
    file.write_text(TOKENS)
    assert typed("token", "import", str(file), "--desk", "voltpass").out.startswith("1 added")
    assert typed("token", "import", str(file), "--desk", "voltpass").out.startswith("0 added, 0 changed, 1 as they")
    with scope(desk=cpo_desk):
        assert not Token.objects.exists()


def test_a_refused_token_is_said_and_ends_with_code_1(typed: Type, msp_desk: Desk, file: Path) -> None:
    file.write_text(f"{TOKENS}04B16E2F8A3C91,Tom,12\n")
    said = typed("token", "import", str(file), "--desk", "voltpass")
    assert (said.code, said.out[:7]) == (1, "1 added")
    assert said.err.startswith("row 3, phone: '12' is no phone number.")
