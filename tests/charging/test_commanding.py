from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django_scopes import scope

from roamdesk.charging import ports, services
from roamdesk.charging.models import Command, Evse, Station
from roamdesk.charging.ports import Outcome
from roamdesk.desks.models import Desk

State = Command.State
Heard = list[tuple[str, str, bool]]
Order = Callable[..., Command]


@pytest.fixture
def order(in_cpo_desk: Desk, evse: Evse, at: datetime) -> Order:
    def make(**changes: Any) -> Command:
        values: dict[str, Any] = {"about": "case:17", "key": "case:17:unlock:1", "requested_by": "Nils", "at": at}
        return services.queue_command(in_cpo_desk, evse, "unlock", **values | changes)

    return make


def sent(command: Command, at: datetime) -> Command:
    assert services.command_sent(command, message_id="m-1", request="[2]", at=at)
    return command


def test_an_order_for_a_connected_station_waits_to_be_picked_up(order: Order, heard: Heard) -> None:
    assert order().state == State.QUEUED
    assert heard == []


def test_an_order_for_a_station_that_is_not_connected_is_not_sent_and_heard_at_once(
    order: Order, station: Station, heard: Heard
) -> None:
    station.connection_id = ""
    station.save()
    command = order()
    assert (command.state, command.outcome) == (State.NOT_SENT, Outcome.NOT_CONNECTED)
    assert command.detail == "Last seen 10/03/2026 09:15 UTC."
    assert heard == [("not_sent", "not_connected", False)]


def test_the_same_key_gives_the_same_command_and_is_heard_once(order: Order, station: Station, heard: Heard) -> None:
    station.connection_id = ""
    station.save()
    assert order().pk == order(requested_by="Jonas").pk
    assert len(heard) == 1


def test_the_same_key_at_two_desks_gives_two_commands(
    order: Order, cpo_desk: Desk, msp_desk: Desk, at: datetime
) -> None:
    ours = order(key="unlock-1")
    with scope(desk=msp_desk):
        theirs_station = Station.objects.create(desk=msp_desk, identity="VPS-1", connection_id="c")
        theirs_evse = Evse.objects.create(desk=msp_desk, station=theirs_station, label="VPS 1")
        theirs = services.queue_command(
            msp_desk, theirs_evse, "unlock", about="", key="unlock-1", requested_by="Olga", at=at
        )
    assert theirs.pk != ours.pk


def test_an_evse_that_is_not_ours_is_refused_and_the_operator_is_told_to_phone(in_cpo_desk: Desk, at: datetime) -> None:
    foreign = Evse.objects.create(desk=in_cpo_desk, label="DE*TSC*E1*1")
    with pytest.raises(services.CommandRefused, match="by phone"):
        services.queue_command(in_cpo_desk, foreign, "unlock", about="", key="k", requested_by="Nils", at=at)
    assert not Command.objects.exists()


def test_an_unknown_kind_is_refused(order: Order, in_cpo_desk: Desk, evse: Evse, at: datetime) -> None:
    with pytest.raises(services.CommandRefused, match="no command"):
        services.queue_command(in_cpo_desk, evse, "explode", about="", key="k", requested_by="Nils", at=at)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.UNLOCKED, State.ANSWERED),
        (Outcome.UNLOCK_FAILED, State.ANSWERED),
        (Outcome.NOT_SUPPORTED, State.ANSWERED),
        (Outcome.ONGOING_SESSION, State.ANSWERED),
        (Outcome.UNKNOWN_CONNECTOR, State.ANSWERED),
        (Outcome.CALL_ERROR, State.ANSWERED),
        (Outcome.ACCEPTED, State.ANSWERED),
        (Outcome.REJECTED, State.ANSWERED),
        (Outcome.NO_ANSWER, State.UNKNOWN),
        (Outcome.CONNECTION_LOST, State.UNKNOWN),
        (Outcome.UNREADABLE, State.UNKNOWN),
    ],
)
def test_each_outcome_of_a_sent_command_is_kept_apart_and_heard(
    order: Order, at: datetime, heard: Heard, outcome: Outcome, state: Command.State
) -> None:
    command = sent(order(), at)
    services.command_answered(command, outcome, response="[3]", detail="as told", at=at)
    stored = Command.objects.get(pk=command.pk)
    assert (stored.state, stored.outcome, stored.response, stored.detail) == (state, outcome, "[3]", "as told")
    assert heard == [(state, outcome, False)]


@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.NOT_CONNECTED])
def test_what_never_went_out_is_not_sent(order: Order, at: datetime, heard: Heard, outcome: Outcome) -> None:
    services.command_answered(order(), outcome, at=at)
    assert heard == [("not_sent", outcome, False)]


