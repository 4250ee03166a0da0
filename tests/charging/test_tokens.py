from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django_scopes import scope

from roamdesk.charging import services
from roamdesk.charging.models import RoamingUser, Token
from roamdesk.charging.selectors import users_by_phone
from roamdesk.desks.models import Desk
from roamdesk.desks.tables import TableRefused, Tally

HEADER = "value,kind,contract_id,printed_number,user_name,phone"
LEA = "04:A2:5B:1C:9D:4F:80,rfid,DE-VPS-C00120417,4711 0012,Lea Sommer,0151 5550 1204"
NOW = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)
LEAS_CAR = "DE-VPS-C00120417,,,,Lea Sommer,+49 151 5550 1204"


def importing(desk: Desk, *rows: str) -> tuple[Tally, list[str]]:
    told: list[str] = []
    lines = [f"{row}\n" for row in rows]
    with scope(desk=desk):
        tally = services.import_tokens(
            desk, lines, at=NOW, refuse=lambda fault: told.append(str(fault)), progress=lambda tally: None
        )
    return tally, told


def kept(desk: Desk) -> list[tuple[str, str, str, str]]:
    """Kind and key of each token, with the name and number of its User."""
    with scope(desk=desk):
        tokens = Token.objects.select_related("user").order_by("pk")
        return [(token.kind, token.key, *_named(token.user)) for token in tokens]


def _named(user: RoamingUser | None) -> tuple[str, str]:
    return (user.name, user.phone) if user else ("", "")


def users(desk: Desk) -> int:
    with scope(desk=desk):
        return RoamingUser.objects.count()


def test_two_tokens_of_one_name_and_number_are_one_users(msp_desk: Desk) -> None:
    assert importing(msp_desk, HEADER, LEA, LEAS_CAR) == (Tally(added=2), [])
    assert kept(msp_desk) == [
        ("rfid", "04A25B1C9D4F80", "Lea Sommer", "+4915155501204"),
        ("contract", "DEVPSC00120417", "Lea Sommer", "+4915155501204"),
    ]
    assert users(msp_desk) == 1
    with scope(desk=msp_desk):
        assert [user.name for user in users_by_phone(msp_desk, "0151 5550 1204")] == ["Lea Sommer"]
        assert Token.objects.get(key="04A25B1C9D4F80").printed_key == "47110012"


def test_the_same_file_again_changes_nothing(msp_desk: Desk) -> None:
    rows = (HEADER, LEA, LEAS_CAR, "APP-778812,app,,,,", "0419C0DE72A155,,,,Ana,")
    assert importing(msp_desk, *rows)[0] == Tally(added=4)
    before = kept(msp_desk)
    assert importing(msp_desk, *rows) == (Tally(unchanged=4), [])
    assert (kept(msp_desk), users(msp_desk)) == (before, 2)


def test_a_new_number_reaches_the_user_and_the_old_one_is_gone(msp_desk: Desk) -> None:
    importing(msp_desk, HEADER, LEA)
    with scope(desk=msp_desk):
        RoamingUser.objects.update(language="de")
    assert importing(msp_desk, "value,phone", "04A25B1C9D4F80,+49 151 5550 9999")[0] == Tally(changed=1)
    assert kept(msp_desk) == [("rfid", "04A25B1C9D4F80", "Lea Sommer", "+4915155509999")]
    with scope(desk=msp_desk):
        assert [user.language for user in RoamingUser.objects.all()] == ["de"]


def test_a_card_that_goes_to_someone_else_leaves_the_former_user_the_other_token(msp_desk: Desk) -> None:
    importing(msp_desk, HEADER, LEA, LEAS_CAR)
    importing(msp_desk, "value,user_name,phone", "04A25B1C9D4F80,Tom Richter,+49 151 5550 2318")
    assert [token[2] for token in kept(msp_desk)] == ["Tom Richter", "Lea Sommer"]


