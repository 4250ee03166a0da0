"""What ``roamdesk serve`` runs for the demo: the post office, and the yard of simulated stations."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.conf import settings

from roamdesk.demo.handing_on import hand_on
from roamdesk.demo.mailbox import demo_mailbox, serve_mail
from roamdesk.demo.yard import Yard, open_transactions
from roamdesk.desks.database_threads import DatabaseThreads

logger = logging.getLogger(__name__)


def run() -> None:
    """Serves until SIGTERM or SIGINT. Addresses come from the settings. Raises OSError when the port is taken."""
    running = open_transactions()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_until_told(running))


async def _serve_until_told(running: dict[str, dict[int, str]]) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with _post_office(), Yard(stations_url(), running):
        logger.info("the demo's stations connect to %s", stations_url())
        await told.wait()


@asynccontextmanager
async def _post_office() -> AsyncIterator[None]:
    threads = DatabaseThreads(1)
    server = await serve_mail(
        demo_mailbox(), settings.EMAIL_HOST, settings.EMAIL_PORT, lambda *mail: threads.run(hand_on, *mail)
    )
    try:
        yield
    finally:
        server.close()
        await threads.close()


def stations_url() -> str:
    """Where the station endpoint of this installation listens, for a station on this machine."""
    host, _, port = settings.STATIONS_LISTEN.rpartition(":")
    reached = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    return f"{'wss' if settings.STATIONS_CERTIFICATE else 'ws'}://{reached}:{port}"
