"""The front: the live stream stays async, everything else goes to Django in a pool of threads.

Django's sync path served four times the requests of its async path when it was measured.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi_typing import WSGIApp

from roamdesk.server import options
from roamdesk.server.offspring import PARENT, end_with_parent
from roamdesk.server.wsgi import application as pages

# Needs Django's models, which wsgi has loaded by now.
from roamdesk.server import live  # isort: skip

if PARENT in os.environ:
    # The server's own processes end with the server, as that one ends with `serve`.
    os.environ[PARENT] = str(os.getppid())
    end_with_parent()

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MOST_TAKEN_IN_VAIN = 32_000_000
"""Bytes of a refused body that are taken in so that its sender reads why."""

_django = WSGIMiddleware(cast(WSGIApp, pages), workers=options.WEB_THREADS.number())


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        scope["headers"] = [header for header in scope["headers"] if b"_" not in header[0]]
        if scope["path"].startswith(live.PREFIX):
            live.end_streams_on_sigterm()
            await live.stream(scope, receive, send)
            return
        body = Body(scope, receive)
        await _django(scope, body.receive, body.before(send))  # type: ignore[arg-type]
        return
    await _django(scope, receive, send)  # type: ignore[arg-type]


class Body:
    """A request's body on its way to Django."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers = dict(scope["headers"])
        self._receive = receive
        self._unread = b"content-length" in headers or b"transfer-encoding" in headers

    async def receive(self) -> MutableMapping[str, Any]:
        # A coroutine of our own: the server's awaitable is none, and the bridge to the threads needs one.
        message = await self._receive()
        self._unread = message.get("more_body", False)
        return message

    def before(self, send: Send) -> Send:
        """``send`` that takes in the rest first: a browser that is still sending would never see the answer."""

        async def answer(message: MutableMapping[str, Any]) -> None:
            taken = 0
            while message["type"] == "http.response.start" and self._unread and taken < MOST_TAKEN_IN_VAIN:
                taken += len((await self.receive()).get("body", b""))
            await send(message)

        return answer
