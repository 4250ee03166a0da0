"""Whose token it was goes by retention; a session is folded from what is left, whatever comes late."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django_scopes import scope

from builders import build_evse, build_station
from roamdesk.charging.erasing import erase_tokens
from roamdesk.charging.models import Command, Evidence, RemoteStart, Reservation, Session
from roamdesk.charging.roaming.said import Origin, SessionIds, Step, TokenSaid
from roamdesk.charging.roaming.services import (
    order_reservation,
    order_start,
    record_authorisation,
    record_cdr,
    record_notification,
)
from roamdesk.charging.services import store_session_started
from roamdesk.desks.models import Desk
from roaming_messages import CARD, SESSION, authorisation, cdr, minutes, notification

LATER = minutes(0) + timedelta(days=91)


@pytest.fixture
def charged(msp_desk: Desk) -> Session:
    record_authorisation(msp_desk, authorisation(origin=Origin(minutes(0), raw=f'{{"UID": "{CARD}"}}')))
    record_notification(msp_desk, notification(token=TokenSaid(uid="04FFFFFFFFFF80")))
    session: Session = record_cdr(msp_desk, cdr(origin=Origin(minutes(60), raw=CARD)))
    assert "other_token" in session.flags
    return session


def erase(desk: Desk, before: datetime) -> int:
    with scope(desk=desk):
        return erase_tokens(desk, before, before)


def fresh(session: Session) -> Session:
    with scope(desk=session.desk):
        return Session.objects.get(pk=session.pk)


def identifiers(desk: Desk) -> set[str]:
    with scope(desk=desk):
        rows = Evidence.objects.values_list("uid_key", "contract_key", "raw")
        tokens = Session.objects.values_list("token_key", flat=True)
        return {text for row in rows for text in row} | set(tokens)


def test_tokens_and_raw_texts_go_and_the_session_stays(msp_desk: Desk, charged: Session) -> None:
    assert erase(msp_desk, LATER) == 1
    assert identifiers(msp_desk) == {""}
    left = fresh(charged)
    assert (left.started_at, left.ended_at, left.energy_kwh) == (charged.started_at, charged.ended_at, Decimal("17.25"))
    assert left.flags == charged.flags


def test_what_is_not_old_enough_stays(msp_desk: Desk, charged: Session) -> None:
    assert erase(msp_desk, minutes(0)) == 0
    assert CARD in identifiers(msp_desk)


def test_news_that_comes_late_is_folded_with_what_is_left(msp_desk: Desk, charged: Session) -> None:
    erase(msp_desk, LATER)
    late = record_cdr(msp_desk, cdr(energy_kwh=Decimal("18"), origin=Origin(LATER, raw=CARD)))
    assert (late.pk, late.grade, late.ended_at) == (charged.pk, "cdr", charged.ended_at)
    assert {"two_cdrs", "other_token"} <= set(late.flags)
    assert late.token_key == CARD  # it is as old as its newest news
    assert erase(msp_desk, LATER + timedelta(days=1)) == 1
    assert identifiers(msp_desk) == {""}


def test_the_same_again_is_still_the_same_and_brings_nothing_back(msp_desk: Desk, charged: Session) -> None:
    erase(msp_desk, LATER)
    again = record_cdr(msp_desk, cdr(origin=Origin(LATER, raw=CARD)))
    assert identifiers(msp_desk) == {""}
    assert again.flags == charged.flags


def test_what_a_hub_asked_loses_its_contract_once_it_is_over(cpo_desk: Desk) -> None:
    said = authorisation(step=Step.REMOTE_START, token=TokenSaid(contract_id="DE-VPS-C00012345-2"))
    with scope(desk=cpo_desk):
        station = build_station(cpo_desk, connection_id="holder/1")
        first, second, third = (build_evse(station, f"DE*NDL*E1*{n}", connector_number=n) for n in (1, 2, 3))
    order_start(cpo_desk, first, said)  # and nobody plugged in
    running = order_start(cpo_desk, second, replace(said, ids=SessionIds("session-2")))
    order_reservation(cpo_desk, third, replace(said, ids=SessionIds("session-3")), timedelta(minutes=15))
    with scope(desk=cpo_desk):
        store_session_started(
            station, evse_number=1, connector_number=2, token=running.tag, transaction_id=None,
            started_at=minutes(1), at=minutes(1),
        )  # fmt: skip
    erase(cpo_desk, LATER)
    with scope(desk=cpo_desk):
        started = dict(RemoteStart.objects.values_list("hub_session_id", "contract_id"))
        assert Reservation.objects.get().contract_id == ""
    assert started == {SESSION: "", "session-2": "DE-VPS-C00012345-2"}


def test_orders_that_are_over_lose_their_token(cpo_desk: Desk) -> None:
    with scope(desk=cpo_desk):
        station = build_station(cpo_desk)
        evse = build_evse(station, "DE*NDL*E4421*1")
        for key, state, outcome in (("over", "not_sent", "not_possible"), ("waits", "queued", "")):
            Command.objects.create(
                desk=cpo_desk, station=station, evse=evse, kind="unlock", key=key, state=state, outcome=outcome,
                token_key=CARD, request=CARD, requested_by="Petra", queued_at=minutes(0),
            )  # fmt: skip
    erase(cpo_desk, LATER)
    with scope(desk=cpo_desk):
        assert list(Command.objects.order_by("pk").values_list("token_key", "request")) == [("", ""), (CARD, CARD)]
