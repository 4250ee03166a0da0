"""The part that takes mail is killed while senders send: what was answered is there, what was not comes again, once."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django_scopes import scopes_disabled

from correspondence.test_killed_worker import database_url
from roamdesk.correspondence.models import Arrival, IncomingMail
from roamdesk.desks.models import Desk

MAILS = 60
KILLED_AFTER = (3, 10, 20, 35, 50)  # stored mails
BOUND = 60.0

RECEIVER = """
import asyncio, logging, sys, django
from datetime import UTC, datetime
django.setup()
logging.disable()
from roamdesk.correspondence.models import Arrival
from roamdesk.correspondence.receiving import Receiver

async def main():
    async with Receiver(lambda: datetime.now(UTC)) as receiver:
        await receiver.listen("127.0.0.1", int(sys.argv[1]), Arrival.Via.SMTP)
        await asyncio.Event().wait()

asyncio.run(main())
"""


class Running:
    """A receiver in a process of its own, which may be killed and started again at the same port."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.begin()

    def begin(self) -> None:
        environment = os.environ | {
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "roamdesk.server.settings",
        }
        self.process = subprocess.Popen([sys.executable, "-c", RECEIVER, str(self.port)], env=environment)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(BOUND)


@pytest.fixture
def running(outbox_db: None, cpo_desk: Desk) -> Iterator[Running]:
    receiver = Running()
    yield receiver
    receiver.kill()


def raw(number: int) -> bytes:
    return f"From: a@voltpass.example\r\nMessage-ID: <{number}@voltpass.example>\r\n\r\n".encode() + b"x\r\n" * 500


def insist(port: int, number: int) -> int:
    """As a mail server does: again and again until the mail is taken; how often it was tried."""
    pause, tries = threading.Event(), 0
    while tries < 1000:
        tries += 1
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=BOUND) as smtp:
                smtp.sendmail("a@voltpass.example", ["support@nordlade.example"], raw(number))
                return tries
        except (OSError, smtplib.SMTPException):
            pause.wait(0.05)
    raise AssertionError("the mail was never taken")


def stored() -> int:
    with scopes_disabled():
        return int(IncomingMail.objects.count())


def test_killed_again_and_again_every_mail_is_there_once(running: Running) -> None:
    pause = threading.Event()
    with ThreadPoolExecutor(10) as senders:
        sending = [senders.submit(insist, running.port, number) for number in range(MAILS)]
        for enough in KILLED_AFTER:
            while stored() < enough:
                pause.wait(0.005)
            running.kill()
            running.begin()
        tries = sum(one.result(BOUND) for one in sending)
    with scopes_disabled():
        kept = sorted(bytes(mail.raw) for mail in IncomingMail.objects.all())
        arrivals = Arrival.objects.count()
    assert kept == sorted(raw(number) for number in range(MAILS))
    assert MAILS <= arrivals <= tries
    assert tries > MAILS
