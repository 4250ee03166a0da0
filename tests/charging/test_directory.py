from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django_scopes import scope

from roamdesk.charging import services
from roamdesk.charging.models import Evse, Plug, Station
from roamdesk.desks import tables
from roamdesk.desks.models import Desk
from roamdesk.desks.tables import TableRefused, Tally
from roamdesk.partners.models import Partner

AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)
Import = Callable[..., tuple[Tally, list[str]]]
HEADER = "label,evse_id,partner,address,plug,place_hint,station,connector"
NORDLADE = (HEADER, "0417,DE*NDL*E0417*1,Nordlade,Am Markt 1 Berlin,type2_socket,left socket,,")


def importing(desk: Desk, *rows: str, separator: str = "\n", at: datetime = AT) -> tuple[Tally, list[str]]:
    told: list[str] = []
    lines = [row + separator for row in rows]
    tally = services.import_evses(
        desk, lines, at=at, refuse=lambda fault: told.append(str(fault)), progress=lambda tally: None
    )
    return tally, told


@pytest.fixture
def in_msp_desk(msp_desk: Desk) -> Iterator[Desk]:
    with scope(desk=msp_desk):
        yield msp_desk


def test_a_row_becomes_an_evse_that_is_found_by_its_label(in_msp_desk: Desk) -> None:
    assert importing(in_msp_desk, *NORDLADE) == (Tally(added=1), [])
    evse = Evse.objects.get()
    assert (evse.label, evse.evse_id, str(evse.partner)) == ("0417", "DE*NDL*E0417*1", "Nordlade")
    assert (evse.address, evse.plug, evse.place_hint) == ("Am Markt 1 Berlin", Plug.TYPE2_SOCKET, "left socket")
    assert (evse.label_key, evse.id_key) == ("0417", "DENDLE04171")


def test_the_same_file_again_changes_nothing(in_msp_desk: Desk) -> None:
    rows = (*NORDLADE, "B-17,,Nordlade,,,,,", ",DENDLE0417*2,,,,,,")
    assert importing(in_msp_desk, *rows)[0] == Tally(added=3)
    before = list(Evse.objects.order_by("pk").values())
    assert importing(in_msp_desk, *rows) == (Tally(unchanged=3), [])
    assert list(Evse.objects.order_by("pk").values()) == before


def test_a_known_evse_is_corrected_and_an_empty_cell_changes_nothing(in_msp_desk: Desk) -> None:
    importing(in_msp_desk, *NORDLADE)
    corrected = "0418,DENDLE04171,,,ccs_cable,,,"
    assert importing(in_msp_desk, HEADER, corrected)[0] == Tally(changed=1)
    evse = Evse.objects.get()
    assert (evse.label, evse.label_key, evse.plug) == ("0418", "0418", Plug.CCS_CABLE)
    assert (str(evse.partner), evse.address) == ("Nordlade", "Am Markt 1 Berlin")


def test_columns_come_in_any_order_and_may_be_left_out(in_msp_desk: Desk) -> None:
    assert importing(in_msp_desk, "Plug ,EVSE_ID", "TYPE2_CABLE, DE*NDL*E0417*1 ")[0] == Tally(added=1)
    evse = Evse.objects.get()
    assert (evse.label, evse.plug, str(evse.partner)) == ("DE*NDL*E0417*1", Plug.TYPE2_CABLE, "Nordlade")


