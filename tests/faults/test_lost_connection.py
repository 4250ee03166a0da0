"""The database goes away in the middle of a verb: nothing half is written, and the next verb works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django_scopes import scope

from case_reading import fresh, kinds, known
from cases.conftest import TOKEN
from faults.processes import database_url
from roamdesk.cases import commands, services, settling, writing
from roamdesk.cases.actors import Actor
from roamdesk.cases.integrity import verify_chains
from roamdesk.cases.models import Case
from roamdesk.cases.notices import send_notice
from roamdesk.charging.models import Command
from roamdesk.correspondence.models import Message

pytestmark = pytest.mark.usefixtures("real_db")


def drop_our_connection() -> None:
    """Another connection ends ours, as an administrator or a failover does."""
    own = connection.connection.info.backend_pid
    with psycopg.connect(database_url(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [own])


@pytest.fixture(autouse=True)
def reconnected() -> Iterator[None]:
    yield
    connection.close()


def dropping(where: Any, name: str, monkeypatch: pytest.MonkeyPatch, *, before: bool) -> None:
    """Have the connection dropped when the verb comes by there, before or after what is done there."""
    real: Callable[..., Any] = getattr(where, name)

    def passing(*args: Any, **named: Any) -> Any:
        if before:
            drop_our_connection()
        done = real(*args, **named)
        if not before:
            drop_our_connection()
        return done

    monkeypatch.setattr(where, name, passing)


@pytest.mark.parametrize(
    ("where", "name", "before"),
    [
        (writing, "lock", False),
        (services, "put_away", False),
        (services, "settle", False),
        (writing, "write_down", True),
        (writing, "write_down", False),
    ],
)
def test_dropped_there_nothing_of_the_verb_is_written_and_the_next_try_is_whole(
    cpo_case: Case, operator: Actor, at: datetime, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, before: bool
) -> None:
    with monkeypatch.context() as patched:
        dropping(where, name, patched, before=before)
        with pytest.raises(OperationalError):
            services.record_facts(cpo_case, {"token": TOKEN, "identity": "partly"}, actor=operator, at=at)
    connection.close()
    assert kinds(cpo_case) == ["opened"]
    with scope(desk=cpo_case.desk):
        assert cpo_case.personal_values.count() == 0
    services.record_facts(cpo_case, {"token": TOKEN, "identity": "partly"}, actor=operator, at=at)
    assert known(cpo_case)["identity"] == "partly"
    assert list(verify_chains()) == []


def test_a_notice_whose_commit_was_lost_leaves_neither_mail_nor_event(
    solved_case: Case, operator: Actor, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kinds(solved_case)
    with monkeypatch.context() as patched:
        dropping(writing, "write_down", patched, before=False)
        with pytest.raises(OperationalError):
            send_notice(solved_case, "mail_success", actor=operator, at=at)
    connection.close()
    with scope(desk=solved_case.desk):
        assert Message.objects.count() == 0
    assert kinds(solved_case) == before


def test_an_unlock_whose_commit_was_lost_orders_nothing(
    unlocking_case: Case, operator: Actor, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        dropping(commands, "queue_command", patched, before=False)
        with pytest.raises(OperationalError):
            commands.request_unlock(unlocking_case, actor=operator, at=at, key="press-1")
    connection.close()
    with scope(desk=unlocking_case.desk):
        assert Command.objects.count() == 0
    assert "command" not in kinds(unlocking_case)


def test_a_number_drawn_for_a_case_that_was_never_written_is_drawn_again(
    cpo_case: Case, open_cpo: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        dropping(settling, "plan_of", patched, before=False)
        with pytest.raises(OperationalError):
            open_cpo()
    connection.close()
    assert open_cpo().reference == "NDL-2603-0002"
    assert fresh(cpo_case).reference == "NDL-2603-0001"
