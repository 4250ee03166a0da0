"""Published lists of stations: in whichever form, each record becomes an EVSE or is refused with its text."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from roamdesk.charging.models import Evse, Pull, RefusedRecord
from roamdesk.charging.roaming.said_of_evses import EvseSaid, Page
from roamdesk.charging.roaming.statuses import status_confirmed_at
from roamdesk.console.screens.evses import evse_screen
from roamdesk.desks.models import Desk
from roamdesk.oicp import json_windows, station_lists
from roamdesk.oicp.list_importing import import_list, import_states
from roamdesk.oicp.station_lists import ListUnreadable, look_through

FOLDER = Path(__file__).parents[1] / "vectors/station-lists"
EXPORT, STATES = FOLDER / "national-export.json", FOLDER / "national-states.json"
GROUPS: list[dict[str, Any]] = json.loads(EXPORT.read_bytes())["EVSEData"]
RECORDS: list[dict[str, Any]] = GROUPS[0]["EVSEDataRecord"]
BESIDE = {"OperatorID": "DE*TSC", "OperatorName": "Test Charge"}
INSIDE = [record | BESIDE for record in RECORDS]
IDS = [record["EvseID"] for record in RECORDS]


def envelope(*records: Any, last: bool) -> dict[str, Any]:
    return {"content": list(records), "number": 0, "last": last, "StatusCode": None}


def lines(*documents: Any) -> str:
    return "\n".join(json.dumps(document) for document in documents)


FORMS = {
    "a list of records": json.dumps(INSIDE),
    "one page": json.dumps(envelope(*INSIDE, last=True)),
    "pages, line by line": lines(envelope(*INSIDE[:2], last=False), envelope(*INSIDE[2:], last=True)),
    "pages, one behind the other": "".join(json.dumps(envelope(record, last=False), indent=2) for record in INSIDE),
    "pages in a list": json.dumps([envelope(*INSIDE[:1], last=False), envelope(*INSIDE[1:], last=True)]),
    "records, line by line": lines(*INSIDE),
    "a push": json.dumps({"ActionType": "fullLoad", "OperatorEvseData": BESIDE | {"EvseDataRecord": RECORDS}}),
    "the answer of 2.2": json.dumps({"EvseData": {"OperatorEvseData": [BESIDE | {"EvseDataRecord": RECORDS}]}}),
    "a national export": json.dumps({"EVSEData": [{"EVSEDataRecord": RECORDS} | BESIDE]}),
    "its groups alone": json.dumps([{"EVSEDataRecord": RECORDS} | BESIDE]),
    "one group, not in a list": json.dumps({"EVSEData": {"EVSEDataRecord": RECORDS} | BESIDE}),
}


@pytest.fixture
def listed(tmp_path: Path) -> Any:
    def write(text: str | bytes, name: str = "list.json") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def take(desk: Desk, path: Path, at: datetime, *, whole: bool = False) -> Pull:
    return import_list(
        desk, path, whole=whole, clock=lambda: at, watch=lambda _: None, progress=lambda pull, part: None
    )


def found_in(path: Path) -> list[EvseSaid]:
    return [said for page in look_through(path).pages() for said in page.records if isinstance(said, EvseSaid)]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_with_the_operator_and_the_text_of_each_record(listed: Any, form: str) -> None:
    said = found_in(listed(FORMS[form]))
    assert [one.evse_id for one in said] == IDS
    assert {(one.operator_id, one.operator_name) for one in said} == {("DE*TSC", "Test Charge")}
    assert [json.loads(one.raw)["EvseID"] for one in said] == IDS
    assert all(one.raw in FORMS[form] for one in said)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_it_matters_not_where_the_stretches_end(
    listed: Any, monkeypatch: pytest.MonkeyPatch, form: str, chunk: int
) -> None:
    path = listed(FORMS[form])
    whole = found_in(path)
    monkeypatch.setattr(json_windows, "CHUNK", chunk)
    assert found_in(path) == whole


def facts(desk: Desk, evse_id: str, at: datetime) -> dict[str, str]:
    """What the page of the EVSE says."""
    with scope(desk=desk):
        screen = evse_screen(Evse.objects.select_related("partner").get(evse_id=evse_id), at, "UTC")
        return dict(screen.facts) | {"Hotline": screen.hotline}


def test_what_a_national_export_says_is_read_on_the_page_of_the_evse(msp_desk: Desk, at: datetime) -> None:
    pull = take(msp_desk, EXPORT, at)
    assert (pull.state, pull.records, pull.added, pull.refused) == (Pull.State.SWAPPED, 7, 5, 2)
    garage = facts(msp_desk, "CH*TSC*E1001*2", at)
    assert garage["Address"] == "Seequai 7, 9999 Musterwil"
    assert garage["Where exactly"] == "Floor 0 · Parking spot P14"
    assert (garage["Open"], garage["Power"]) == ("Mon-Sun 18:00-05:00", "22 kW AC")
    assert garage["Operator"] == "TEST CHARGE CH*TSC"
    assert (garage["Coordinates"], garage["Through the hub"]) == ("47.12346 8.65432", "can be started and stopped")
    pass_top = facts(msp_desk, "CH*TSC*E1002*1", at)
    assert (pass_top["Address"], pass_top["Open"]) == ("Passhöhe, Musterwil", "Mon-Fri 07:00-24:00")
    assert pass_top["Hotline"] == "+41 44 555 01 00"


def test_a_record_of_an_export_with_every_oddity_is_read_all_the_same(msp_desk: Desk, at: datetime) -> None:
    take(msp_desk, EXPORT, at)
    fast = facts(msp_desk, "CH*MUSTERSTROM*E201", at)
    assert fast["Operator"] == "MUSTERSTROM CH*MUSTERSTROM"
    assert (fast["Sub-operator"], fast["Names"], fast["Station"]) == ("Ost Energie", "Raststätte Ost", "7722001")
    assert (fast["Address"], fast["Open"]) == ("Raststätte Ost, 9998 Beispielen", "24/7")
    assert (fast["Power"], fast["Plugs"]) == ("150 kW DC", "CCS Combo 2 Plug (Cable Attached)")
    assert (fast["Coordinates"], fast["State"]) == ("46.12346 7.98765", "is not told live")
    assert (fast["Through the hub"], "Payment" in fast) == ("can't be started or stopped", False)


def test_what_cannot_stand_is_refused_with_its_text(msp_desk: Desk, listed: Any, at: datetime) -> None:
    odd = [INSIDE[0], {"EvseID": None, "x": 1}, {"y": 2}, 7, "E1", None, [], {"EvseID": "?", "z": 3}]
    record_of_a_session = {"EvseID": "DE*TSC*E9", "SessionID": "b2688855-7f00-0002-6d8e-48d883f6abb6"}
    pull = take(msp_desk, listed(json.dumps([*odd, record_of_a_session])), at)
    assert (pull.records, pull.added, pull.refused) == (9, 1, 8)
    with scope(desk=msp_desk):
        refused = {one.raw: one.reason for one in RefusedRecord.objects.all()}
    assert set(refused) == {json.dumps(record) for record in [*odd[1:], record_of_a_session]}
    assert "session" in refused[json.dumps(record_of_a_session)]


def test_the_operator_that_a_record_names_itself_counts(listed: Any) -> None:
    other = {"EVSEDataRecord": [RECORDS[0] | {"OperatorID": "CH*SUB"}, RECORDS[1]], "OperatorID": "CH*TSC"}
    said = found_in(listed(json.dumps({"EVSEData": [other]})))
    assert [one.operator_id for one in said] == ["CH*SUB", "CH*TSC"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_list_may_be_packed_or_come_from_windows(listed: Any, encoding: str, packed: bool) -> None:
    text = EXPORT.read_text(encoding="utf-8").encode(encoding)
    path = listed(gzip.compress(text) if packed else text)
    assert [said.address for said in found_in(path)] == [said.address for said in found_in(EXPORT)]


def test_numbers_that_a_table_made_of_texts_are_read_as_they_were_meant(listed: Any) -> None:
    address = RECORDS[0]["Address"] | {"PostalCode": 9999.0, "HouseNum": 7.0, "Floor": -1}
    (said,) = found_in(listed(json.dumps([INSIDE[0] | {"Address": address, "ChargingStationId": 4711.0}])))
    assert (said.address, said.place, said.station_id) == ("Seequai 7, 9999 Musterwil", "Floor -1", "4711")


def test_what_a_careless_exporter_writes_is_read(listed: Any) -> None:
    text = json.dumps([INSIDE[0] | {"GeoCoordinates": {"Google": "NaN NaN"}, "MaxCapacity": "?"}])
    careless = text.replace('"?"', "NaN").replace("Seequai car park", "Seequai\ncar park").replace("}]}]", "}]},]")
    (said,) = found_in(listed(careless))
    assert (said.evse_id, said.latitude) == (IDS[0], None)


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        (FORMS["one page"][:-300], "breaks off after 2 records. Fetch it again"),
        ('[{"EvseID": "DE*TSC*E1"}, {"EvseID" "DE*TSC*E2", "and": "some more text than that"}]', "At character 36, af"),
        (gzip.compress(FORMS["one page"].encode())[:-40], "breaks off"),
        (gzip.compress(FORMS["one page"].encode())[:60] + b"no gzip" * 9, "cannot be unpacked"),
        (EXPORT.read_text(encoding="utf-8").encode("latin-1"), "not UTF-8. Write it anew: iconv"),
        ("EvseID;Address\n", "It is no JSON. It should be a list of"),
        ("", "names no EVSE. It should be a list"),
        ("[]", "names no EVSE"),
        ('{"StatusCode": {"Code": "210"}}', "names no EVSE"),
        ('{"type": "FeatureCollection", "features": [{"id": 1}]}', "names no EVSE"),
        (json.dumps({"features": "x" * 40_000_000}), "One value is very long"),
        ("[" * 100_000, "no JSON"),
        (STATES.read_bytes(), "tells states, not EVSEs.*pull-status --file"),
    ],
    ids=[
        "cut off",
        "wrong within",
        "packed and cut off",
        "packed and wrong",
        "latin-1",
        "csv",
        "nothing",
        "no record",
        "an answer",
        "another format",
        "one long value",
        "too deep",
        "states",
    ],
)
def test_a_file_that_is_no_list_changes_nothing_and_says_the_mend(
    msp_desk: Desk, listed: Any, at: datetime, text: str | bytes, mend: str
) -> None:
    with pytest.raises(ListUnreadable, match=mend):
        take(msp_desk, listed(text), at, whole=True)
    with scope(desk=msp_desk):
        assert not Pull.objects.exists()


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ListUnreadable, match="No such file"):
        look_through(tmp_path / "none.json")


def test_a_list_of_everything_withdraws_and_one_more_list_does_not(msp_desk: Desk, listed: Any, at: datetime) -> None:
    take(msp_desk, listed(FORMS["a push"]), at)
    assert take(msp_desk, listed(json.dumps([INSIDE[0]])), at).withdrawn == 0
    assert take(msp_desk, listed(json.dumps(INSIDE[:2])), at, whole=True).withdrawn == 1
    asked = take(msp_desk, listed(json.dumps(INSIDE[:1])), at, whole=True)
    assert (asked.state, asked.question[:20]) == (Pull.State.WAITING, "The load has 1 EVSEs")


def test_a_load_that_was_cut_off_goes_on_in_the_same_file_only(
    msp_desk: Desk, listed: Any, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station_lists, "PAGE_SIZE", 1)
    path = listed(FORMS["a push"])
    read: list[int] = []

    def stops_after_two(pull: Pull, part: float) -> None:
        read.append(pull.next_page)
        if read == [1, 2]:
            raise KeyboardInterrupt

    def load() -> Pull:
        return import_list(
            msp_desk, path, whole=False, clock=lambda: at, watch=lambda _: None, progress=stops_after_two
        )

    with pytest.raises(KeyboardInterrupt):
        load()
    assert (load().added, read) == (3, [1, 2, 3])
    read.clear()
    with pytest.raises(KeyboardInterrupt):
        load()
    listed(FORMS["a list of records"])
    assert (load().records, read) == (3, [1, 2, 1, 2, 3])


def test_a_page_is_the_same_whether_the_ones_before_were_read_or_not(
    listed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station_lists, "PAGE_SIZE", 2)
    found = look_through(EXPORT)
    pages = list(found.pages())
    assert [len(list(page.records)) for page in pages] == [2, 2, 2, 1]
    assert [page.last for page in pages] == [False, False, False, True]
    assert [next(found.pages(number)) for number in range(4)] == pages


@pytest.mark.parametrize("records", [INSIDE[:2], INSIDE * 2])
def test_a_list_that_changes_under_the_reader_is_noticed(listed: Any, records: list[Any]) -> None:
    found = look_through(listed(FORMS["a list of records"]))
    listed(json.dumps(records))
    with pytest.raises(ListUnreadable, match="changed while it was read"):
        list(found.pages())


def test_a_long_list_is_never_held_whole(listed: Any) -> None:
    path = listed(json.dumps({"EVSEData": [{"EVSEDataRecord": RECORDS * 4000} | BESIDE]}), "long.json")
    tracemalloc.start()
    found = look_through(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.evses, peak < 12_000_000 < path.stat().st_size) == (12_000, True)


def test_states_of_a_list_are_as_old_as_the_file(msp_desk: Desk, at: datetime, listed: Any) -> None:
    take(msp_desk, EXPORT, at)
    path = listed(STATES.read_bytes())
    fetched = at - timedelta(hours=2)
    os.utime(path, (fetched.timestamp(), fetched.timestamp()))
    listed_states = import_states(msp_desk, path, clock=lambda: at)
    assert (listed_states.tally.said, listed_states.tally.changed, listed_states.at) == (3, 3, fetched)
    assert [one.raw for one in listed_states.refused] == [
        '{\n     "EvseID": "CH*TSC*E1002*1",\n     "EVSEStatus": null\n    }'
    ]
    with scope(desk=msp_desk):
        one, other = Evse.objects.get(evse_id="CH*TSC*E1001*1"), Evse.objects.get(evse_id="CH*MUSTERSTROM*E201")
        assert (one.status, one.status_at, other.status) == ("Occupied", fetched, "OutOfService")
        os.utime(path, (at.timestamp() + 999, at.timestamp() + 999))
        assert import_states(msp_desk, path, clock=lambda: at).at == at
        assert status_confirmed_at(one) == at


@pytest.mark.parametrize(
    "form",
    [
        {"EvseStatuses": {"OperatorEvseStatus": [{"EvseStatusRecord": [{"EvseID": "A", "EvseStatus": "Unknown"}]}]}},
        {"EVSEStatusRecords": {"EvseStatusRecord": [{"EvseID": "A", "EvseStatus": "Unknown"}]}},
        {
            "ActionType": "fullLoad",
            "OperatorEvseStatus": {"EvseStatusRecord": {"EvseID": "A", "EVSEStatus": "Unknown"}},
        },
        [{"EvseStatus": "Unknown", "EvseID": "A"}],
    ],
    ids=str,
)
def test_states_come_in_every_form_too(listed: Any, form: Any) -> None:
    (said,) = look_through(listed(json.dumps(form))).statuses()
    assert (getattr(said, "evse_id", ""), getattr(said, "status", "")) == ("A", "Unknown")


def test_evses_are_no_states(msp_desk: Desk, at: datetime) -> None:
    with pytest.raises(ListUnreadable, match="pull-evses --file"):
        import_states(msp_desk, EXPORT, clock=lambda: at)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["content", "EvseID", "EVSEData", "x"]), inner),
)


@given(document=VALUES)
def test_whatever_a_document_is_it_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, document: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(document))
    try:
        pages = list(look_through(path).pages())
    except ListUnreadable:
        return
    assert all(isinstance(page, Page) for page in pages)