def test_an_answer_after_silence_is_late_and_counts(order: Order, at: datetime, heard: Heard) -> None:
    command = sent(order(), at)
    services.command_answered(command, Outcome.NO_ANSWER, at=at + timedelta(seconds=30))
    services.command_answered(command, Outcome.UNLOCKED, at=at + timedelta(seconds=47))
    stored = Command.objects.get(pk=command.pk)
    assert (stored.state, stored.late, stored.answered_at) == (State.ANSWERED, True, at + timedelta(seconds=47))
    assert heard == [("unknown", "no_answer", False), ("answered", "unlocked", True)]


@pytest.mark.parametrize("second", [Outcome.NO_ANSWER, Outcome.UNLOCK_FAILED])
def test_neither_silence_nor_a_second_answer_replaces_the_first(
    order: Order, at: datetime, heard: Heard, second: Outcome
) -> None:
    command = sent(order(), at)
    services.command_answered(command, Outcome.UNLOCKED, at=at)
    services.command_answered(command, second, at=at)
    assert Command.objects.get(pk=command.pk).outcome == Outcome.UNLOCKED
    assert len(heard) == 1


def test_what_nobody_picked_up_in_five_seconds_is_not_sent(order: Order, at: datetime, heard: Heard) -> None:
    order()
    assert services.expire_commands(at + timedelta(seconds=5)) == 0
    assert services.expire_commands(at + timedelta(seconds=6)) == 1
    assert heard == [("not_sent", "not_connected", False)]


def test_a_withdrawn_command_may_no_longer_go_out(order: Order, at: datetime) -> None:
    command = order()
    services.expire_commands(at + timedelta(seconds=6))
    assert not services.command_sent(command, message_id="m", request="[2]", at=at + timedelta(seconds=7))
    assert Command.objects.get(pk=command.pk).state == State.NOT_SENT


def test_a_command_goes_out_once_even_if_two_hold_the_station(order: Order, at: datetime) -> None:
    command = order()
    claims = [services.command_sent(command, message_id=name, request="[2]", at=at) for name in ("a", "b")]
    assert claims == [True, False]
    assert Command.objects.get(pk=command.pk).message_id == "a"


def test_a_holder_that_vanished_leaves_the_command_unknown_and_a_late_answer_still_counts(
    order: Order, at: datetime, heard: Heard
) -> None:
    command = sent(order(), at)
    patience = timedelta(seconds=30)
    assert services.expire_commands(at + timedelta(seconds=39), timeout=patience) == 0
    assert services.expire_commands(at + timedelta(seconds=41), timeout=patience) == 1
    services.command_answered(command, Outcome.UNLOCKED, at=at + timedelta(seconds=60))
    assert heard == [("unknown", "no_answer", False), ("answered", "unlocked", True)]


@pytest.mark.django_db(transaction=True)
def test_the_wake_up_names_station_and_command_and_comes_with_the_commit(order: Order) -> None:
    database = connection.settings_dict
    with psycopg.connect(
        dbname=database["NAME"], user=database["USER"], host=database["HOST"], port=database["PORT"] or None,
        password=database["PASSWORD"] or None, autocommit=True,
    ) as listener:  # fmt: skip
        listener.execute("LISTEN roamdesk_commands")
        command = order()
        [notice] = list(listener.notifies(timeout=5, stop_after=1))
    assert notice.payload == f"{command.station_id}:{command.pk}"


def test_a_listener_that_fails_does_not_lose_the_answer_and_hears_it_again(
    order: Order, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(command: Command) -> None:
        raise RuntimeError("the case is locked")

    told: list[str] = []
    command = sent(order(), at)
    monkeypatch.setattr(ports, "_listeners", [fail])
    services.command_answered(command, Outcome.UNLOCKED, at=at)
    stored = Command.objects.get(pk=command.pk)
    assert (stored.outcome, stored.announced) == (Outcome.UNLOCKED, False)
    monkeypatch.setattr(ports, "_listeners", [lambda finished: told.append(finished.outcome)])
    services.expire_commands(at)
    services.expire_commands(at)
    assert told == ["unlocked"]


def test_a_case_that_cannot_hear_does_not_keep_other_commands_from_expiring(
    order: Order, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = order(), order(key="case:18:unlock:1")

    def fail_for_the_first(command: Command) -> None:
        if command.pk == first.pk:
            raise RuntimeError("the case is locked")

    monkeypatch.setattr(ports, "_listeners", [fail_for_the_first])
    assert services.expire_commands(at + timedelta(seconds=6)) == 2
    assert Command.objects.get(pk=second.pk).announced