def test_semicolons_and_other_line_ends_and_quoted_cells_are_read(in_msp_desk: Desk) -> None:
    row = 'DE*NDL*E1*1;"Am Markt; 1, ""Ecke"""'
    assert importing(in_msp_desk, "label;address", row, "", ";", separator="\r\n")[0] == Tally(added=1)
    assert Evse.objects.get().address == 'Am Markt; 1, "Ecke"'


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",,Nordlade,,,,,", "row 2, label: Neither label nor EVSE id is given."),
        ("***,,Nordlade,,,,,", "row 2, label: has neither letter nor digit."),
        (f"{'x' * 49},,Nordlade,,,,,", "row 2, label: has 49 characters, at most 48 fit."),
        ("1,NDL-0417,Nordlade,,,,,", "row 2, evse_id: '-' at position 4 cannot stand in an EVSE id"),
        ("1,DE*NDL*0417,Nordlade,,,,,", "row 2, evse_id: After DE*NDL comes the letter E"),
        ("1,,Nordland,,,,,", "row 2, partner: There is no partner 'Nordland'. Add it: roamdesk partner add"),
        ("1,DE*XXX*E1,,,,,,", "row 2, partner: Whose EVSE is it?"),
        ("1,,,,,,,", "row 2, partner: Whose EVSE is it?"),
        (f"1,,Nordlade,{'x' * 201},,,,", "row 2, address: has 201 characters, at most 200 fit."),
        (f"1,,Nordlade,,,{'x' * 61},,", "row 2, place_hint: has 61 characters, at most 60 fit."),
        ("1,,Nordlade,,schuko,,,", "row 2, plug: 'schuko' is no plug. Choose one of type2_socket,"),
        ("1,,Nordlade,,,,NDL-0001,1", "row 2, station: No station 'NDL-0001' is registered here. Add it first:"),
        ("1,,Nordlade,,,,,1", "row 2, station: No station '' is registered here. A connector is one of a station's."),
        ("1,,Nordlade", "row 2: has 3 cells, the header 8."),
        ("1,,Nordlade,,,,,,9", "row 2: has 9 cells, the header 8."),
        ("1,,Nordlade,\x00,,,,", "row 2, address: holds characters that cannot be read."),
        ("1,,Nordlade,Stra\udcdfe,,,,", "row 2, address: holds characters that cannot be read."),
        ('1,,Nordlade,"Am "Markt" 1",,,,', "row 2: cannot be read, up to row 2. Mend its quotation marks."),
        ('"1,,Nordlade,,,,,', "row 2: cannot be read, up to row 2. Mend its quotation marks."),
    ],
)
def test_a_bad_row_is_refused_with_row_column_and_reason_and_stores_nothing(
    in_msp_desk: Desk, row: str, said: str
) -> None:
    tally, [told] = importing(in_msp_desk, HEADER, row)
    assert told.startswith(said)
    assert tally == Tally(refused=1)
    assert not Evse.objects.exists()


def test_good_rows_go_in_beside_bad_ones(in_msp_desk: Desk) -> None:
    tally, told = importing(in_msp_desk, *NORDLADE, "1,,Nobody,,,,,", "", "2,,Nordlade,,,,,")
    assert tally == Tally(added=2, refused=1)
    assert [line[:14] for line in told] == ["row 3, partner"]


def test_an_evse_that_stands_twice_in_a_file_is_refused_the_second_time(in_msp_desk: Desk) -> None:
    rows = (*NORDLADE, "0499,DENDLE04171,,,,,,", "7,,Nordlade,,,,,", "7,,Nordlade,,,,,")
    tally, told = importing(in_msp_desk, *rows)
    assert tally == Tally(added=2, refused=2)
    assert told == [
        "row 3, evse_id: stands in row 2 already. Keep one of the two.",
        "row 5, label: stands in row 4 already. Keep one of the two.",
    ]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "The first row is empty"),
        (",,", "The first row is empty"),
        ("label,adress", "There is no column 'adress'. Columns are: label, evse_id,"),
        ("label,label", "The column label stands there twice"),
        ("address,plug", "The column label or evse_id is missing"),
        ("l\x00a\x00b\x00", "Save the file as CSV in UTF-8"),
        ("x" * 200_000, "cannot be read"),
    ],
)
def test_a_header_with_a_fault_refuses_the_whole_file(in_msp_desk: Desk, header: str, words: str) -> None:
    with pytest.raises(TableRefused, match=words):
        importing(in_msp_desk, header, "1")


def test_a_file_without_a_line_is_refused(in_msp_desk: Desk) -> None:
    with pytest.raises(TableRefused, match="The first row is empty"):
        importing(in_msp_desk)


def test_a_label_that_is_no_evse_id_is_told_apart_by_its_partner(in_msp_desk: Desk) -> None:
    Partner.objects.create(desk=in_msp_desk, name="Kilowerk", plays_cpo=True)
    rows = ("label,partner,plug", "04721,Nordlade,ccs_cable", "04721,kilowerk,type2_socket")
    assert importing(in_msp_desk, *rows)[0] == Tally(added=2)
    assert importing(in_msp_desk, *rows)[0] == Tally(unchanged=2)


def test_an_evse_id_that_was_given_to_the_wrong_partner_moves_to_the_right_one(in_msp_desk: Desk) -> None:
    Partner.objects.create(desk=in_msp_desk, name="Kilowerk", plays_cpo=True)
    importing(in_msp_desk, "evse_id,partner", "DE*NDL*E1,Kilowerk")
    assert importing(in_msp_desk, "evse_id,partner", "DE*NDL*E1,Nordlade")[0] == Tally(changed=1)
    assert str(Evse.objects.get().partner) == "Nordlade"


