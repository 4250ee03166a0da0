"""``roamdesk web``: the console, the live stream and the partner endpoints."""

from __future__ import annotations

import argparse
import os
import sys

from roamdesk.server import options
from roamdesk.server.addresses import Address, taken_line
from roamdesk.server.commands import subparsers as sub
from roamdesk.server.database import database
from roamdesk.server.offspring import PARENT

STORY = """\
Run as many as you want, on as many machines as you want, over one PostgreSQL (DATABASE_URL), behind a proxy
that ends TLS (ROAMDESK_HTTPS=1). /healthz answers "ok" while the database answers; /metrics is for Prometheus.
"""


def add_to(subparsers: sub.Subparsers) -> None:
    sub.add(subparsers, "web", run, "The console and the partner endpoints only.", STORY)


def run(arguments: argparse.Namespace) -> int:
    address = Address.of(options.LISTEN)
    if not address.is_free():
        print(taken_line(address, options.LISTEN), file=sys.stderr)
        return 1
    with database():
        if PARENT not in os.environ:
            _prepare()
        return _serve(address)


def _prepare() -> None:
    """What ``serve`` has already done when it starts this part."""
    import django

    django.setup()
    from roamdesk.server.prepare import prepare

    prepare()


def _serve(address: Address) -> int:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "roamdesk.server.asgi:application",
        address=address.host,
        port=address.port,
        interface=Interfaces.ASGI,
        workers=options.WEB_WORKERS.number(),
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
    ).serve()
    return 0
