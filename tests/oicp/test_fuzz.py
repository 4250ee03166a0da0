"""Whatever is sent to an inbound endpoint: answered in OICP, never lost, and what is refused changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
import schemathesis
import trustme
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from builders import build_evse, build_station
from oicp.conftest import HUB
from oicp_messages import (
    AUTHORISE_START,
    AUTHORISE_STOP,
    CDR,
    END_RESERVATION,
    EVSE,
    OPERATOR,
    PROVIDER,
    REMOTE_START_OF_HUB,
    REMOTE_STOP,
    RESERVE_OF_HUB,
    STARTED,
    UID,
)
from roamdesk.charging.models import Command, Evidence, RemoteStart, Reservation, Session, Token
from roamdesk.desks.models import Desk
from roamdesk.oicp.codes import DESCRIPTIONS
from roamdesk.oicp.following import fold_due
from roamdesk.oicp.models import Exchange, HubConnection
from roamdesk.oicp.port import Application, Environ, StartResponse, application
from roamdesk.oicp.schema import openapi
from roamdesk.oicp.wire import Message
from roamdesk.oicp.wire.writing import encode

EMP, CPO = "voltpass", "nordlade"
# By the end of its path: whose it is, whom the path names, and a message that is accepted or could be.
ENDPOINTS: dict[str, tuple[str, str, Message]] = {
    "v21/operators/{party}/authorize/start": (EMP, OPERATOR, AUTHORISE_START),
    "v21/operators/{party}/authorize/stop": (EMP, OPERATOR, AUTHORISE_STOP),
    "charge-detail-record": (EMP, OPERATOR, CDR),
    "charging-notifications": (EMP, "", STARTED),
    "authorize-remote/start": (CPO, PROVIDER, REMOTE_START_OF_HUB),
    "authorize-remote/stop": (CPO, PROVIDER, REMOTE_STOP),
    "reservation-start-request": (CPO, PROVIDER, RESERVE_OF_HUB),
    "reservation-stop-request": (CPO, PROVIDER, END_RESERVATION),
    "authorize-remote-reservation/start": (CPO, PROVIDER, RESERVE_OF_HUB),
    "authorize-remote-reservation/stop": (CPO, PROVIDER, END_RESERVATION),
}
KINDS = (Session, Evidence, Command, RemoteStart, Reservation)
FORGOTTEN = {"101", "102", "105"}  # of a card that is not ours nothing is kept, on purpose
CHECKS = [content_type_conformance, response_schema_conformance, status_code_conformance]
OPERATIONS = {
    result.ok().path: result.ok() for result in schemathesis.openapi.from_dict(openapi()).get_all_operations()
}


@st.composite
def calls(draw: st.DrawFn, path: str) -> Case:
    """As the schema has it, or not, or beside it; some members are those of a message that could be accepted."""
    mode = draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
    case = draw(OPERATIONS[path].as_strategy(generation_mode=mode))
    _, party, good = _endpoint(path)
    members = json.loads(encode(good))
    if isinstance(case.body, dict):
        case.body |= {name: members[name] for name in draw(st.sets(st.sampled_from(sorted(members))))}
    return draw(st.sampled_from([case, _whole(case, party, members)]))


def _whole(case: Case, party: str, members: dict[str, Any]) -> Case:
    """The message that could be accepted, beside whatever else was drawn."""
    rest = case.body if isinstance(case.body, dict) else {}
    return OPERATIONS[case.operation.path].Case(
        method="POST", path_parameters={"party": party} if party else {}, body=rest | members,
        media_type="application/json",
    )  # fmt: skip


def _endpoint(path: str) -> tuple[str, str, Message]:
    (found,) = (each for end, each in ENDPOINTS.items() if path.endswith(end))
    return found


@pytest.fixture
def certificate(monkeypatch: pytest.MonkeyPatch) -> str:
    """The hub's; its calls share the test's connection to the database."""
    monkeypatch.setattr("roamdesk.oicp.port.close_old_connections", lambda: None)
    return trustme.CA().issue_cert(HUB, common_name=HUB).cert_chain_pems[0].bytes().decode()


@pytest.fixture
def card(msp_desk: Desk) -> None:
    with scope(desk=msp_desk):
        Token.objects.create(desk=msp_desk, value=UID)


@pytest.fixture
def place(cpo_desk: Desk) -> None:
    """The EVSE of the messages, at a station that is away: it would take long to fall silent."""
    with scope(desk=cpo_desk):
        build_evse(build_station(cpo_desk), EVSE)


def port_of(desk: Desk, certificate: str) -> Application:
    """The port as WSGI, called by the hub below the desk's path."""

    def called(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environ |= {"PATH_INFO": f"/oicp/{desk.slug}{environ['PATH_INFO']}", "SSL_CLIENT_CERT": certificate}
        return application(environ, start_response)

    return called


def state(desk: Desk) -> list[Any]:
    """What the hub's calls may change."""
    with scope(desk=desk):
        return [list(kind.objects.filter(desk=desk).order_by("pk").values()) for kind in KINDS]


def kept(desk: Desk) -> int:
    with scope(desk=desk):
        return Exchange.objects.filter(desk=desk).count()


@pytest.mark.usefixtures("card", "place")
@pytest.mark.parametrize("path", OPERATIONS)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_endpoint_withstands_what_its_schema_allows_and_what_it_does_not(
    emp_hub: HubConnection, cpo_hub: HubConnection, certificate: str, path: str, data: st.DataObject
) -> None:
    slug, _, _ = _endpoint(path)
    desk = (emp_hub if slug == EMP else cpo_hub).desk
    case = data.draw(calls(path))
    before, stored = state(desk), kept(desk)
    response = case.call_and_validate(app=port_of(desk, certificate), base_url="http://localhost", checks=CHECKS)
    fold_due()
    said = response.json()
    assert said["StatusCode"]["Code"] in DESCRIPTIONS
    assert said["StatusCode"]["Code"] != "021"
    accepted = said.get("Result") is True or said.get("AuthorizationStatus") == "Authorized"
    assert accepted == (said["StatusCode"]["Code"] == "000")
    assert accepted or state(desk) == before
    assert kept(desk) == stored + 1 or said["StatusCode"]["Code"] in FORGOTTEN


@given(path=st.text(max_size=60), body=st.binary(max_size=50))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_path_is_answered(emp_hub: Any, hub_calls: Any, path: str, body: bytes) -> None:
    said = hub_calls(EMP, path, body)
    assert said["Result"] is False
    assert said["StatusCode"]["Code"] == "022"
