"""An outbox with a desk, a relay that a test may script, and somebody who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope

from correspondence.smtp_peer import SmtpPeer
from roamdesk.correspondence import ports, services
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Desk

Queue = Callable[..., Message]


@pytest.fixture
def peer(settings: Any) -> Iterator[SmtpPeer]:
    with SmtpPeer() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_TIMEOUT = 5
        settings.EMAIL_ANSWER_TIMEOUT = 5
        yield running


@pytest.fixture
def outbox_db(transactional_db: None) -> Iterator[None]:
    """A database with real commits; the jobs are emptied, as flushing leaves them."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


@pytest.fixture
def queue(outbox_db: None, cpo_desk: Desk, at: datetime) -> Queue:
    """Queues a success notice to two addresses; keywords change it."""

    def make(**changes: Any) -> Message:
        values: dict[str, Any] = {
            "about": "case:17",
            "key": "case:17:success",
            "to": ["support@voltpass.example", "f.focal@voltpass.example"],
            "subject": "NDL-2603-0017 / VPS-88: cable freed at DE*NDL*E4421*1",
            "text": "The cable was freed.\n.\nNothing else is owed.\n",
            "html": "<p>The cable was freed.</p>",
            "headers": {"X-Roamdesk-Case": "NDL-2603-0017"},
            "at": at,
        }
        with scope(desk=cpo_desk):
            return services.queue_message(cpo_desk, **values | changes)

    return make


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """The states that a listener heard, in order."""
    states: list[str] = []

    def listen(message: Message) -> None:
        states.append(str(message.state))

    ports.on_message_changed(listen)
    yield states
    ports._listeners.remove(listen)
