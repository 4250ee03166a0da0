from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from django_scopes import scope

from hub_double import HubDouble, Reply, credentials_in
from roamdesk.desks.models import Desk
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.transport import Credentials
from roamdesk.server import options
from roamdesk.server.commands import serve
from server.conftest import Type

PAGE = Path(__file__).parents[1] / "vectors/oicp/synthetic/pull-evse-data.response.opening-times.json"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def hub(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubDouble]:
    monkeypatch.setattr("roamdesk.oicp.journal.spacing", lambda _: 0.0)
    with HubDouble(authority) as double:
        yield double


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> Credentials:
    return credentials_in(tmp_path, authority, "voltpass.example")


@pytest.fixture
def connected(typed: Type, hub: HubDouble, files: Credentials, msp_desk: Desk) -> str:
    words = ["--url", hub.base_url, "--certificate", str(files.certificate), "--key", str(files.key)]
    more = ["--root", str(files.root), "--provider-id", "DE-VPS", "--caller", "Hub QA", "--caller", "Hub"]
    return typed("oicp", "connect", "--desk", "voltpass", *words, *more).out


def test_a_desk_is_connected_by_command(connected: str, msp_desk: Desk) -> None:
    assert "The hub calls it below /oicp/voltpass" in connected
    with scope(desk=msp_desk):
        assert HubConnection.objects.get().callers == ["Hub QA", "Hub"]


def test_ping_says_what_holds_line_by_line(connected: str, typed: Type, hub: HubDouble) -> None:
    hub.replies = [Reply(b'{"EVSEStatusRecords":{"EvseStatusRecord":[]},"StatusCode":{"Code":"000"}}')]
    said = typed("oicp", "ping", "--desk", "voltpass").out.splitlines()
    assert [line.partition(":")[0] for line in said] == ["Certificate", "Reachability", "Rights", "Incoming"]


def test_the_directory_is_pulled_with_progress_and_asks_before_it_is_emptied(
    connected: str, typed: Type, hub: HubDouble
) -> None:
    page = json.loads(PAGE.read_bytes())
    hub.replies = [Reply(json.dumps(page).encode()), Reply(json.dumps(page | {"content": []}).encode())]
    first = typed("oicp", "pull-evses", "--full", "--desk", "voltpass")
    assert "Page 1: 1 records" in first.err
    assert first.out == "1 records pulled, 0 of them refused. The directory is up to date.\n"
    asked = typed("oicp", "pull-evses", "--full", "--desk", "voltpass")
    assert "Withdraw those that are missing? Nothing was changed." in asked.out
    assert typed("oicp", "decide", "drop", "--desk", "voltpass").out == "Dropped.\n"
    assert "waits for an answer" in typed("oicp", "decide", "take", "--desk", "voltpass").err


def test_a_published_list_needs_no_hub(typed: Type, msp_desk: Desk) -> None:
    lists = Path(__file__).parents[1] / "vectors/station-lists"
    told = typed("oicp", "pull-evses", "--desk", "voltpass", "--file", str(lists / "national-export.json"))
    assert "Looking through national-export.json: 0 records so far" in told.err
    assert f"[{'#' * 30}] 100% 7 records" in told.err
    assert told.out == (
        "7 records read, 2 of them refused. The directory is up to date. The console shows which, and why.\n"
    )
    states = typed("oicp", "pull-status", "--desk", "voltpass", "--file", str(lists / "national-states.json"))
    assert "UTC read, 3 changed, 1 refused.\nRefused: The record lacks its EvseID or its EvseStatus." in states.out
    wrong = typed("oicp", "pull-status", "--desk", "voltpass", "--file", "nowhere.json")
    assert (wrong.code, "No such file" in wrong.err) == (1, True)


def test_a_desk_without_hub_and_a_push_without_file_are_told_what_to_do(
    typed: Type, msp_desk: Desk, connected: str
) -> None:
    refused = typed("oicp", "pull-status", "--desk", "nordlade")
    assert (refused.code, "roamdesk oicp connect --help" in refused.err) == (1, True)
    assert "Name the file" in typed("oicp", "push", "data", "--desk", "voltpass").err


def test_a_time_without_an_offset_is_no_time(typed: Type, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        typed("oicp", "cdrs", "--since", "2026-03-01T00:00", "--desk", "voltpass")
    assert "names no offset" in capsys.readouterr().err


def test_serve_brings_the_hubs_port_along_where_an_address_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert serve._hub_parts() == []
    monkeypatch.setenv(options.OICP_LISTEN.name, "127.0.0.1:8443")
    assert [part.command[-2:] for part in serve._hub_parts()] == [["oicp", "port"]]


def test_the_port_says_which_address_is_missing(typed: Type) -> None:
    refused = typed("oicp", "port")
    assert (refused.code, options.OICP_LISTEN.name in refused.err) == (1, True)


def test_what_the_hub_may_send_is_printed_as_openapi(typed: Type) -> None:
    said = json.loads(typed("oicp", "schema").out)
    start = said["paths"]["/api/oicp/charging/v21/operators/{party}/authorize/start"]["post"]
    body = start["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"oneOf": [{"$ref": "#/components/schemas/AuthorizeStart"}]}
    assert said["components"]["schemas"]["MifareIdentification"]["required"] == ["UID"]
