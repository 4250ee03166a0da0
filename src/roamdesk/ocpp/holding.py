"""Which process holds which connection, so that a killed one's stations do not count as connected for ever.

A holder is a number; every connection id begins with it. The process keeps an advisory lock on its number for as
long as it lives, on the very connection by which it listens for commands.
"""

import asyncio
import logging
import secrets
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from django.db import connection
from django.db.models.functions import Left
from django_scopes import scopes_disabled

from roamdesk.charging.models import Station
from roamdesk.charging.services import CHANNEL

logger = logging.getLogger(__name__)

LOCK_CLASS = 0x0C99
HOLDER_DIGITS = 8
SECONDS_BEFORE_LISTENING_AGAIN = 1.0
LIVING = "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND granted"


class Holder:
    """One stations process."""

    def __init__(self) -> None:
        self.number = secrets.randbits(31)
        self.mark = f"{self.number:0{HOLDER_DIGITS}x}"

    def new_connection_id(self) -> str:
        """36 characters: the holder's mark, a dash, and 27 random hex digits."""
        return f"{self.mark}-{uuid.uuid4().hex[:27]}"


async def listen_for_commands(
    holder: Holder,
    heard: Callable[[int, int], None],
    listening: Callable[[], Awaitable[None]],
) -> None:
    """For ever: holds the lock, calls `listening` after each (re)connect and `heard(station id, command id)`."""
    while True:
        try:
            await _listen(holder, heard, listening)
        except psycopg.OperationalError as problem:
            logger.warning("the database is away: %s", problem)
        await asyncio.sleep(SECONDS_BEFORE_LISTENING_AGAIN)


def forget_connections_of_dead_holders() -> int:
    """Stations whose process is gone count as not connected; how many. Synchronous."""
    with scopes_disabled():
        held = Station.objects.filter(connection_id__regex=rf"^[0-9a-f]{{{HOLDER_DIGITS}}}-")
        marks = set(held.annotate(mark=Left("connection_id", HOLDER_DIGITS)).values_list("mark", flat=True))
        dead = marks - _living_marks()
        return sum(
            Station.objects.filter(connection_id__startswith=f"{mark}-").update(connection_id="") for mark in dead
        )


def claim_back(connection_ids: dict[int, str]) -> None:
    """After the lock was lost for a while others may have forgotten our connections. Synchronous."""
    with scopes_disabled():
        for station_id, connection_id in connection_ids.items():
            Station.objects.filter(pk=station_id, connection_id="").update(connection_id=connection_id)


async def _listen(holder: Holder, heard: Callable[[int, int], None], listening: Callable[[], Awaitable[None]]) -> None:
    async with await psycopg.AsyncConnection.connect(**_parameters(), autocommit=True) as listener:
        await listener.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, holder.number])
        await listener.execute(f"LISTEN {CHANNEL}")
        await listening()
        async for notification in listener.notifies():
            station_id, _, command_id = notification.payload.partition(":")
            if station_id.isdigit() and command_id.isdigit():
                heard(int(station_id), int(command_id))


def _parameters() -> dict[str, Any]:
    """What psycopg itself understands of Django's connection."""
    foreign = {"cursor_factory", "context", "server_side_binding"}
    return {name: value for name, value in connection.get_connection_params().items() if name not in foreign}


def _living_marks() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(LIVING, [LOCK_CLASS])
        return {f"{number:0{HOLDER_DIGITS}x}" for (number,) in cursor.fetchall()}
