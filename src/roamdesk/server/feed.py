"""What happened at a desk, as it happens: one ``LISTEN`` per process, shared by all who watch.

A row's id is drawn before its transaction commits, so a lower id may appear after a higher one. Therefore the
ids of the last ``OVERLAP`` are read again on every wake-up, and known rows are left out.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString, TypeAlias

import psycopg
import structlog
from psycopg.rows import class_row

CHANNEL = "roamdesk_events"
PARTNERS = "roamdesk_partners"
MAIL = "roamdesk_mail"
OVERLAP = timedelta(seconds=30)
"""Longer than any verb's transaction: what was written that much before a cursor has been committed."""
MOST_MISSED = 500
RECONNECT_SECONDS = 1.0

Connection: TypeAlias = psycopg.AsyncConnection[Any]

log = structlog.get_logger()


@dataclass(frozen=True)
class Happening:
    """One event of a case. ``id`` is the cursor, ``number`` counts within the case."""

    id: int
    desk_id: int
    case_id: int
    number: int
    kind: str


@dataclass(frozen=True)
class PartnerChange:
    """Something about a partner is not what it was; who was away looks at the page anew instead of catching up."""

    desk_id: int
    partner_id: int


@dataclass(frozen=True)
class MailChange:
    """Something in the inbox is not what it was: a reason to look at it anew."""

    desk_id: int


News: TypeAlias = Happening | PartnerChange | MailChange

SELECT = "SELECT id, desk_id, case_id, number, kind FROM cases_event WHERE desk_id = %(desk)s AND "
NEWER = SELECT + "id > %(cursor)s ORDER BY id"
MISSED = (
    SELECT
    + """(id > %(cursor)s OR (id > %(cursor)s - %(reach)s AND id <> %(cursor)s AND recorded_at >= (
        SELECT recorded_at FROM cases_event WHERE id <= %(cursor)s ORDER BY id DESC LIMIT 1) - %(overlap)s))
    ORDER BY id LIMIT %(most)s"""
)
LATEST = "SELECT coalesce(max(id), 0) FROM cases_event"
REACH = 1000
"""How many ids before a cursor are looked at for late commits."""


class Watch:
    """One watcher's queue. ``None`` in it says: something was lost, catch up."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[News | None] = asyncio.Queue(maxsize=2 * MOST_MISSED)

    def tell(self, news: News | None) -> None:
        """A watcher who reads too slowly is told to catch up instead."""
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            news = None
        self.queue.put_nowait(news)


class Window:
    """The rows of one desk that are known: those above ``floor``, with when they were told (loop time)."""

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self.told: dict[int, float] = {}

    def new_of(self, rows: list[Happening], now: float) -> list[Happening]:
        new = [row for row in rows if row.id not in self.told]
        self.told.update((row.id, now) for row in new)
        old = [id_ for id_, told_at in self.told.items() if told_at < now - OVERLAP.total_seconds()]
        if old:
            self.floor = max(self.floor, *old)
            self.told = {id_: told_at for id_, told_at in self.told.items() if id_ > self.floor}
        return new


class Feed:
    """Tells every watcher of a desk what happens there, each event once, in the order in which it was seen."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        """``parameters``: what psycopg needs to connect. Whoever watches leaves when ``ending`` is set."""
        self.ending = asyncio.Event()
        self._parameters = parameters
        self._watches: defaultdict[int, set[Watch]] = defaultdict(set)
        self._windows: dict[int, Window] = {}
        self._reading = asyncio.Lock()
        self._listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._reader: Connection | None = None

    @contextlib.asynccontextmanager
    async def watch(self, desk_id: int) -> AsyncIterator[Watch]:
        """Nothing that is committed from now on is missed by the watch."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen_for_ever())
        await self._listening.wait()
        watch = Watch()
        async with self._reading:
            await self._open_window(desk_id)
            self._watches[desk_id].add(watch)
        try:
            yield watch
        finally:
            self._watches[desk_id].discard(watch)

    async def missed(self, desk_id: int, cursor: int) -> list[Happening] | None:
        """What a watcher who knows ``cursor`` may have missed; None when that is too much to tell one by one.

        A few events from shortly before the cursor may be among them a second time.
        """
        values = {
            "desk": desk_id,
            "cursor": cursor,
            "overlap": OVERLAP,
            "reach": REACH,
            "most": MOST_MISSED + 1,
        }
        rows = await self._rows(MISSED, values)
        return rows if len(rows) <= MOST_MISSED else None

    async def latest(self) -> int:
        """The newest id there is, 0 for none."""
        assert self._reader is not None
        row = await (await self._reader.execute(LATEST)).fetchone()
        return int(row[0]) if row else 0

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                async with await self._connect() as listener, await self._connect() as self._reader:
                    await self._listen(listener)
            except psycopg.Error as problem:
                log.warning("live feed lost the database", problem=str(problem).strip())
            finally:
                self._listening.clear()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self, listener: Connection) -> None:
        await listener.execute(f"LISTEN {CHANNEL}")
        await listener.execute(f"LISTEN {PARTNERS}")
        await listener.execute(f"LISTEN {MAIL}")
        async with self._reading:
            self._windows.clear()
            for desk_id in [desk_id for desk_id, watches in self._watches.items() if watches]:
                await self._open_window(desk_id)
        self._listening.set()
        for watch in [watch for watches in self._watches.values() for watch in watches]:
            watch.tell(None)
        async for notification in listener.notifies():
            if notification.channel == PARTNERS:
                self._tell_of_partner(notification.payload)
            elif notification.channel == MAIL:
                self._tell(MailChange(int(notification.payload)))
            else:
                await self._wake(_desk_of(notification.payload))

    def _tell_of_partner(self, payload: str) -> None:
        """``<desk id>:<partner id>``."""
        desk_id, _, partner_id = payload.partition(":")
        self._tell(PartnerChange(int(desk_id), int(partner_id)))

    def _tell(self, news: PartnerChange | MailChange) -> None:
        for watch in self._watches.get(news.desk_id, ()):
            watch.tell(news)

    async def _wake(self, desk_id: int | None) -> None:
        if desk_id is None or not self._watches.get(desk_id):
            return
        async with self._reading:
            for happening in await self._read_on(desk_id, self._windows[desk_id]):
                for watch in self._watches[desk_id]:
                    watch.tell(happening)

    async def _open_window(self, desk_id: int) -> None:
        """What is visible now is known; whatever turns up later is new, also with a lower id."""
        if desk_id not in self._windows:
            window = Window(floor=await self.latest() - REACH)
            await self._read_on(desk_id, window)
            self._windows[desk_id] = window

    async def _read_on(self, desk_id: int, window: Window) -> list[Happening]:
        rows = await self._rows(NEWER, {"desk": desk_id, "cursor": window.floor})
        return window.new_of(rows, asyncio.get_running_loop().time())

    async def _rows(self, query: LiteralString, values: dict[str, Any]) -> list[Happening]:
        assert self._reader is not None
        async with self._reader.cursor(row_factory=class_row(Happening)) as cursor:
            await cursor.execute(query, values)
            return await cursor.fetchall()

    async def _connect(self) -> Connection:
        return await psycopg.AsyncConnection.connect(**self._parameters, autocommit=True)


def _desk_of(payload: str) -> int | None:
    """The desk in ``<desk id>:<case id>:<event id>``."""
    desk, _, _ = payload.partition(":")
    return int(desk) if desk.isdecimal() else None
