"""Statements that every call runs: planned once a connection, not each time (that costs more than they do)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection

PREPARED_AFTER = 3  # times


def rows(statement: bytes, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of a statement that is always the same one; ``%(name)s`` are its values. Errors are Django's."""
    connection.ensure_connection()
    raw = connection.connection
    # Django switches this off for old poolers.
    raw.prepare_threshold = raw.prepare_threshold or PREPARED_AFTER
    with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
