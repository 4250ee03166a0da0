"""The past is written once: the database refuses to change it, and whoever goes around that is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import ProgrammingError, connection, transaction
from django_scopes import scope

from case_reading import events, fresh
from cases.conftest import Open
from roamdesk.cases import services
from roamdesk.cases.actors import Actor
from roamdesk.cases.integrity import Break, verify_chains
from roamdesk.cases.models import Case
from roamdesk.cases.snapshot import refold, snapshot

Tamper = Callable[..., None]


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def tamper(db: None) -> Tamper:
    """Does what only the owner of the database can do, in one transaction: go around the trigger."""

    def going_around(statement: str) -> None:
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run("ALTER TABLE cases_event DISABLE TRIGGER roamdesk_events_are_final", statement)
        run("ALTER TABLE cases_event ENABLE TRIGGER roamdesk_events_are_final")

    return going_around


@pytest.fixture
def long_case(cpo_case: Case, operator: Actor, at: datetime) -> Case:
    """Five events: opened, four notes."""
    for number in range(4):
        services.add_note(cpo_case, f"note {number}", actor=operator, at=at)
    return fresh(cpo_case)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases_event SET by = 'someone else' WHERE case_id = {case}",
        "DELETE FROM cases_event WHERE case_id = {case}",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_event(long_case: Case, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="events are final"), transaction.atomic():
        run(statement.format(case=long_case.pk))
    assert len(events(long_case)) == 5


def test_a_past_that_was_left_alone_holds(long_case: Case, open_cpo: Open) -> None:
    open_cpo()
    assert list(verify_chains()) == []


@pytest.mark.parametrize(
    "change",
    [
        "data = jsonb_build_object('note', 'other')",
        "by = 'someone else'",
        "at = at - interval '1 hour'",
        "through = 'api'",
        "recorded_at = recorded_at + interval '1 second'",
        "kind = 'taken'",
    ],
)
def test_a_changed_event_is_found(long_case: Case, tamper: Tamper, change: str) -> None:
    tamper(f"UPDATE cases_event SET {change} WHERE case_id = {long_case.pk} AND number = 3")
    assert list(verify_chains()) == [Break(long_case.reference, 3, "the event was changed after it was written")]


def test_a_missing_event_is_found(long_case: Case, tamper: Tamper) -> None:
    tamper(f"DELETE FROM cases_event WHERE case_id = {long_case.pk} AND number = 3")
    assert list(verify_chains()) == [Break(long_case.reference, 3, "an event is missing")]


def test_a_past_that_was_cut_off_is_found(long_case: Case, tamper: Tamper) -> None:
    tamper(f"DELETE FROM cases_event WHERE case_id = {long_case.pk} AND number > 3")
    assert list(verify_chains()) == [Break(long_case.reference, 3, "the last events are missing")]


def test_a_case_that_claims_to_know_what_nobody_told_is_found(long_case: Case) -> None:
    run(f"UPDATE cases_case SET known = jsonb_set(known, '{{values,freed}}', '\"yes\"') WHERE id = {long_case.pk}")
    assert list(verify_chains()) == [Break(long_case.reference, 5, "what is known does not follow from the events")]


def test_one_broken_case_does_not_hide_another(long_case: Case, open_cpo: Open, tamper: Tamper) -> None:
    other = open_cpo()
    tamper(f"UPDATE cases_event SET by = 'nobody' WHERE case_id IN ({long_case.pk}, {other.pk}) AND number = 1")
    assert {found.case for found in verify_chains()} == {long_case.reference, other.reference}


def test_what_is_kept_is_what_the_events_fold_to(failing_case: Case, operator: Actor, at: datetime) -> None:
    services.edit_fact(failing_case, "unlock", "unknown", actor=operator, at=at)
    services.record_facts(failing_case, {"unlock": "failed"}, actor=operator, at=at)
    services.take_back(failing_case, actor=operator, at=at)
    case = fresh(failing_case)
    with scope(desk=case.desk):
        assert snapshot(refold(case)) == case.known
