"""A reservation that a hub asks for: one at an EVSE, for one User, until it is used, given up or run out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scope

from builders import build_evse, build_station
from roamdesk.charging.models import Command, Evse, RemoteStart, Reservation, Session
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.said import Origin, SessionIds, Step, TokenSaid
from roamdesk.charging.roaming.services import (
    Hindrance,
    OrderRefused,
    order_cancellation,
    order_reservation,
    order_start,
    settle_cancellation,
    settle_reservation,
)
from roamdesk.charging.services import command_answered, may_charge, reservation_over, store_session_started
from roamdesk.desks.models import Desk
from roaming_messages import EVSE_ID, SESSION, authorisation, minutes

EVCO, PROVIDER = "DE-VPS-C00012345-2", "DE-VPS"
OTHER = "00000000-0000-4000-8000-000000000000"
SAID = authorisation(step=Step.RESERVATION, token=TokenSaid(contract_id=EVCO), operator_id="")
START = replace(SAID, step=Step.REMOTE_START, ids=SessionIds(OTHER), origin=Origin(minutes(5)))
STRANGER = TokenSaid(contract_id="DE-VPS-C00099999-9")
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def evse(msp_desk: Desk, cpo_desk: Desk) -> Evse:
    with scope(desk=cpo_desk):
        return build_evse(build_station(cpo_desk, connection_id="holder/1"), EVSE_ID)


@pytest.fixture
def kept(evse: Evse) -> Reservation:
    """Accepted by the station, until half past."""
    reservation = order_reservation(evse.desk, evse, SAID, HALF_AN_HOUR)
    answered(reservation.command_id, Outcome.ACCEPTED, evse.desk)
    assert settle_reservation(evse.desk, reservation, minutes(0))
    return reservation


def answered(command_id: int | None, outcome: Outcome, desk: Desk) -> None:
    with scope(desk=desk):
        Command.objects.filter(pk=command_id, state="queued").update(state="sent", sent_at=minutes(0))
        command = Command.objects.select_related("desk", "station", "evse").get(pk=command_id)
        command_answered(command, outcome, at=minutes(0))


def state(kept: Reservation) -> str:
    with scope(desk=kept.desk):
        kept.refresh_from_db()
    return kept.state


def orders(desk: Desk) -> list[str]:
    with scope(desk=desk):
        return list(Command.objects.order_by("pk").values_list("kind", flat=True))


def refused(call: Any, *given: Any) -> Hindrance:
    with pytest.raises(OrderRefused) as problem:
        call(*given)
    return problem.value.hindrance


def test_one_session_id_is_reserved_once_and_not_for_longer(evse: Evse, kept: Reservation) -> None:
    again = order_reservation(evse.desk, evse, replace(SAID, origin=Origin(minutes(10))), HALF_AN_HOUR)
    assert (again, again.until) == (kept, minutes(30))
    assert orders(evse.desk) == ["reserve"]


def test_a_reservation_is_no_session(evse: Evse, kept: Reservation) -> None:
    with scope(desk=evse.desk):
        assert Session.objects.count() == 0


@pytest.mark.parametrize(
    ("said", "hindrance"),
    [
        (replace(SAID, token=STRANGER), Hindrance.OTHER_SESSION),
        (replace(SAID, provider_id="DE-XYZ"), Hindrance.OTHER_SESSION),
        (replace(SAID, ids=SessionIds(OTHER)), Hindrance.RESERVED),
        (replace(SAID, origin=Origin(minutes(30))), Hindrance.NO_RESERVATION),
    ],
)
def test_a_second_reservation_is_refused_while_the_first_stands(
    evse: Evse, kept: Reservation, said: Any, hindrance: Hindrance
) -> None:
    assert refused(order_reservation, evse.desk, evse, said, HALF_AN_HOUR) is hindrance
    assert orders(evse.desk) == ["reserve"]


def test_after_it_has_run_out_the_evse_is_free(evse: Evse, kept: Reservation) -> None:
    later = replace(SAID, ids=SessionIds(OTHER), token=STRANGER, origin=Origin(minutes(30)))
    assert order_reservation(evse.desk, evse, later, HALF_AN_HOUR) != kept
    with scope(desk=evse.desk):
        assert not may_charge(evse.station, kept.tag, minutes(30))


def test_only_its_own_user_starts_there_with_its_tag_and_uses_it_up(evse: Evse, kept: Reservation) -> None:
    assert refused(order_start, evse.desk, evse, replace(START, token=STRANGER)) is Hindrance.IN_USE
    start = order_start(evse.desk, evse, START)
    assert start.tag == kept.tag
    with scope(desk=evse.desk):
        session = store_session_started(
            evse.station, evse_number=1, connector_number=1, token=kept.tag, transaction_id=None,
            started_at=minutes(6), at=minutes(6),
        )  # fmt: skip
    assert (session.session_id, state(kept)) == (OTHER, "used")
    assert refused(order_cancellation, evse.desk, evse, SESSION, PROVIDER, minutes(7)) is Hindrance.NO_RESERVATION


def test_one_reservation_is_one_start(evse: Evse, kept: Reservation) -> None:
    order_start(evse.desk, evse, START)
    second = replace(START, ids=SessionIds(OTHER.replace("8", "9")), origin=Origin(minutes(15)))
    assert refused(order_start, evse.desk, evse, second) is Hindrance.IN_USE


def test_the_reservations_own_session_id_may_start(evse: Evse, kept: Reservation) -> None:
    assert order_start(evse.desk, evse, replace(START, ids=SessionIds(SESSION))).tag == kept.tag
    with scope(desk=evse.desk):
        RemoteStart.objects.all().delete()
        Reservation.objects.update(state="cancelled")
    assert refused(order_start, evse.desk, evse, replace(START, ids=SessionIds(SESSION))) is Hindrance.OTHER_SESSION


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.REJECTED])
def test_it_is_given_up_once_also_where_the_station_knows_it_no_more(
    evse: Evse, kept: Reservation, outcome: Outcome
) -> None:
    given = [order_cancellation(evse.desk, evse, SESSION, PROVIDER, minutes(5)) for _ in range(2)]
    answered(given[0].cancellation_id, outcome, evse.desk)
    assert settle_cancellation(evse.desk, kept)
    again = order_cancellation(evse.desk, evse, SESSION.upper(), "DE*VPS", minutes(6))
    assert (again, state(kept)) == (kept, "cancelled")
    assert orders(evse.desk) == ["reserve", "unreserve"]
    assert order_reservation(evse.desk, evse, replace(SAID, ids=SessionIds(OTHER)), HALF_AN_HOUR)


def test_a_station_that_is_silent_keeps_it_and_may_be_asked_again(evse: Evse, kept: Reservation) -> None:
    given = order_cancellation(evse.desk, evse, SESSION, PROVIDER, minutes(5))
    answered(given.cancellation_id, Outcome.NO_ANSWER, evse.desk)
    assert not settle_cancellation(evse.desk, kept)
    order_cancellation(evse.desk, evse, SESSION, PROVIDER, minutes(6))
    assert (state(kept), orders(evse.desk)) == ("held", ["reserve", "unreserve", "unreserve"])


def test_nobody_else_gives_it_up_and_none_that_is_unknown_or_over(evse: Evse, kept: Reservation) -> None:
    with scope(desk=evse.desk):
        other = build_evse(evse.station, "DE*NDL*E4421*2", connector_number=2)
    for given in (
        (evse, SESSION, "DE-XYZ", minutes(5)),
        (evse, OTHER, PROVIDER, minutes(5)),
        (other, SESSION, PROVIDER, minutes(5)),
        (evse, SESSION, PROVIDER, minutes(30)),
    ):
        assert refused(order_cancellation, evse.desk, *given) is Hindrance.NO_RESERVATION
    with scope(desk=evse.desk):
        reservation_over(evse.station, kept.pk)
    assert refused(order_cancellation, evse.desk, evse, SESSION, PROVIDER, minutes(5)) is Hindrance.NO_RESERVATION
    assert (state(kept), orders(evse.desk)) == ("over", ["reserve"])


def test_a_station_that_reserves_after_the_hub_heard_no_is_told_to_give_up(evse: Evse) -> None:
    reservation = order_reservation(evse.desk, evse, SAID, HALF_AN_HOUR)
    answered(reservation.command_id, Outcome.NO_ANSWER, evse.desk)
    assert not settle_reservation(evse.desk, reservation, minutes(0))
    answered(reservation.command_id, Outcome.ACCEPTED, evse.desk)
    assert (state(reservation), orders(evse.desk)) == ("refused", ["reserve", "unreserve"])
    assert not settle_reservation(evse.desk, reservation, minutes(1))
