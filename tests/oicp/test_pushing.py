"""What a desk tells the hub, over real TLS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from django_scopes import scope

from builders import build_evse, build_station
from hub_double import HubDouble, ack, credentials_in
from oicp_messages import UID
from roamdesk.charging.models import Token
from roamdesk.charging.roaming.services import block_token
from roamdesk.desks.models import Desk
from roamdesk.oicp.connecting import ConnectionRefused, connect
from roamdesk.oicp.pushing import PushRefused, push_evse_data, push_statuses, push_tokens

PUSH = Path(__file__).parents[1] / "vectors/oicp/synthetic/push-evse-data.request.din-operator.json"
RECORD: dict[str, Any] = json.loads(PUSH.read_bytes())["OperatorEvseData"]["EvseDataRecord"][0]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def hub(
    authority: trustme.CA, tmp_path: Path, msp_desk: Desk, cpo_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> Iterator[HubDouble]:
    monkeypatch.setattr("roamdesk.oicp.journal.spacing", lambda _: 0.0)
    files = credentials_in(tmp_path, authority, "partner.example")
    with HubDouble(authority) as double:
        connect(msp_desk, base_url=double.base_url, credentials=files, provider_id="DE-VPS")
        connect(cpo_desk, base_url=double.base_url, credentials=files, operator_id="DE*NDL")
        yield double


def file_of(folder: Path, *records: Any) -> Path:
    file = folder / "evses.json"
    file.write_text(json.dumps(records))
    return file


def sent(hub: HubDouble) -> list[dict[str, Any]]:
    return [json.loads(asked.body) for asked in hub.asked]


def test_records_of_a_file_are_pushed_in_parts_and_a_full_load_whole(
    cpo_desk: Desk, hub: HubDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roamdesk.oicp.pushing.AT_A_TIME", 2)
    file = file_of(tmp_path, *(RECORD | {"EvseID": f"DE*NDL*E{number}"} for number in range(3)))
    assert push_evse_data(cpo_desk, file, "insert").sent == 3
    assert push_evse_data(cpo_desk, file, "fullLoad").sent == 3
    assert [len(push["OperatorEvseData"]["EvseDataRecord"]) for push in sent(hub)] == [2, 1, 3]
    assert hub.asked[0].path == "/api/oicp/evsepush/v23/operators/DE*NDL/data-records"


def test_a_full_load_of_nothing_needs_a_word(cpo_desk: Desk, hub: HubDouble, tmp_path: Path) -> None:
    with pytest.raises(PushRefused, match="take every EVSE out of roaming"):
        push_evse_data(cpo_desk, file_of(tmp_path), "fullLoad")
    assert hub.asked == []
    push_evse_data(cpo_desk, file_of(tmp_path), "fullLoad", empty_is_meant=True)
    assert sent(hub)[0]["OperatorEvseData"]["EvseDataRecord"] == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"HotlinePhoneNumber": "030 5550"}, "HotlinePhoneNumber"),
        ({"EvseID": "DE*XYZ*E1"}, "018"),
        ({"Plugs": []}, "Plugs"),
    ],
    ids=str,
)
def test_a_record_with_a_fault_never_leaves(
    cpo_desk: Desk, hub: HubDouble, tmp_path: Path, change: Any, says: str
) -> None:
    with pytest.raises(PushRefused, match=says):
        push_evse_data(cpo_desk, file_of(tmp_path, RECORD | {"EvseID": "DE*NDL*E1"} | change), "update")
    assert hub.asked == []


@pytest.mark.parametrize("text", ["{", "{}", "[1]"])
def test_a_file_that_holds_no_records_is_refused(cpo_desk: Desk, hub: HubDouble, tmp_path: Path, text: str) -> None:
    file = tmp_path / "evses.json"
    file.write_text(text)
    with pytest.raises(PushRefused, match=r"evses\.json"):
        push_evse_data(cpo_desk, file, "update")


def test_what_the_hub_refuses_is_told_with_its_process_id(cpo_desk: Desk, hub: HubDouble, tmp_path: Path) -> None:
    hub.replies = [ack(False, "018")]
    with pytest.raises(PushRefused, match=r"Refused: .*another operator's.* Process-ID: 1111"):
        push_evse_data(cpo_desk, file_of(tmp_path, RECORD | {"EvseID": "DE*NDL*E1"}), "update")


def test_states_of_our_stations_are_pushed_as_the_hub_words_them(cpo_desk: Desk, hub: HubDouble) -> None:
    with scope(desk=cpo_desk):
        here = build_station(cpo_desk, "NDL-1", connection_id="holder/1")
        away = build_station(cpo_desk, "NDL-2")
        build_evse(here, "DE*NDL*E1", status="SuspendedEV")
        build_evse(here, "DE*NDL*E2", status="Faulted", connector_number=2)
        build_evse(here, "DE*NDL*E3", status="Odd", connector_number=3)
        build_evse(away, "DE*NDL*E4", status="Available")
        build_evse(away, "no id", connector_number=2)
    assert push_statuses(cpo_desk, "update").sent == 4
    records = sent(hub)[0]["OperatorEvseStatus"]["EvseStatusRecord"]
    assert [(record["EvseID"][-1], record["EvseStatus"]) for record in records] == [
        ("1", "Occupied"), ("2", "OutOfService"), ("3", "Unknown"), ("4", "OutOfService"),
    ]  # fmt: skip


def test_tokens_are_left_with_the_hub_without_the_blocked_ones(msp_desk: Desk, hub: HubDouble, at: datetime) -> None:
    with pytest.raises(PushRefused, match="has no token"):
        push_tokens(msp_desk)
    with scope(desk=msp_desk):
        Token.objects.create(desk=msp_desk, value=UID)
        Token.objects.create(desk=msp_desk, kind=Token.Kind.CONTRACT, value="DE-VPS-C00012345-2")
        lost = Token.objects.create(desk=msp_desk, value="04FFFFFF")
    block_token(msp_desk, lost, because="lost", at=at)
    assert push_tokens(msp_desk).sent == 2
    data = sent(hub)[0]["ProviderAuthenticationData"]
    assert [list(record["Identification"]) for record in data["AuthenticationDataRecord"]] == [
        ["RFIDMifareFamilyIdentification"], ["RemoteIdentification"],
    ]  # fmt: skip


def test_each_role_pushes_its_own_only(cpo_desk: Desk, msp_desk: Desk, hub: HubDouble) -> None:
    with pytest.raises(ConnectionRefused, match="only a CPO"):
        push_statuses(msp_desk, "update")
    with pytest.raises(ConnectionRefused, match="only an MSP"):
        push_tokens(cpo_desk)
    assert hub.asked == []
