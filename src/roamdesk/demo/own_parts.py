"""The parts of a running demo, all in this process: post office, station endpoint, yard, and a postman."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.models import QuerySet
from django.utils import timezone
from django_scopes import scopes_disabled

from roamdesk.correspondence.models import IncomingMail, Message
from roamdesk.correspondence.reading import read_mail
from roamdesk.correspondence.services import attempt
from roamdesk.demo.handing_on import post_office
from roamdesk.demo.happenings import Happenings
from roamdesk.demo.mailbox import Mailbox, demo_mailbox
from roamdesk.demo.yard import Yard, open_transactions
from roamdesk.ocpp.process import StationsProcess

UP_WITHIN = 20.0
PATIENCE_WITH_STATIONS = 5.0
LOOK_AGAIN_SECONDS = 0.2


@dataclass
class Surroundings:
    """``mailbox`` is where the mails arrive, ``answer_within`` the seconds until a station's silence is unknown.

    ``yard`` is None when the stations stand in another process.
    """

    mailbox: Mailbox
    answer_within: float
    yard: Yard | None = None


@contextmanager
def brought_up(*, answer_within: float = PATIENCE_WITH_STATIONS) -> Iterator[Surroundings]:
    """Everything on free ports; a station's silence counts as unknown after ``answer_within`` seconds."""
    parts = _Parts(demo_mailbox(), answer_within)
    relay = settings.EMAIL_HOST, settings.EMAIL_PORT
    postman = _Postman()
    parts.begin()
    try:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", parts.mail_port
        postman.start()
        yield Surroundings(parts.mailbox, answer_within, parts.yard)
    finally:
        postman.end()
        settings.EMAIL_HOST, settings.EMAIL_PORT = relay
        parts.end()


class _Parts(threading.Thread):
    """An event loop in a thread; ``mail_port`` and ``yard`` are there once it has begun."""

    def __init__(self, mailbox: Mailbox, answer_within: float) -> None:
        super().__init__(name="demo-parts", daemon=True)
        self.mailbox = mailbox
        self.mail_port = 0
        self.yard: Yard | None = None
        self._answer_within = answer_within
        self._running = open_transactions()
        self._up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    def begin(self) -> None:
        """Raises RuntimeError when the parts are not up in time."""
        self.start()
        if not self._up.wait(UP_WITHIN) or self.yard is None:
            raise RuntimeError("The demo's parts did not start. Look at the log above.")

    def end(self) -> None:
        if self._loop is not None and self.is_alive():
            self._loop.call_soon_threadsafe(self._told.set)
        self.join(UP_WITHIN)

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._up.set()
            connections.close_all()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            mail = await stack.enter_async_context(post_office(self.mailbox, "127.0.0.1", 0))
            self.mail_port = int(mail.sockets[0].getsockname()[1])
            endpoint = StationsProcess("127.0.0.1", 0, answer_within=self._answer_within)
            await stack.enter_async_context(endpoint)
            url = f"ws://127.0.0.1:{endpoint.port}"
            self.yard = await stack.enter_async_context(Yard(url, self._running))
            self._up.set()
            await self._told.wait()


class _Postman(threading.Thread):
    """Hands what waits in the outbox to the relay and reads what came in, as the worker does."""

    def __init__(self) -> None:
        super().__init__(name="demo-postman", daemon=True)
        self._told = threading.Event()

    def end(self) -> None:
        self._told.set()
        if self.is_alive():
            self.join(UP_WITHIN)

    def run(self) -> None:
        try:
            with Happenings() as happenings, scopes_disabled():  # the post is every desk's
                while not self._told.is_set():
                    for message in _due(Message.objects.filter(state=Message.State.QUEUED)):
                        attempt(message, timezone.now())
                    for mail in _due(IncomingMail.objects.all()):
                        read_mail(mail, timezone.now())
                    happenings.wait(LOOK_AGAIN_SECONDS)
        finally:
            connections.close_all()


def _due(waiting: QuerySet[Any]) -> list[int]:
    return list(waiting.filter(next_attempt_at__lte=timezone.now()).order_by("pk").values_list("pk", flat=True))
