"""Calls to the hub over real TLS: what was accepted, what was refused, and what nobody can know."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from hub_double import HubDouble, Reply, ack, credentials_in
from oicp_messages import (
    AUTHORISE_START,
    CDR,
    GET_CDRS,
    PULL,
    PULL_BY_ID,
    REMOTE_START,
    REMOTE_STOP,
    STARTED,
    STATUS_PUSH,
)
from roamdesk.oicp import operations
from roamdesk.oicp.answers import Verdict
from roamdesk.oicp.client import Call, CrawlBroken, HubClient, crawl
from roamdesk.oicp.operations import OPERATIONS, PULL_EVSE_STATUS, PULL_EVSE_STATUS_BY_ID, Role
from roamdesk.oicp.pacing import PaceOfProcess
from roamdesk.oicp.transport import CredentialsUnusable, Transport
from roamdesk.oicp.wire import read
from roamdesk.oicp.wire.charging import AuthorizeRemoteStop
from roamdesk.oicp.wire.writing import encode

NOW = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)
PROCESS = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def hub(authority: trustme.CA) -> Iterator[HubDouble]:
    with HubDouble(authority) as double:
        yield double


class Waits(list[float]):
    """The seconds that a client would have slept."""


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def calls() -> list[Call]:
    return []


@pytest.fixture
def client(
    hub: HubDouble, authority: trustme.CA, tmp_path: Path, waits: Waits, calls: list[Call]
) -> Iterator[HubClient]:
    transport = Transport(hub.base_url, credentials_in(tmp_path, authority, "partner.example"))
    yield HubClient(
        transport, provider_id="DE-VPS", operator_id="DE*NDL", on_call=calls.append, sleep=waits.append,
        clock=lambda: NOW, pace=PaceOfProcess(clock=lambda: 0.0),
    )  # fmt: skip
    transport.close()


def test_a_remote_stop_goes_out_as_the_specification_has_it(client: HubClient, hub: HubDouble) -> None:
    outcome = client.remote_stop(REMOTE_STOP)
    assert (outcome.verdict, outcome.code, outcome.process_id) == (Verdict.ACCEPTED, "000", PROCESS)
    (asked,) = hub.asked
    assert asked.path == "/api/oicp/charging/v21/providers/DE-VPS/authorize-remote/stop"
    assert read(AuthorizeRemoteStop, asked.body).message == REMOTE_STOP
    assert asked.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert asked.headers["Accept-Encoding"] == "gzip"


def test_stars_and_plus_stay_as_they_are_in_a_path(client: HubClient, hub: HubDouble) -> None:
    replace(client, operator_id="+49*999").push_evse_status(with_operator("+49*999"))
    assert hub.asked[0].path == "/api/oicp/evsepush/v21/operators/+49*999/status-records"


def with_operator(operator: str) -> Any:
    push = json.loads(encode(STATUS_PUSH))
    push["OperatorEvseStatus"] |= {
        "OperatorID": operator,
        "EvseStatusRecord": [{"EvseID": f"{operator}*7", "EvseStatus": "Available"}],
    }
    return read(type(STATUS_PUSH), json.dumps(push).encode()).message


def status(code: str, http: int) -> Reply:
    return Reply(json.dumps({"StatusCode": {"Code": code, "Description": "d"}}).encode(), http)


VALIDATION = json.dumps(
    {"message": "Error", "validationErrors": [{"fieldReference": "a.b", "errorMessage": "may not be null"}]}
).encode()


@pytest.mark.parametrize(
    ("reply", "verdict", "code", "says"),
    [
        (ack(False, "400"), Verdict.REFUSED, "400", "session is closed"),
        (ack(False, "310"), Verdict.UNKNOWN, "310", "not known"),
        (ack(True, "021"), Verdict.ACCEPTED, "021", "Accepted"),
        (ack(False, "000"), Verdict.REFUSED, "000", "without a reason"),
        (ack(False, "987"), Verdict.REFUSED, "987", "no document knows"),
        (status("017", 401), Verdict.REFUSED, "017", "certificate"),
        (status("300", 404), Verdict.REFUSED, "300", "partner"),
        (status("001", 500), Verdict.REFUSED, "001", "Process-ID"),
        (status("310", 504), Verdict.UNKNOWN, "310", "not known"),
        (Reply(VALIDATION, 400), Verdict.WRONG_DATA, "", "a.b: may not be null"),
        (Reply(b"<html>Forbidden</html>", 403), Verdict.REFUSED, "", "address registered"),
        (Reply("<html>Größe</html>".encode("latin-1"), 500), Verdict.UNKNOWN, "", "HTTP 500"),
        (Reply(b"", 408), Verdict.UNKNOWN, "", "HTTP 408"),
        (Reply(b"", 429), Verdict.TOO_MANY, "", "did not take"),
        (Reply(b"", 302, {"Location": "https://elsewhere.example/"}), Verdict.UNKNOWN, "", "no OICP message"),
        (Reply(b"<html>ok</html>", 200), Verdict.UNKNOWN, "", "no OICP message"),
        (Reply(b"{}", 200), Verdict.UNKNOWN, "", "neither a result nor"),
        (Reply(b"", manner="cut"), Verdict.UNKNOWN, "", "No answer"),
        (Reply(b'{"Result": tru', manner="half"), Verdict.UNKNOWN, "", "broke off"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_each_answer_is_read_for_what_it_is_and_a_stop_is_never_repeated_by_itself(
    client: HubClient, hub: HubDouble, reply: Reply, verdict: Verdict, code: str, says: str
) -> None:
    hub.replies = [reply]
    outcome = client.remote_stop(REMOTE_STOP)
    assert (outcome.verdict, outcome.code) == (verdict, code)
    assert says in outcome.says
    assert len(hub.asked) == 1


def test_a_contradiction_is_flagged_and_the_boolean_wins(client: HubClient, hub: HubDouble) -> None:
    hub.replies = [ack(True, "501")]
    outcome = client.remote_stop(REMOTE_STOP)
    assert outcome.accepted
    assert "contradicts" in str(outcome.findings[0])


def test_silence_is_not_an_answer(
    client: HubClient, hub: HubDouble, monkeypatch: pytest.MonkeyPatch, calls: list[Call]
) -> None:
    hub.replies = [Reply(manner="late")]
    monkeypatch.setattr(operations, "REMOTE_STOP", replace(operations.REMOTE_STOP, patience=0.2))
    outcome = client.remote_stop(REMOTE_STOP)
    assert outcome.verdict is Verdict.UNKNOWN
    assert [call.outcome.verdict for call in calls] == [Verdict.UNKNOWN]


def test_an_acknowledgement_in_place_of_an_authorisation_is_a_refusal(client: HubClient, hub: HubDouble) -> None:
    hub.replies = [ack(False, "300")]
    assert client.authorize_start(AUTHORISE_START).verdict is Verdict.REFUSED
    hub.replies = [Reply(b'{"AuthorizationStatus":"Authorized","StatusCode":{"Code":"000"}}')]
    assert client.authorize_start(AUTHORISE_START).accepted


@pytest.mark.parametrize("start", ["remote_start", "authorize_start"])
def test_what_opens_a_session_is_never_sent_twice(client: HubClient, hub: HubDouble, start: str) -> None:
    hub.replies = [Reply(b"", manner="cut")]
    message = REMOTE_START if start == "remote_start" else AUTHORISE_START
    assert getattr(client, start)(message).verdict is Verdict.UNKNOWN
    assert len(hub.asked) == 1


def test_a_push_is_repeated_with_growing_pauses_until_it_is_taken(
    client: HubClient, hub: HubDouble, waits: Waits
) -> None:
    hub.replies = [Reply(b"", 503), Reply(b"", manner="cut"), Reply(b"", 429), ack()]
    outcome = client.push_evse_status(STATUS_PUSH)
    assert outcome.accepted
    assert outcome.tries == 4
    pauses = [wait for wait in waits if wait >= 0.5]
    assert pauses == sorted(pauses)
    assert 0.5 <= pauses[0] <= 1.0
    assert pauses[-1] <= 4.0


def test_a_push_that_is_refused_is_not_repeated(client: HubClient, hub: HubDouble) -> None:
    hub.replies = [ack(False, "018")]
    assert client.push_evse_status(STATUS_PUSH).verdict is Verdict.REFUSED
    assert len(hub.asked) == 1


def test_a_record_that_may_have_arrived_before_is_unconfirmed_not_refused(client: HubClient, hub: HubDouble) -> None:
    hub.replies = [Reply(b"", manner="cut"), ack(False, "400")]
    outcome = client.send_charge_detail_record(CDR)
    assert outcome.verdict is Verdict.UNKNOWN
    assert "delivery unconfirmed" in outcome.says
    hub.replies = [ack(False, "400")]
    assert client.send_charge_detail_record(CDR).verdict is Verdict.REFUSED


def test_a_connection_is_kept_and_dropped_after_a_5xx(client: HubClient, hub: HubDouble) -> None:
    hub.replies = [ack(), ack(), Reply(b"{}", 500), ack()]
    for _ in range(4):
        client.remote_stop(REMOTE_STOP)
    first, second, third, fourth = [asked.connection for asked in hub.asked]
    assert first == second == third
    assert fourth != third


def test_a_gzipped_answer_is_read_and_one_too_large_is_not(
    client: HubClient, hub: HubDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    zipped = Reply(gzip.compress(ack().body), headers={"Content-Encoding": "gzip"})
    hub.replies = [zipped]
    assert client.remote_stop(REMOTE_STOP).accepted
    monkeypatch.setattr("roamdesk.oicp.transport.LARGEST_ANSWER", 1000)
    hub.replies = [Reply(gzip.compress(b" " * 5_000_000), headers={"Content-Encoding": "gzip"})]
    outcome = client.remote_stop(REMOTE_STOP)
    assert outcome.verdict is Verdict.UNKNOWN
    assert "larger than 1000 bytes" in outcome.says


def test_what_breaks_a_rule_never_leaves(client: HubClient, hub: HubDouble, calls: list[Call]) -> None:
    outcome = client.remote_stop(AuthorizeRemoteStop(SessionID="string", ProviderID="DE-VPS", EvseID="DE*NDL*E1"))
    assert outcome.verdict is Verdict.NOT_SENT
    assert "/SessionID: does not match the SessionID pattern" in outcome.says
    ahead = replace(client, clock=lambda: datetime(2026, 3, 9, tzinfo=UTC)).send_charge_detail_record(CDR)
    assert "in the future" in ahead.says
    assert (hub.asked, calls) == ([], [])


def test_a_desk_without_an_id_in_the_role_sends_nothing(client: HubClient, hub: HubDouble) -> None:
    outcome = replace(client, provider_id="").remote_stop(REMOTE_STOP)
    assert outcome.verdict is Verdict.NOT_SENT
    assert "no id as EMP" in outcome.says
    assert hub.asked == []


def page(number: int, *, last: bool, content: int = 1) -> Reply:
    document = {
        "content": [{"EvseID": f"DE*NDL*E{number}{row}"} for row in range(content)], "number": number, "size": 2,
        "totalElements": 99, "totalPages": 50, "numberOfElements": content, "first": number == 0, "last": last,
    }  # fmt: skip
    return Reply(json.dumps(document).encode())


def test_a_crawl_ends_with_the_last_page_or_an_empty_one_not_with_the_totals(client: HubClient, hub: HubDouble) -> None:
    hub.replies = [page(0, last=False), page(1, last=True), page(2, last=False)]
    numbers = [number for number, _, _ in crawl(lambda number: client.pull_evse_data(PULL, number, 2))]
    assert numbers == [0, 1]
    assert [asked.path.partition("?")[2] for asked in hub.asked] == ["page=0&size=2", "page=1&size=2"]
    hub.replies = [page(7, last=False, content=0)]
    assert [number for number, _, _ in crawl(lambda number: client.pull_evse_data(PULL, number), first=7)] == [7]


def test_a_broken_crawl_says_where_to_go_on(client: HubClient, hub: HubDouble) -> None:
    hub.replies = [page(0, last=False), status("210", 403)]
    with pytest.raises(CrawlBroken, match="Page 1 could not be pulled") as broken:
        list(crawl(lambda number: client.pull_evse_data(PULL, number)))
    assert broken.value.page == 1


def test_every_operation_can_be_called_on_its_path(client: HubClient, hub: HubDouble) -> None:
    for operation in OPERATIONS:
        hub.replies = [ack()]
        party = client.provider_id if operation.caller is Role.EMP else client.operator_id
        assert client.transport.post(operation.path_for(party), b"{}", patience=5).status == 200
    assert len({asked.path for asked in hub.asked}) == len(OPERATIONS) == 20


def test_calls_of_one_kind_keep_the_pace_that_the_hub_allows(client: HubClient, waits: Waits) -> None:
    for _ in range(3):
        client.pull_evse_status_by_id(PULL_BY_ID)
    client.notify(STARTED)
    assert waits == pytest.approx([0.0, 0.2, 0.4, 0.0])


def test_the_pace_follows_the_clock_and_the_partner() -> None:
    now = [100.0]
    pace = PaceOfProcess(clock=lambda: now[0])
    assert [pace.wait_before(PULL_EVSE_STATUS, "DE-VPS") for _ in range(3)] == [0.0, 10.0, 20.0]
    assert pace.wait_before(PULL_EVSE_STATUS, "DE-XYZ") == 0.0
    assert pace.wait_before(PULL_EVSE_STATUS_BY_ID, "DE-VPS") == 0.0
    now[0] += 25
    assert pace.wait_before(PULL_EVSE_STATUS, "DE-VPS") == 5.0


def test_a_certificate_of_a_stranger_is_not_let_in(hub: HubDouble, authority: trustme.CA, tmp_path: Path) -> None:
    foreign = credentials_in(tmp_path, trustme.CA(), "partner.example", root=authority)
    outcome = emp(hub, Transport(hub.base_url, foreign)).remote_stop(REMOTE_STOP)
    assert outcome.verdict in (Verdict.NOT_SENT, Verdict.UNKNOWN)
    assert hub.asked == []


def test_a_hub_that_its_root_does_not_vouch_for_is_sent_nothing(
    hub: HubDouble, authority: trustme.CA, tmp_path: Path
) -> None:
    wrong_root = credentials_in(tmp_path, authority, "partner.example", root=trustme.CA())
    outcome = emp(hub, Transport(hub.base_url, wrong_root)).remote_stop(REMOTE_STOP)
    assert outcome.verdict is Verdict.NOT_SENT
    assert "local issuer" in outcome.says or "self-signed" in outcome.says
    assert hub.asked == []


def test_a_certificate_for_another_host_is_sent_nothing(authority: trustme.CA, tmp_path: Path) -> None:
    with HubDouble(authority, host="elsewhere.example") as other:
        transport = Transport(other.base_url, credentials_in(tmp_path, authority, "partner.example"))
        outcome = emp(other, transport).remote_stop(REMOTE_STOP)
    assert outcome.verdict is Verdict.NOT_SENT
    assert other.asked == []


def test_a_hub_that_is_not_there_was_not_reached(authority: trustme.CA, tmp_path: Path) -> None:
    gone = HubDouble(authority)
    gone._server.server_close()
    transport = Transport(gone.base_url, credentials_in(tmp_path, authority, "partner.example"))
    outcome = emp(gone, transport).get_charge_detail_records(GET_CDRS)
    assert outcome.verdict is Verdict.NOT_SENT
    assert outcome.tries == 4
    assert "cannot be reached" in outcome.says


def emp(hub: HubDouble, transport: Transport) -> HubClient:
    return HubClient(transport, provider_id="DE-VPS", sleep=lambda _: None, clock=lambda: NOW)


@pytest.mark.parametrize("broken", ["certificate", "key", "root"])
def test_unusable_files_are_named(authority: trustme.CA, tmp_path: Path, broken: str) -> None:
    credentials = credentials_in(tmp_path, authority, "partner.example")
    getattr(credentials, broken).write_text("no PEM")
    with pytest.raises(CredentialsUnusable, match=rf"{broken}.pem"):
        Transport("https://127.0.0.1:1", credentials)
    getattr(credentials, broken).unlink()
    with pytest.raises(CredentialsUnusable, match=r"No such file"):
        Transport("https://127.0.0.1:1", credentials)


def test_an_address_without_tls_is_refused(authority: trustme.CA, tmp_path: Path) -> None:
    with pytest.raises(CredentialsUnusable, match="https"):
        Transport("http://127.0.0.1:1", credentials_in(tmp_path, authority, "partner.example"))
