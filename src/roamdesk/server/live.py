"""``/live/<desk>/events``: what happens at a desk, as server-sent events.

``id`` is the event's row id, so a browser that comes back with ``Last-Event-ID`` (or ``?after=``) has lost
nothing. It may hear of an event a second time: an event only says which case to look at again. The events:
``case`` {case_id, number, kind}; ``partner`` {partner_id} and ``mail``: look at it again; ``start`` (from here on);
``reset`` (too much was missed: load the page again).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import signal
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections, connection
from django.http import Http404, HttpRequest

from roamdesk.desks.access import access_to
from roamdesk.desks.models import Person
from roamdesk.server.feed import Feed, Happening, MailChange, News, PartnerChange, Watch

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/live/"
HEARTBEAT_SECONDS = 15.0
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]

_feeds: dict[asyncio.AbstractEventLoop, Feed] = {}


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI endpoint. A stranger, and whoever is not logged in, gets 404."""
    slug = _slug_in(scope["path"])
    desk_id = await sync_to_async(_desk_of_visitor)(scope, slug)
    if desk_id is None or scope["method"] != "GET":
        await _refuse(send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    telling = asyncio.create_task(_tell(scope, send, desk_id, slug))
    endings = {telling, asyncio.create_task(_wait_until_gone(receive)), asyncio.create_task(_feed().ending.wait())}
    try:
        await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for ending in endings:
            ending.cancel()
        await asyncio.gather(*endings, return_exceptions=True)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


@functools.cache
def end_streams_on_sigterm() -> None:
    """A browser that holds a stream open does not hold up the end of this process. Call it in the loop."""
    loop, ending = asyncio.get_running_loop(), _feed().ending
    # The loop hears of the signal as well: it listens to Python's wake-up pipe, not to this handler.
    signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(ending.set))
    signal.siginterrupt(signal.SIGTERM, False)


async def _tell(scope: Scope, send: Send, desk_id: int, slug: str) -> None:
    """Ends when the visitor may no longer see the desk, asked at every heartbeat."""
    async with _feed().watch(desk_id) as watch:
        story = Story(_feed(), desk_id)
        await _send_text(send, await story.opening(_cursor_in(scope)))
        while await _tell_until_heartbeat(send, watch, story):
            if await sync_to_async(_desk_of_visitor)(scope, slug) is None:
                break
            await _send_text(send, ": still here\n\n")


async def _tell_until_heartbeat(send: Send, watch: Watch, story: Story) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            while True:
                await _send_text(send, await story.text_of(await watch.queue.get()))
    return True


async def _send_text(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


class Story:
    """What one watcher was told, and so what comes next."""

    def __init__(self, feed: Feed, desk_id: int) -> None:
        self._feed = feed
        self._desk_id = desk_id
        self._cursor = 0
        self._caught_up: set[int] = set()

    async def opening(self, cursor: int | None) -> str:
        """``cursor``: the id that the watcher knows, None when it starts afresh."""
        opening = "retry: 2000\n\n"
        if cursor is None:
            self._cursor = await self._feed.latest()
            return opening + self._as_text("start")
        self._cursor = cursor
        return opening + await self._catch_up()

    async def text_of(self, news: News | None) -> str:
        if news is None:
            return await self._catch_up()
        if isinstance(news, PartnerChange):
            return self._as_text("partner", partner_id=news.partner_id)
        if isinstance(news, MailChange):
            return self._as_text("mail")
        return "" if news.id in self._caught_up else self._told(news)

    async def _catch_up(self) -> str:
        missed = await self._feed.missed(self._desk_id, self._cursor)
        if missed is None:
            self._cursor = await self._feed.latest()
            return self._as_text("reset")
        self._caught_up = {happening.id for happening in missed}
        return "".join(self._told(happening) for happening in missed)

    def _told(self, happening: Happening) -> str:
        self._cursor = max(self._cursor, happening.id)
        return self._as_text("case", case_id=happening.case_id, number=happening.number, kind=happening.kind)

    def _as_text(self, event: str, **data: Any) -> str:
        return f"id: {self._cursor}\nevent: {event}\ndata: {json.dumps(data)}\n\n"


def _feed() -> Feed:
    """The feed of this process (of this event loop)."""
    loop = asyncio.get_running_loop()
    if loop not in _feeds:
        parameters = connection.get_connection_params()
        foreign = {"cursor_factory", "context"}
        _feeds[loop] = Feed({key: value for key, value in parameters.items() if key not in foreign})
    return _feeds[loop]


async def close_feed() -> None:
    """End the listening of this event loop."""
    feed = _feeds.pop(asyncio.get_running_loop(), None)
    if feed is not None:
        await feed.close()


def _desk_of_visitor(scope: Scope, slug: str) -> int | None:
    """The desk's id when the session's person works there."""
    close_old_connections()
    person = get_user(_request_with_session(scope))
    if not isinstance(person, Person):
        return None
    try:
        return access_to(person, slug).desk.pk
    except Http404:
        return None


def _request_with_session(scope: Scope) -> HttpRequest:
    cookies = SimpleCookie(_header(scope, b"cookie"))
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    request = HttpRequest()
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(morsel.value if morsel else None)
    return request


def _cursor_in(scope: Scope) -> int | None:
    """The id that the browser knows; none when it starts afresh or sends something else."""
    after = parse_qs(scope["query_string"].decode("latin1")).get("after", [""])[0]
    text = _header(scope, b"last-event-id") or after
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin1") for key, value in scope["headers"] if key == name), "")


def _slug_in(path: str) -> str:
    slug, slash, rest = path.removeprefix(PREFIX).partition("/")
    return slug if slash and rest == "events" else ""


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b"There is no such desk.\n"})
