from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django_scopes import scope

from case_reading import events, fresh, kinds, known, open_rules
from cases.conftest import IDENTIFIED, Open
from roamdesk.cases import services
from roamdesk.cases.actors import Actor
from roamdesk.cases.commands import request_unlock
from roamdesk.cases.errors import Refused, StaleCase
from roamdesk.cases.models import Case
from roamdesk.charging.models import Command, Evse
from roamdesk.charging.ports import Outcome
from roamdesk.charging.services import command_answered, command_sent

SECOND = timedelta(seconds=1)


@pytest.fixture
def connected(evse: Evse) -> Evse:
    assert evse.station
    evse.station.connection_id, evse.station.version = "socket-1", "ocpp1.6"
    evse.station.save()
    return evse


@pytest.fixture
def case(connected: Evse, unlocking_case: Case) -> Case:
    return unlocking_case


def unlock(case: Case, operator: Actor, at: datetime, key: str = "press-1") -> Command:
    """An Unlock that has left for the station."""
    command = request_unlock(case, actor=operator, at=at, key=key)
    with scope(desk=case.desk):
        command_sent(command, message_id=key, request="[2]", at=at)
    return command


def answer(command: Command, outcome: Outcome, at: datetime) -> None:
    with scope(desk=command.desk):
        command_answered(command, outcome, response="[3]", at=at)


def test_an_unlock_is_ordered_once_however_often_the_key_is_pressed(case: Case, operator: Actor, at: datetime) -> None:
    first = request_unlock(case, actor=operator, at=at, key="press-1", expected_version=case.version)
    second = request_unlock(case, actor=operator, at=at, key="press-1", expected_version=case.version)
    assert (first, first.state) == (second, "queued")
    assert [event.data for event in events(case, "command")] == [
        {"kind": "unlock", "evse": "DE*NDL*E4421*1", "key": "press-1"}
    ]


def test_another_press_on_a_case_that_moved_is_refused(case: Case, operator: Actor, at: datetime) -> None:
    with pytest.raises(StaleCase):
        request_unlock(case, actor=operator, at=at, key="press-2", expected_version=1)


@pytest.mark.parametrize(
    ("outcome", "fact", "rule"),
    [
        (Outcome.UNLOCKED, "ok", "report_result"),
        (Outcome.UNLOCK_FAILED, "failed", "retry_unlock"),
        (Outcome.NOT_SUPPORTED, "failed", "retry_unlock"),
        (Outcome.CALL_ERROR, "failed", "retry_unlock"),
        (Outcome.NO_ANSWER, "unknown", "check_unlock"),
        (Outcome.CONNECTION_LOST, "unknown", "check_unlock"),
        (Outcome.UNREADABLE, "unknown", "check_unlock"),
    ],
)
def test_each_outcome_becomes_its_fact_and_the_next_step(
    case: Case, operator: Actor, at: datetime, outcome: Outcome, fact: str, rule: str
) -> None:
    answer(unlock(case, operator, at), outcome, at + SECOND)
    assert known(case)["unlock"] == fact
    assert rule in open_rules(case)
    assert events(case, "command_result")[0].data["outcome"] == outcome


@pytest.mark.parametrize("outcome", [Outcome.ONGOING_SESSION, Outcome.UNKNOWN_CONNECTOR])
def test_what_says_nothing_of_the_cable_is_shown_and_leaves_the_step_open(
    case: Case, operator: Actor, at: datetime, outcome: Outcome
) -> None:
    answer(unlock(case, operator, at), outcome, at + SECOND)
    assert "unlock" not in known(case)
    assert "do_unlock" in open_rules(case)
    assert kinds(case)[-1] == "command_result"


def test_a_station_that_is_not_connected_gets_nothing_and_the_case_says_so(
    unlocking_case: Case, operator: Actor, at: datetime
) -> None:
    command = request_unlock(unlocking_case, actor=operator, at=at, key="press-1")
    assert (command.state, command.outcome) == ("not_sent", "not_connected")
    assert kinds(unlocking_case)[-2:] == ["command", "command_result"]
    assert "do_unlock" in open_rules(unlocking_case)


def test_silence_is_unknown_and_a_late_answer_counts(case: Case, operator: Actor, at: datetime) -> None:
    command = unlock(case, operator, at)
    answer(command, Outcome.NO_ANSWER, at + 30 * SECOND)
    assert fresh(case).is_unknown
    answer(command, Outcome.UNLOCKED, at + 300 * SECOND)
    assert known(case)["unlock"] == "ok"
    assert [event.data["late"] for event in events(case, "command_result")] == [False, True]


def test_an_answer_after_the_user_freed_it_changes_nothing(case: Case, operator: Actor, at: datetime) -> None:
    command = unlock(case, operator, at)
    services.record_facts(case, {"freed": "yes"}, actor=operator, at=at + SECOND)
    before = known(case)
    answer(command, Outcome.UNLOCK_FAILED, at + 2 * SECOND)
    assert known(case) == before
    assert kinds(case)[-1] == "command_result"


def test_a_late_failure_says_nothing_once_a_newer_unlock_was_answered(
    case: Case, operator: Actor, at: datetime
) -> None:
    first = unlock(case, operator, at)
    answer(first, Outcome.NO_ANSWER, at + 30 * SECOND)
    answer(unlock(case, operator, at + 31 * SECOND, "press-2"), Outcome.UNLOCKED, at + 32 * SECOND)
    answer(first, Outcome.UNLOCK_FAILED, at + 60 * SECOND)
    assert known(case)["unlock"] == "ok"


def test_after_the_last_try_no_more_unlock_is_sent(case: Case, operator: Actor, at: datetime) -> None:
    for press in ("one", "two"):
        answer(unlock(case, operator, at, press), Outcome.UNLOCK_FAILED, at + SECOND)
    answer(unlock(case, operator, at, "three"), Outcome.UNLOCK_FAILED, at + SECOND)
    with pytest.raises(Refused, match="asks for no Unlock now"):
        request_unlock(case, actor=operator, at=at, key="four")
    assert "await_consent" in open_rules(case)


def test_a_station_that_keeps_refusing_is_asked_three_times(case: Case, operator: Actor, at: datetime) -> None:
    for press in ("one", "two", "three"):
        answer(unlock(case, operator, at, press), Outcome.ONGOING_SESSION, at + SECOND)
    with pytest.raises(Refused, match="tried 3 times"):
        request_unlock(case, actor=operator, at=at, key="four")


def test_no_unlock_where_none_is_owed(connected: Evse, cpo_case: Case, operator: Actor, at: datetime) -> None:
    with pytest.raises(Refused, match="asks for no Unlock now"):
        request_unlock(cpo_case, actor=operator, at=at, key="press-1")
    assert kinds(cpo_case) == ["opened"]


def test_no_unlock_where_the_label_is_at_no_station_of_ours(open_cpo: Open, operator: Actor, at: datetime) -> None:
    case = open_cpo(**IDENTIFIED, evse_label="DE*NDL*E9999*1")
    with pytest.raises(Refused, match="No station of ours"):
        request_unlock(case, actor=operator, at=at, key="press-1")


def test_a_late_answer_reaches_the_case_that_it_was_merged_into(
    case: Case, open_cpo: Open, operator: Actor, at: datetime
) -> None:
    stays = open_cpo(**IDENTIFIED)
    command = unlock(case, operator, at)
    services.merge_cases(case, stays, actor=operator, at=at)
    answer(command, Outcome.UNLOCKED, at + SECOND)
    assert known(stays)["unlock"] == "ok"
