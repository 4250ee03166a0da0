"""A CPO desk with one station of two EVSEs, and somebody who listens to its commands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from django_scopes import scope

from builders import build_evse, build_station
from roamdesk.charging import ports
from roamdesk.charging.models import Command, Evse, Station
from roamdesk.desks.models import Desk


@pytest.fixture
def in_cpo_desk(cpo_desk: Desk) -> Iterator[Desk]:
    with scope(desk=cpo_desk):
        yield cpo_desk


@pytest.fixture
def station(in_cpo_desk: Desk, at: datetime) -> Station:
    """Connected a moment ago."""
    return build_station(in_cpo_desk, connection_id="c-1", connected_at=at, last_seen_at=at)


@pytest.fixture
def evse(station: Station) -> Evse:
    return build_evse(station, "DE*NDL*E4421*1", place_hint="left socket")


@pytest.fixture
def other_evse(station: Station) -> Evse:
    return build_evse(station, "DE*NDL*E4421*2", connector_number=2, place_hint="right socket")


@pytest.fixture
def heard() -> Iterator[list[tuple[str, str, bool]]]:
    """(state, outcome, late) of each command as a listener heard it."""
    told: list[tuple[str, str, bool]] = []

    def listen(command: Command) -> None:
        told.append((str(command.state), str(command.outcome), command.late))

    ports.on_command_finished(listen)
    yield told
    ports._listeners.remove(listen)
