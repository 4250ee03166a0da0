"""VoltPass (DE-VPS) and Nordlade (DE*NDL), each connected with a hub, and the port that it calls."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from django_scopes import scope

from hub_double import credentials_in
from roamdesk.desks.models import Desk
from roamdesk.oicp.admission import Caller
from roamdesk.oicp.following import fold_due
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.port import Port
from roamdesk.oicp.reception import Inbound, answer
from roamdesk.oicp.wire import Message
from roamdesk.oicp.wire.writing import encode

HUB = "hub.example"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def port(authority: trustme.CA, tmp_path: Path) -> Iterator[Port]:
    ours = credentials_in(tmp_path / "ours", authority, "127.0.0.1")
    port = Port("127.0.0.1", 0, certificate=str(ours.certificate), key=str(ours.key), roots=str(ours.root))
    port.start()
    yield port
    port.stop()


def connected(desk: Desk, **ids: str) -> HubConnection:
    with scope(desk=desk):
        made: HubConnection = HubConnection.objects.create(
            desk=desk, base_url="https://hub.example", certificate="/nowhere", key="/nowhere", root="/nowhere",
            callers=[HUB], **ids,
        )  # fmt: skip
    return made


@pytest.fixture
def emp_hub(msp_desk: Desk) -> HubConnection:
    return connected(msp_desk, provider_id="DE-VPS")


@pytest.fixture
def cpo_hub(cpo_desk: Desk) -> HubConnection:
    return connected(cpo_desk, operator_id="DE*NDL")


Hub = Callable[..., dict[str, Any]]


@pytest.fixture
def hub_calls(at: datetime) -> Hub:
    """Call a desk as the hub does, past TLS, a second later each time: desk, path from /api/oicp on, message.

    What follows an answer has followed when it returns, unless ``follows`` is False.
    """
    seconds = itertools.count()

    def call(
        slug: str, path: str, message: Message | bytes, caller: str = HUB, *, follows: bool = True
    ) -> dict[str, Any]:
        body = message if isinstance(message, bytes) else encode(message)
        said = answer(
            Inbound(slug, f"/api/oicp{path}", body, Caller(caller), at + timedelta(seconds=next(seconds)), "process-1")
        )
        document: dict[str, Any] = json.loads(said)
        if follows:
            fold_due()
        return document

    return call
