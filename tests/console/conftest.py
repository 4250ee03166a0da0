"""The console over HTTP: two desks with a stuck cable, asked for by whoever needs it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django_scopes import scope

from builders import build_evse, build_station, person_at
from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case
from roamdesk.cases.services import open_case
from roamdesk.charging.models import Evse, Plug
from roamdesk.desks.models import Desk, Person, Role
from roamdesk.partners.models import Partner

LABEL = "DE*NDL*E0472*1"
TOKEN = "04A25B1C9D4F80"
STREET = "Warschauer Str. 58, Berlin"


@pytest.fixture(scope="session", autouse=True)
def static_folder() -> None:
    """Static files come from their rooms here; the folder of collected ones must only exist."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def evses(msp_desk: Desk, cpo_desk: Desk) -> list[Evse]:
    """Two sockets of one post of Nordlade, as VoltPass knows them; the first as Nordlade has it."""
    with scope(desk=msp_desk):
        partner = Partner.objects.get(name="Nordlade")
        known = {"desk": msp_desk, "partner": partner, "plug": Plug.TYPE2_SOCKET, "address": STREET}
        found = [
            Evse.objects.create(label=LABEL, evse_id=LABEL, place_hint="left socket", **known),
            Evse.objects.create(label="DE*NDL*E0472*2", evse_id="DE*NDL*E0472*2", place_hint="right socket", **known),
        ]
    with scope(desk=cpo_desk):
        build_evse(build_station(cpo_desk, "BER-WAR-058", address=STREET, connection_id="c1"), LABEL)
    return found


@pytest.fixture
def partner(msp_desk: Desk) -> Iterator[Partner]:
    """Nordlade, as VoltPass has it; in VoltPass's scope."""
    with scope(desk=msp_desk):
        yield Partner.objects.get(name="Nordlade")


@pytest.fixture
def manager(msp_desk: Desk) -> Person:
    """The partner manager of VoltPass."""
    return person_at(msp_desk, "paula.partner", Role.PARTNER_MANAGER)


@pytest.fixture
def stuck(msp_desk: Desk, msp_operator: Person, evses: list[Evse]) -> Case:
    """A stuck cable at VoltPass, three minutes old, with a token."""
    return a_case(msp_desk, msp_operator, caller="user", problem="cable_stuck", stuck_end="station", token=TOKEN)


@pytest.fixture
def asked(cpo_desk: Desk, cpo_operator: Person, evses: list[Evse]) -> Case:
    """The same at Nordlade: a partner has called."""
    return a_case(cpo_desk, cpo_operator, caller="partner", problem="cable_stuck")


def a_case(desk: Desk, person: Person, **facts: str) -> Case:
    at = datetime.now(UTC) - timedelta(minutes=3)
    with scope(desk=desk):
        evse = Evse.objects.get(label=LABEL)
        partner = Partner.objects.first()
        side = desk.sides[0]
        return open_case(desk, side=side, facts=facts, actor=Actor.of(person), at=at, partner=partner, evse=evse)
