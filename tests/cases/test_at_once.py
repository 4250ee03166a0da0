"""Several people, threads and workers at one case, on a database with real commits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from case_reading import events, fresh, kinds
from cases.conftest import TOKEN, Open
from roamdesk.cases import services
from roamdesk.cases.actors import Actor
from roamdesk.cases.clocks import run_clocks
from roamdesk.cases.errors import Refused, StaleCase
from roamdesk.cases.integrity import verify_chains
from roamdesk.cases.models import Case
from roamdesk.desks.models import Person

pytestmark = pytest.mark.usefixtures("real_db")
BOUND = 60


def all_at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """What each deed gave or raised; all start together, each with a connection of its own."""
    together = threading.Barrier(len(deeds), timeout=BOUND)

    def do(deed: Callable[[], Any]) -> Any:
        try:
            together.wait()
            return deed()
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds, timeout=BOUND))


def test_two_operators_press_the_same_key_and_one_of_them_is_told(
    unlocking_case: Case, operator: Actor, cpo_lead: Person, at: datetime
) -> None:
    def press(actor: Actor) -> Callable[[], Case]:
        return lambda: services.answer_step(
            unlocking_case, "do_unlock", 2, actor=actor, at=at, expected_version=unlocking_case.version
        )

    done = all_at_once(press(operator), press(Actor.of(cpo_lead)))
    winner = events(unlocking_case)[-1].by
    stale = [one for one in done if isinstance(one, StaleCase)]
    assert [one.by for one in stale] == [winner]
    assert ["unlock", "failed", 1] in fresh(unlocking_case).known["counts"]
    assert kinds(unlocking_case).count("facts") == 1


def test_the_same_key_without_a_version_finds_the_step_closed(
    unlocking_case: Case, operator: Actor, at: datetime
) -> None:
    def press() -> Case:
        return services.answer_step(unlocking_case, "do_unlock", 1, actor=operator, at=at)

    done = all_at_once(press, press)
    assert [str(one) for one in done if isinstance(one, Refused)] == [
        "This step is not open any more. Look at the case, then answer again."
    ]


def test_many_who_write_at_once_lose_nothing(cpo_case: Case, operator: Actor, at: datetime) -> None:
    def note(number: int) -> Callable[[], Case]:
        return lambda: services.add_note(cpo_case, f"note {number}", actor=operator, at=at)

    all_at_once(*[note(number) for number in range(8)])
    assert [event.number for event in events(cpo_case)] == list(range(1, 10))
    assert {event.data["note"] for event in events(cpo_case, "noted")} == {f"note {number}" for number in range(8)}
    assert list(verify_chains()) == []


def test_references_given_out_at_once_are_unique_and_without_a_gap(open_cpo: Open) -> None:
    opened = all_at_once(*[open_cpo] * 8)
    assert sorted(case.reference for case in opened) == [f"NDL-2603-{number:04d}" for number in range(1, 9)]


def test_the_first_two_cases_of_a_procedure_keep_it_once(open_cpo: Open) -> None:
    opened = all_at_once(open_cpo, open_cpo)
    assert len({case.procedure_id for case in opened}) == 1


def test_the_same_token_told_twice_at_once_is_kept_once(cpo_case: Case, operator: Actor, at: datetime) -> None:
    def tell() -> Case:
        return services.record_facts(cpo_case, {"token": TOKEN}, actor=operator, at=at)

    all_at_once(tell, tell, tell)
    pointers = {event.data["values"]["token"]["personal"] for event in events(cpo_case, "facts")}
    assert len(pointers) == 1


def test_two_cases_merged_into_each_other_at_once_do_not_vanish(open_cpo: Open, operator: Actor, at: datetime) -> None:
    first, second = open_cpo(), open_cpo()
    done = all_at_once(
        lambda: services.merge_cases(first, second, actor=operator, at=at),
        lambda: services.merge_cases(second, first, actor=operator, at=at),
    )
    assert len([one for one in done if isinstance(one, Refused)]) == 1
    assert sorted([fresh(first).state, fresh(second).state]) == ["merged", "open"]


def test_two_clocks_remind_once(unlocking_case: Case, at: datetime) -> None:
    later = at + timedelta(minutes=15)
    all_at_once(lambda: run_clocks(later), lambda: run_clocks(later), lambda: run_clocks(later))
    assert kinds(unlocking_case) == ["opened", "matched", "overdue"]


def test_two_clocks_send_one_mail(solved_case: Case, at: datetime) -> None:
    later = at + timedelta(minutes=2)
    all_at_once(lambda: run_clocks(later), lambda: run_clocks(later))
    assert kinds(solved_case).count("mail_queued") == 1
