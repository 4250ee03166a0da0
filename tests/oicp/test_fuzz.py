"""Whatever is sent to an inbound endpoint: answered in OICP, never lost, and what is refused changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oicp_messages import (
    AUTHORISE_START,
    AUTHORISE_STOP,
    CDR,
    END_RESERVATION,
    OPERATOR,
    PROVIDER,
    REMOTE_START,
    REMOTE_STOP,
    RESERVE,
    STARTED,
)
from roamdesk.charging.models import Command, Evidence, Session
from roamdesk.desks.models import Desk
from roamdesk.oicp.codes import DESCRIPTIONS
from roamdesk.oicp.models import Exchange
from roamdesk.oicp.wire.writing import encode

EMP = "voltpass"
CPO = "nordlade"
ENDPOINTS: dict[str, tuple[str, str, bytes]] = {
    "authorise start": (EMP, f"/charging/v21/operators/{OPERATOR}/authorize/start", encode(AUTHORISE_START)),
    "authorise stop": (EMP, f"/charging/v21/operators/{OPERATOR}/authorize/stop", encode(AUTHORISE_STOP)),
    "record": (EMP, f"/cdrmgmt/v22/operators/{OPERATOR}/charge-detail-record", encode(CDR)),
    "notification": (EMP, "/notificationmgmt/v11/charging-notifications", encode(STARTED)),
    "remote start": (CPO, f"/charging/v21/providers/{PROVIDER}/authorize-remote/start", encode(REMOTE_START)),
    "remote stop": (CPO, f"/charging/v21/providers/{PROVIDER}/authorize-remote/stop", encode(REMOTE_STOP)),
    "reserve": (CPO, f"/reservation/v11/providers/{PROVIDER}/reservation-start-request", encode(RESERVE)),
    "end": (CPO, f"/reservation/v11/providers/{PROVIDER}/reservation-stop-request", encode(END_RESERVATION)),
}
REMEMBERED = {"authorise start"}  # of a card that is not ours nothing is kept, on purpose

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def bodies(draw: st.DrawFn, good: bytes) -> bytes:
    """A good message with some members replaced, left out or added; or no message at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=300))
    document: Any = json.loads(good)
    for name in draw(st.lists(st.sampled_from(sorted(document)), max_size=3)):
        document[name] = draw(anything)
    document |= draw(st.dictionaries(st.text(max_size=12), anything, max_size=1))
    return json.dumps(document).encode()


def state(desk: Desk) -> list[Any]:
    """What the hub's calls may change."""
    with scope(desk=desk):
        return [list(kind.objects.filter(desk=desk).order_by("pk").values()) for kind in (Session, Evidence, Command)]


def kept(desk: Desk) -> int:
    with scope(desk=desk):
        return Exchange.objects.filter(desk=desk).count()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_endpoint_withstands_anything(
    emp_hub: Any, cpo_hub: Any, hub_calls: Any, endpoint: str, data: st.DataObject
) -> None:
    slug, path, good = ENDPOINTS[endpoint]
    desk = (emp_hub if slug == EMP else cpo_hub).desk
    body = data.draw(bodies(good))
    before, stored = state(desk), kept(desk)
    said = hub_calls(slug, path, body)
    assert said["StatusCode"]["Code"] in DESCRIPTIONS
    assert said["StatusCode"]["Code"] != "021"
    accepted = said.get("Result") is True or said.get("AuthorizationStatus") == "Authorized"
    assert accepted == (said["StatusCode"]["Code"] == "000")
    assert accepted or state(desk) == before
    assert kept(desk) == stored + 1 or endpoint in REMEMBERED


@given(path=st.text(max_size=60), body=st.binary(max_size=50))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_path_is_answered(emp_hub: Any, hub_calls: Any, path: str, body: bytes) -> None:
    said = hub_calls(EMP, path, body)
    assert said["Result"] is False
    assert said["StatusCode"]["Code"] == "022"