def test_our_own_evses_are_put_on_the_connectors_of_our_stations(in_cpo_desk: Desk, station: Station) -> None:
    header = "label,station,connector"
    rows = (header, "DE*NDL*E9*1,NDL-0001,1", "DE*NDL*E9*2,NDL-0001,2/1")
    assert importing(in_cpo_desk, *rows) == (Tally(added=2), [])
    first, second = Evse.objects.order_by("pk")
    assert (first.partner, first.station, first.evse_number, first.connector_number) == (None, station, 1, 1)
    assert (second.evse_number, second.connector_number, second.address) == (2, 1, station.address)
    assert importing(in_cpo_desk, *rows) == (Tally(unchanged=2), [])
    moved = (header, "DE*NDL*E9*1,NDL-0001,3", "DE*NDL*E9*2,NDL-0001,1/1")
    assert importing(in_cpo_desk, *moved) == (Tally(changed=2), [])


def test_a_connector_that_has_a_label_keeps_it(in_cpo_desk: Desk, evse: Evse) -> None:
    tally, told = importing(in_cpo_desk, "label,station,connector", "DE*NDL*E9*1,NDL-0001,1", "DE*NDL*E9*2,NDL-0001,x")
    assert tally == Tally(refused=2)
    assert told[0] == "row 2, connector: 1 of NDL-0001 has the label DE*NDL*E4421*1 already."
    assert told[1].startswith("row 3, connector: 'x' is no connector.")


def test_what_is_ours_with_a_station_is_not_given_to_a_partner(in_cpo_desk: Desk, evse: Evse) -> None:
    Partner.objects.create(desk=in_cpo_desk, name="Kilowerk", plays_cpo=True)
    _, [told] = importing(in_cpo_desk, "evse_id,partner", f"{evse.evse_id},Kilowerk")
    assert told.startswith("row 2, partner: This EVSE is ours, at the station NDL-0001.")
    assert importing(in_cpo_desk, "label,partner,station,connector", "K1,Kilowerk,NDL-0001,2")[1] == [
        "row 2, station: This EVSE is Kilowerk's: only our own have a station here."
    ]


def test_a_desk_knows_neither_stations_nor_partners_nor_evses_of_another(
    in_cpo_desk: Desk, evse: Evse, msp_desk: Desk
) -> None:
    with scope(desk=msp_desk):
        _, told = importing(msp_desk, "label,partner,station,connector", "DE*NDL*E9*1,,NDL-0001,1", "1,VoltPass,,")
        assert [line.partition(".")[0] for line in told] == [
            "row 3, partner: There is no partner 'VoltPass'",
            "row 2, station: No station 'NDL-0001' is registered here",
        ]
        assert importing(msp_desk, "evse_id,plug", f"{evse.evse_id},ccs_cable")[0] == Tally(added=1)
    evse.refresh_from_db()
    assert evse.plug == Plug.TYPE2_SOCKET


def test_a_long_file_is_stored_in_lots_and_says_how_far_it_is(
    in_msp_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "ROWS_AT_A_TIME", 2)
    seen: list[int] = []
    rows = ["label,partner\n", *(f"A{number},Nordlade\n" for number in range(5))]
    tally = services.import_evses(
        in_msp_desk, rows, at=AT, refuse=print, progress=lambda tally: seen.append(tally.rows)
    )
    assert (tally, seen) == (Tally(added=5), [2, 4, 5])


def test_a_hotline_is_kept_with_since_when_roaming_data_names_it(in_msp_desk: Desk) -> None:
    rows = ("evse_id,country,hotline", "DE*NDL*E0417*1,at,0800 555 0417")
    assert importing(in_msp_desk, *rows)[0] == Tally(added=1)
    assert importing(in_msp_desk, *rows, at=AT + timedelta(days=9))[0] == Tally(unchanged=1)
    evse = Evse.objects.get()
    assert (evse.country, evse.hotline, evse.hotline_at) == ("AT", "+438005550417", AT)
    other = AT + timedelta(days=10)
    assert importing(in_msp_desk, rows[0], "DE*NDL*E0417*1,,+49 800 5550 418", at=other)[0] == Tally(changed=1)
    evse.refresh_from_db()
    assert (evse.country, evse.hotline, evse.hotline_at) == ("AT", "+498005550418", other)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("DE*NDL*E1*1,XY,", "row 2, country: There is no country 'XY'."),
        ("DE*NDL*E1*1,,12", "row 2, hotline: '12' is no phone number."),
    ],
)
def test_a_hotline_or_country_that_cannot_be_is_refused(in_msp_desk: Desk, row: str, said: str) -> None:
    tally, [told] = importing(in_msp_desk, "evse_id,country,hotline", row)
    assert told.startswith(said)
    assert tally == Tally(refused=1)
