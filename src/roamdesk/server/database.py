"""Where PostgreSQL is: the one named by DATABASE_URL, or the embedded one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from roamdesk.server import options
from roamdesk.server.embedded import EmbeddedServer


@contextmanager
def database() -> Iterator[str]:
    """A running database; its URL, also left in DATABASE_URL for this process and its children.

    The embedded server is started, or adopted, when DATABASE_URL is not set, and stopped by its last user.
    """
    named = options.DATABASE_URL.text()
    if named:
        yield named
        return
    server = EmbeddedServer(options.VAR.path() / "pg")
    os.environ[options.DATABASE_URL.name] = server.start()
    try:
        yield options.DATABASE_URL.text()
    finally:
        os.environ.pop(options.DATABASE_URL.name, None)
        server.release()


def connection_settings(url: str = "") -> dict[str, Any]:
    """Django's settings for the database at ``url``, else at DATABASE_URL, else the embedded one.

    Starts nothing: a command that needs the database runs inside ``database()``.
    """
    parts = urlsplit(url or options.DATABASE_URL.text() or _embedded_url())
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", None) or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "postgres",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
    }


def _embedded_url() -> str:
    return f"postgresql://postgres@/postgres?host={options.VAR.path() / 'pg'}"
