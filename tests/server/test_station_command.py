from __future__ import annotations

from datetime import datetime

from django_scopes import scope

from builders import build_evse, build_station
from roamdesk.charging.services import refuse_station
from roamdesk.desks.models import Desk
from server.conftest import Type


def test_who_was_refused_is_told_as_the_whole_installations(typed: Type, cpo_desk: Desk, at: datetime) -> None:
    with scope(desk=cpo_desk):
        build_evse(build_station(cpo_desk, "NDL-0001"), "DE*NDL*E4421*1")
    refuse_station("NOBODY", "127.0.0.1", "unknown identity", at)
    assert typed("station", "list", "--desk", "nordlade").out.splitlines() == [
        "NDL-0001  never seen",
        "    DE*NDL*E4421*1  connector 1/1  no status yet",
        "Refused on the whole installation (they belong to no desk):",
        "    NOBODY  unknown identity  1 times, last 10/03 09:15 UTC",
    ]


def test_nothing_is_said_of_refusals_where_nobody_was_refused(typed: Type, cpo_desk: Desk) -> None:
    assert typed("station", "list", "--desk", "nordlade").out == "No station is registered.\n"


def test_a_station_of_another_desk_is_not_listed(typed: Type, cpo_desk: Desk, msp_desk: Desk) -> None:
    with scope(desk=cpo_desk):
        build_station(cpo_desk, "NDL-0001")
    assert "NDL-0001" not in typed("station", "list", "--desk", "voltpass").out
