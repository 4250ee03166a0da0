"""What ``roamdesk serve`` runs for the demo: the post office, the yard of simulated stations, and the roaming hub."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal

from django.conf import settings

from roamdesk.demo.handing_on import post_office
from roamdesk.demo.hub.running import RunningHub
from roamdesk.demo.mailbox import demo_mailbox
from roamdesk.demo.yard import Yard, open_transactions

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
    async with post_office(demo_mailbox(), settings.EMAIL_HOST, settings.EMAIL_PORT), Yard(stations_url(), running):
        logger.info("the demo's stations connect to %s", stations_url())
        hub = RunningHub(logger.info)
        hub.start()
        await told.wait()
        hub.end()


def stations_url() -> str:
    """Where the station endpoint of this installation listens, for a station on this machine."""
    host, _, port = settings.STATIONS_LISTEN.rpartition(":")
    reached = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    return f"{'wss' if settings.STATIONS_CERTIFICATE else 'ws'}://{reached}:{port}"
