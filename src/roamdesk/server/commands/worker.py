"""``roamdesk worker``: performs the jobs: mail out, clocks, escalation."""

from __future__ import annotations

import argparse
import asyncio
from typing import cast

from roamdesk.server import options
from roamdesk.server.commands import subparsers as sub
from roamdesk.server.database import database

STORY = """\
Run as many as you want. A job whose worker was killed is taken up by another within a minute or two; every
job may run twice and tells the outside world once.
"""


def add_to(subparsers: sub.Subparsers) -> None:
    sub.add(subparsers, "worker", run, "The jobs only: mail, clocks, escalation.", STORY)


def run(arguments: argparse.Namespace) -> int:
    with database():
        import django

        django.setup()
        asyncio.run(_work())
    return 0


async def _work() -> None:
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    connector = cast(DjangoConnector, app.connector).get_worker_connector()
    with app.replace_connector(connector) as worker_app:
        async with worker_app.open_async():
            await worker_app.run_worker_async(concurrency=options.JOBS_AT_A_TIME.number(), shutdown_graceful_timeout=10)
