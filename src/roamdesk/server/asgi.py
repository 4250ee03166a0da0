"""The front: the live stream stays async, everything else goes to Django in a pool of threads.

Django's sync path served four times the requests of its async path when it was measured.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from a2wsgi import WSGIMiddleware

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

_django = WSGIMiddleware(pages, workers=options.WEB_THREADS.number())


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        scope["headers"] = [header for header in scope["headers"] if b"_" not in header[0]]
        if scope["path"].startswith(live.PREFIX):
            await live.stream(scope, receive, send)
            return
    await _django(scope, receive, send)  # type: ignore[arg-type]
