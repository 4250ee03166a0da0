"""Statements that every call runs: planned once a connection, not each time (that costs more than they do)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection

PREPARED_AFTER = 3  # times


def preparing() -> psycopg.Connection[tuple[Any, ...]]:
    """The connection below Django's, which prepares on the server what it sees often."""
    connection.ensure_connection()
    raw: psycopg.Connection[tuple[Any, ...]] = connection.connection
    # Django switches this off for old poolers.
    raw.prepare_threshold = raw.prepare_threshold or PREPARED_AFTER
    return raw


def rows(statement: bytes, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of a statement that is always the same one; ``%(name)s`` are its values. Errors are Django's."""
    with connection.wrap_database_errors, psycopg.Cursor(preparing()) as cursor:
        return cursor.execute(statement, values).fetchall()


def run(statement: bytes, values: Sequence[Any]) -> None:
    """As ``rows``, for a statement that has none; its values are ``%s`` in their order."""
    with connection.wrap_database_errors, psycopg.Cursor(preparing()) as cursor:
        cursor.execute(statement, values)
