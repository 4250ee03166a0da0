"""A worker is killed at each point of a real conversation: nothing is lost, nothing goes twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection
from django_scopes import scopes_disabled

from correspondence.smtp_peer import BOUND, Script, SmtpPeer
from roamdesk.correspondence import services
from roamdesk.correspondence.models import Fate, Message

State = Message.State
Queue = Callable[..., Message]

WORKER = """
import sys, django
from datetime import datetime
from django.conf import settings
django.setup()
settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(sys.argv[2])
from roamdesk.correspondence import services
services.attempt(int(sys.argv[1]), datetime.fromisoformat(sys.argv[3]))
"""


def database_url() -> str:
    database = connection.settings_dict
    login = quote(database["USER"]) + (f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else "")
    port = f"&port={database['PORT']}" if database["PORT"] else ""
    return f"postgresql://{login}@/{database['NAME']}?host={quote(database['HOST'], safe='')}{port}"


@contextmanager
def worker(message: Message, peer: SmtpPeer, at: datetime) -> Iterator[subprocess.Popen[bytes]]:
    """A process that attempts the message; killed without mercy at the end of the block."""
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "roamdesk.server.settings",
    }
    arguments = [str(message.pk), str(peer.port), at.isoformat()]
    process = subprocess.Popen([sys.executable, "-c", WORKER, *arguments], env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(BOUND)


@contextmanager
def row_locked(message: Message) -> Iterator[None]:
    """Holds the row, so that a worker cannot write what it has just learned."""
    with psycopg.connect(database_url()) as holder:
        holder.execute("SELECT 1 FROM correspondence_message WHERE id = %s FOR UPDATE", [message.pk])
        yield


def wait_until_somebody_waits_for_the_row() -> None:
    with psycopg.connect(database_url(), autocommit=True) as watcher:
        waiting = """SELECT count(*) FROM pg_stat_activity
                     WHERE wait_event_type = 'Lock' AND datname = current_database()"""
        deadline = datetime.now().astimezone() + timedelta(seconds=BOUND)
        while watcher.execute(waiting).fetchone() == (0,):
            assert datetime.now().astimezone() < deadline, "nobody came to wait for the row"


def fresh(message: Message) -> Message:
    with scopes_disabled():
        return Message.objects.get(pk=message.pk)


def test_killed_before_the_content_the_message_is_sent_once_by_the_next_worker(
    queue: Queue, peer: SmtpPeer, at: datetime
) -> None:
    peer.script = Script(hold_data=True)
    message = queue()
    with worker(message, peer, at):
        assert peer.at_data.wait(BOUND)
    assert fresh(message).state == State.SENDING
    peer.script = Script()
    peer.release.set()
    later = at + timedelta(seconds=61)
    services.sweep(later)
    assert services.attempt(message.pk, later) == State.ACCEPTED
    assert [mail["Message-ID"] for mail in peer.taken] == [message.message_id]


def test_killed_while_the_relay_keeps_its_answer_the_message_is_unknown_and_not_sent_again(
    queue: Queue, peer: SmtpPeer, at: datetime
) -> None:
    peer.script = Script(hold_final=True)
    message = queue()
    with worker(message, peer, at):
        assert peer.at_dot.wait(BOUND)
    peer.release.set()
    later = at + timedelta(minutes=5)
    services.sweep(later)
    assert services.attempt(message.pk, later) == State.UNKNOWN
    assert len(peer.seen) == 1


def test_killed_between_the_yes_of_the_relay_and_the_commit_the_message_is_unknown_and_went_once(
    queue: Queue, peer: SmtpPeer, at: datetime
) -> None:
    peer.script = Script(hold_final=True)
    message = queue()
    with worker(message, peer, at) as told:
        assert peer.at_dot.wait(BOUND)
        with row_locked(message):
            peer.release.set()
            assert peer.answered.wait(BOUND)
            wait_until_somebody_waits_for_the_row()
            told.kill()
            told.wait(BOUND)
    later = at + timedelta(minutes=5)
    services.sweep(later)
    assert services.attempt(message.pk, later) == State.UNKNOWN
    assert len(peer.taken) == 1


def test_a_worker_that_was_only_slow_cannot_pass_the_final_dot_after_another_took_over(
    queue: Queue, peer: SmtpPeer, at: datetime
) -> None:
    peer.script = Script(hold_data=True)
    message = queue()
    with worker(message, peer, at) as slow:
        assert peer.at_data.wait(BOUND)
        peer.script = Script()
        later = at + timedelta(seconds=61)
        services.sweep(later)
        assert services.attempt(message.pk, later) == State.ACCEPTED
        peer.release.set()
        assert slow.wait(BOUND) == 0
    assert [mail["Message-ID"] for mail in peer.seen] == [message.message_id]
    assert fresh(message).addresses(Fate.ACCEPTED) == message.to


def test_a_worker_whose_answer_comes_after_it_was_given_up_still_turns_unknown_into_accepted(
    queue: Queue, peer: SmtpPeer, at: datetime
) -> None:
    peer.script = Script(hold_final=True)
    message = queue()
    with worker(message, peer, at) as slow:
        assert peer.at_dot.wait(BOUND)
        services.sweep(at + timedelta(minutes=5))
        assert fresh(message).state == State.UNKNOWN
        peer.release.set()
        assert slow.wait(BOUND) == 0
    assert fresh(message).state == State.ACCEPTED


@pytest.mark.parametrize("at_once", [3])
def test_workers_that_take_the_same_message_at_once_send_it_once(
    queue: Queue, peer: SmtpPeer, at: datetime, at_once: int, settings: Any
) -> None:
    message = queue()
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "roamdesk.server.settings",
    }
    command = [sys.executable, "-c", WORKER, str(message.pk), str(peer.port), at.isoformat()]
    workers = [subprocess.Popen(command, env=environment) for _ in range(at_once)]
    assert [one.wait(60) for one in workers] == [0] * at_once
    assert len(peer.seen) == 1
