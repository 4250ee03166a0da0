"""The stations process on a real database, and the rows behind it as an asyncio test reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from django_scopes import scope

from roamdesk.charging.models import Command, Evse, Station
from roamdesk.charging.services import queue_command
from roamdesk.desks.database_threads import DatabaseThreads
from roamdesk.desks.models import Desk
from roamdesk.ocpp.limits import Limits
from roamdesk.ocpp.process import StationsProcess

T = TypeVar("T")
IDENTITY = "NDL-0001"
BOUND = 5.0
State = Command.State


class Database:
    """The rows, read and written from an asyncio test."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.threads = DatabaseThreads(size=1)

    async def run(self, work: Callable[[], T]) -> T:
        def in_scope() -> T:
            with scope(desk=self.desk):
                return work()

        return await self.threads.run(in_scope)

    async def until(self, read: Callable[[], T], holds: Callable[[T], bool]) -> T:
        """Reads again until it holds; fails after BOUND seconds."""
        async with asyncio.timeout(BOUND):
            while not holds(found := await self.run(read)):
                await asyncio.sleep(0.01)
        return found

    async def station(self) -> Station:
        return await self.run(lambda: Station.objects.get(identity=IDENTITY))

    async def order(self, kind: str = Command.Kind.UNLOCK, key: str = "k1") -> Command:
        return await self.run(
            lambda: queue_command(
                self.desk,
                Evse.objects.get(),
                kind,
                about="",
                key=key,
                requested_by="nils.operator",
                at=datetime.now(UTC),
            )
        )

    async def finished(self, *states: str, key: str = "k1") -> Command:
        wanted = states or (State.ANSWERED, State.UNKNOWN, State.NOT_SENT)
        return await self.until(lambda: Command.objects.get(key=key), lambda command: command.state in wanted)


def new_process(**changes: Any) -> StationsProcess:
    values: dict[str, Any] = {"answer_within": 3.0, "sweep_seconds": 0.1, "limits": Limits(seconds_to_finish=0.5)}
    return StationsProcess("127.0.0.1", 0, **values | changes)
