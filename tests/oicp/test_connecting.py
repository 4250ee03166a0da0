"""Connecting a desk with a hub, and looking whether it works."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from django.db import connection as django_connection
from django_scopes import scope

from hub_double import HubDouble, Reply, ack, credentials_in
from oicp_messages import REMOTE_STOP, SESSION
from roamdesk.desks.models import Desk
from roamdesk.desks.services import keep_personal_values
from roamdesk.oicp.connecting import ConnectionRefused, complaints, connect, connection_of, hub_client
from roamdesk.oicp.forgetting import forget_exchanges
from roamdesk.oicp.journal import SharedPace, one_push_at_a_time
from roamdesk.oicp.looking import look
from roamdesk.oicp.models import Exchange, HubConnection
from roamdesk.oicp.operations import PULL_EVSE_STATUS, PUSH_EVSE_DATA
from roamdesk.oicp.transport import Credentials


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> Credentials:
    return credentials_in(tmp_path, authority, "voltpass.example")


@pytest.fixture
def hub(authority: trustme.CA) -> Iterator[HubDouble]:
    with HubDouble(authority) as double:
        yield double


@pytest.fixture
def connection(msp_desk: Desk, files: Credentials, hub: HubDouble) -> HubConnection:
    return connect(
        msp_desk, base_url=hub.base_url + "/api/oicp", credentials=files, provider_id="DE-VPS", callers=["hub.example"]
    )


def test_a_connection_is_set_up_once_and_changed_after_that(
    connection: HubConnection, msp_desk: Desk, files: Credentials
) -> None:
    assert not connection.base_url.endswith("oicp")
    changed = connect(msp_desk, base_url="https://other.example", credentials=files, provider_id="DE*VPS")
    assert (changed.pk, changed.base_url, changed.callers) == (connection.pk, "https://other.example", [])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"provider_id": "DE-XYZ"}, "DE-XYZ is no provider id of this desk. It has DE-VPS."),
        ({"provider_id": "", "operator_id": "DE*NDL"}, "It has none."),
        ({"provider_id": ""}, "Name the id"),
        ({"provider_id": "nonsense!"}, "provider id"),
        ({"base_url": "http://hub.example"}, "https://"),
    ],
    ids=str,
)
def test_what_cannot_work_is_refused_and_changes_nothing(
    msp_desk: Desk, files: Credentials, change: Any, says: str
) -> None:
    values: dict[str, Any] = {"base_url": "https://hub.example", "credentials": files, "provider_id": "DE-VPS"}
    with pytest.raises(ConnectionRefused, match=says):
        connect(msp_desk, **values | change)
    with pytest.raises(ConnectionRefused, match="roamdesk oicp connect"):
        connection_of(msp_desk)


def test_a_key_that_does_not_fit_is_refused(msp_desk: Desk, files: Credentials, authority: trustme.CA) -> None:
    files.key.write_bytes(authority.issue_cert("other.example").private_key_pem.bytes())
    with pytest.raises(ConnectionRefused, match=r"key\.pem cannot be used"):
        connect(msp_desk, base_url="https://hub.example", credentials=files, provider_id="DE-VPS")


def test_every_call_is_kept_with_its_process_id(connection: HubConnection, msp_desk: Desk, hub: HubDouble) -> None:
    hub.replies = [ack(False, "310", SessionID=SESSION)]
    with hub_client(msp_desk) as client:
        client.remote_stop(REMOTE_STOP)
    with scope(desk=msp_desk):
        exchange = Exchange.objects.get()
        connection.refresh_from_db()
    assert (exchange.inbound, exchange.operation, exchange.code) == (False, "AuthorizeRemoteStop", "310")
    assert (exchange.verdict, exchange.session_id) == ("unknown", SESSION)
    assert exchange.process_id == "11111111-2222-3333-4444-555555555555"
    assert '"Result": false' in exchange.response
    assert connection.last_contact_at == exchange.at


def test_a_hub_that_is_away_is_noted(connection: HubConnection, msp_desk: Desk, hub: HubDouble) -> None:
    hub.replies = [Reply(manner="cut")]
    with hub_client(msp_desk) as client:
        client.remote_stop(REMOTE_STOP)
    with scope(desk=msp_desk):
        connection.refresh_from_db()
    assert "No answer from the hub" in connection.last_failure
    assert connection.last_contact_at is None


STATUS = b'{"EVSEStatusRecords":{"EvseStatusRecord":[]},"StatusCode":{"Code":"000"}}'


def test_looking_says_certificate_reachability_and_rights(
    connection: HubConnection, msp_desk: Desk, hub: HubDouble
) -> None:
    hub.replies = [Reply(STATUS)]
    told = list(look(msp_desk, datetime.now(UTC)))
    assert told[0].startswith("Certificate: voltpass.example, issued by")
    assert "answers with TLSv1.3, and its certificate is good" in told[1]
    assert told[2:] == [
        "Rights: the hub knows us as DE-VPS and answers our calls.",
        "Incoming: let in is a certificate in the name of hub.example.",
    ]
    assert [asked.path.rpartition("/")[2] for asked in hub.asked] == ["status-records-by-id"]


def test_looking_says_what_the_hub_refuses(connection: HubConnection, msp_desk: Desk, hub: HubDouble) -> None:
    hub.replies = [Reply(b'{"StatusCode":{"Code":"017","Description":"Unauthorized Access"}}', 401)]
    told = "\n".join(look(msp_desk, datetime.now(UTC)))
    assert "Rights: refused. The hub does not accept our certificate for this id" in told


def test_looking_tells_a_foreign_certificate_a_foreign_root_and_a_closed_door_apart(
    connection: HubConnection, msp_desk: Desk, hub: HubDouble, authority: trustme.CA, tmp_path: Path, files: Credentials
) -> None:
    def told(credentials: Credentials, url: str = hub.base_url) -> str:
        connect(msp_desk, base_url=url, credentials=credentials, provider_id="DE-VPS")
        return "\n".join(look(msp_desk, datetime.now(UTC)))

    stranger = trustme.CA()
    assert "refused our certificate" in told(credentials_in(tmp_path / "a", stranger, "x.example", root=authority))
    assert "Check the root file" in told(credentials_in(tmp_path / "b", authority, "x.example", root=stranger))
    assert "cannot be reached" in told(files, "https://127.0.0.1:1")
    assert hub.asked == []


def test_a_cpo_is_looked_at_by_the_handshake_only(cpo_desk: Desk, files: Credentials, hub: HubDouble) -> None:
    connect(cpo_desk, base_url=hub.base_url, credentials=files, operator_id="DE*NDL")
    told = "\n".join(look(cpo_desk, datetime.now(UTC)))
    assert "Rights: not tried" in told
    assert "Incoming: nobody is let in" in told
    assert hub.asked == []


def test_a_certificate_that_runs_out_is_told_in_time(
    msp_desk: Desk, authority: trustme.CA, tmp_path: Path, connection: HubConnection
) -> None:
    now = datetime.now(UTC)
    issued = authority.issue_cert("x.example", not_before=now - timedelta(days=9), not_after=now + timedelta(days=20))
    Path(connection.certificate).write_bytes(issued.cert_chain_pems[0].bytes())
    Path(connection.key).write_bytes(issued.private_key_pem.bytes())
    assert "expires in 19 days" in complaints(connection, now)[0]
    assert "expired on" in complaints(connection, now + timedelta(days=21))[0]
    assert complaints(connection, now - timedelta(days=20)) != []
    assert complaints(replace_root(connection), now) != []


def replace_root(connection: HubConnection) -> HubConnection:
    connection.root = "/nowhere"
    return connection


def test_all_processes_keep_one_pace(msp_desk: Desk, cpo_desk: Desk) -> None:
    waits = [SharedPace(msp_desk).wait_before(PULL_EVSE_STATUS, "DE-VPS") for _ in range(3)]
    assert waits == pytest.approx([0.0, 10.0, 20.0], abs=1.0)
    assert SharedPace(cpo_desk).wait_before(PULL_EVSE_STATUS, "DE-NDL") == 0.0


@pytest.mark.django_db(transaction=True)
def test_pushes_of_one_kind_take_turns(msp_desk: Desk) -> None:
    order: list[str] = []

    def second() -> None:
        with one_push_at_a_time(msp_desk, PUSH_EVSE_DATA):
            order.append("second")
        django_connection.close()

    thread = threading.Thread(target=second)
    with one_push_at_a_time(msp_desk, PUSH_EVSE_DATA):
        thread.start()
        thread.join(0.3)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_old_exchanges_are_forgotten(connection: HubConnection, msp_desk: Desk, hub: HubDouble) -> None:
    with hub_client(msp_desk) as client:
        client.remote_stop(REMOTE_STOP)
    now = datetime.now(UTC)
    keep_personal_values(msp_desk, 30)
    assert forget_exchanges(now + timedelta(days=29)) == 0
    assert forget_exchanges(now + timedelta(days=31)) == 1