def test_a_token_without_a_user_has_none(msp_desk: Desk) -> None:
    importing(msp_desk, "value", "04A25B1C9D4F80")
    assert (kept(msp_desk), users(msp_desk)) == ([("rfid", "04A25B1C9D4F80", "", "")], 0)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",rfid,,,,", "row 2, value: Nothing was typed"),
        ("04A2,rfid,,,,", "row 2, value: An RFID UID has 8, 14 or 20 digits"),
        ("04A25B1C9D4F80,contract,,,,", "row 2, value: '04A25B1C9D4F80' is not a contract id"),
        ("***,app,,,,", "row 2, value: The card number has no digit"),
        (f"{'A' * 65},app,,,,", "row 2, value: has 65 characters, at most 64 fit."),
        ("04A25B1C9D4F80,nfc,,,,", "row 2, kind: 'nfc' is no kind of token. Choose one of rfid, contract, app."),
        ("04A25B1C9D4F80,rfid,VPS-1,,,", "row 2, contract_id: 'VPS-1' is not a contract id"),
        ("04A25B1C9D4F80,rfid,,№ 1,,", "row 2, printed_number: "),
        (f"04A25B1C9D4F80,rfid,,,{'x' * 81},", "row 2, user_name: has 81 characters, at most 80 fit."),
        ("04A25B1C9D4F80,rfid,,,,12", "row 2, phone: '12' is no phone number."),
        ("04A25B1C9D4F80,rfid", "row 2: has 2 cells, the header 6."),
    ],
)
def test_a_bad_row_is_refused_with_row_column_and_reason_and_stores_nothing(
    msp_desk: Desk, row: str, said: str
) -> None:
    tally, [told] = importing(msp_desk, HEADER, row)
    assert told.startswith(said)
    assert tally == Tally(refused=1)
    assert (kept(msp_desk), users(msp_desk)) == ([], 0)


def test_a_token_that_stands_twice_is_refused_the_second_time(msp_desk: Desk) -> None:
    tally, told = importing(msp_desk, HEADER, LEA, "04A25B1C9D4F80,,,,Tom,")
    assert (tally, told) == (
        Tally(added=1, refused=1),
        ["row 3, value: stands in row 2 already. Keep one of the two."],
    )


@pytest.mark.parametrize("header", ["", "kind,phone", "value,tel", "value,value"])
def test_a_header_with_a_fault_refuses_the_whole_file(msp_desk: Desk, header: str) -> None:
    with pytest.raises(TableRefused):
        importing(msp_desk, header, "04A25B1C9D4F80")
    assert kept(msp_desk) == []


def test_a_desk_touches_no_token_and_no_user_of_another(msp_desk: Desk, cpo_desk: Desk) -> None:
    importing(msp_desk, HEADER, LEA)
    assert importing(cpo_desk, HEADER, LEA.replace("Lea Sommer", "Somebody"))[0] == Tally(added=1)
    assert [kept(desk)[0][2] for desk in (msp_desk, cpo_desk)] == ["Lea Sommer", "Somebody"]


def blocks(desk: Desk) -> list[tuple[datetime | None, str]]:
    with scope(desk=desk):
        return list(Token.objects.order_by("pk").values_list("blocked_at", "blocked_because"))


def test_a_table_blocks_and_unblocks_and_the_first_time_stays(msp_desk: Desk) -> None:
    header = "value,blocked,blocked_because"
    assert importing(msp_desk, header, "04A25B1C9D4F80,yes,lost", "APP-778812,,")[0] == Tally(added=2)
    assert blocks(msp_desk) == [(NOW, "lost"), (None, "")]
    with scope(desk=msp_desk):
        Token.objects.filter(blocked_at=NOW).update(blocked_at=NOW.replace(year=2025))
    assert importing(msp_desk, header, "04A25B1C9D4F80,YES,lost", "APP-778812,no,")[0] == Tally(unchanged=2)
    assert importing(msp_desk, header, "04A25B1C9D4F80,,")[0] == Tally(unchanged=1)
    assert blocks(msp_desk)[0] == (NOW.replace(year=2025), "lost")
    assert importing(msp_desk, header, "04A25B1C9D4F80,no,")[0] == Tally(changed=1)
    assert blocks(msp_desk)[0] == (None, "")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("perhaps,", "row 2, blocked: 'perhaps' is neither yes nor no."),
        (",lost", "row 2, blocked_because: says why, and blocked does not say yes."),
        ("no,lost", "row 2, blocked_because: "),
        (f"yes,{'x' * 81}", "row 2, blocked_because: has 81 characters, at most 80 fit."),
    ],
)
def test_a_block_that_is_not_plain_is_refused(msp_desk: Desk, cells: str, said: str) -> None:
    tally, [told] = importing(msp_desk, "value,blocked,blocked_because", f"04A25B1C9D4F80,{cells}")
    assert told.startswith(said)
    assert (tally, kept(msp_desk)) == (Tally(refused=1), [])
