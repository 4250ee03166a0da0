"""The whole way: a queued message, a real procrastinate worker, a real SMTP server."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from django.db import connection
from django_scopes import scopes_disabled
from procrastinate.contrib.django import app

from roamdesk.correspondence import tasks
from roamdesk.correspondence.models import Message

Queue = Callable[..., Message]


class Mailbox(MessageHandler):
    def __init__(self) -> None:
        super().__init__(message_class=EmailMessage)
        self.mails: list[Any] = []

    def handle_message(self, message: Any) -> None:
        self.mails.append(message)


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    handler = Mailbox()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield handler
    controller.stop()


def run_all_jobs() -> None:
    """A worker that ends when no job is left."""
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]
    with app.replace_connector(connector) as worker:
        worker.run_worker(queues=["mail"], wait=False, install_signal_handlers=False, listen_notify=False)


def test_a_queued_message_reaches_the_relay_by_the_job_of_its_own_transaction(queue: Queue, mailbox: Mailbox) -> None:
    message = queue()
    run_all_jobs()
    [mail] = mailbox.mails
    assert mail["Message-ID"] == message.message_id
    assert mail["X-RcptTo"] == "support@voltpass.example, f.focal@voltpass.example"
    with scopes_disabled():
        assert Message.objects.get(pk=message.pk).state == Message.State.ACCEPTED


def test_a_message_whose_job_was_lost_is_found_by_the_sweep(queue: Queue, mailbox: Mailbox) -> None:
    queue()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    tasks.sweep(timestamp=0)
    run_all_jobs()
    assert len(mailbox.mails) == 1
