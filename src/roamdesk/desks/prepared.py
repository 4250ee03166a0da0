"""Statements that every call runs: planned once a connection, not each time (that costs more than they do)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import psycopg
from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)

PREPARED_AFTER = 3  # times


def preparing() -> psycopg.Connection[tuple[Any, ...]]:
    """The connection below Django's, which prepares on the server what it sees often."""
    connection.ensure_connection()
    raw: psycopg.Connection[tuple[Any, ...]] = connection.connection
    # Django switches this off for old poolers.
    raw.prepare_threshold = raw.prepare_threshold or PREPARED_AFTER
    return raw


def plan_once(sender: Any, connection: Any, **named: Any) -> None:
    """Of each new connection: a prepared statement keeps its first plan. Left to itself the server plans many anew."""
    with connection.cursor() as cursor:
        cursor.execute("SET plan_cache_mode = force_generic_plan")


def rows(statement: bytes, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of a statement that is always the same one; ``%(name)s`` are its values. Errors are Django's."""
    with connection.wrap_database_errors, psycopg.Cursor(preparing()) as cursor:
        return cursor.execute(statement, values).fetchall()


def run(statement: bytes, values: Sequence[Any]) -> None:
    """As ``rows``, for a statement that has none; its values are ``%s`` in their order."""
    with connection.wrap_database_errors, psycopg.Cursor(preparing()) as cursor:
        cursor.execute(statement, values)


def flush_later() -> None:
    """The transaction commits before the disk has it, which takes it within a second: a power cut may undo it whole.

    For what is done again then. A process that is killed, of the database too, undoes nothing that was committed.
    """
    run(b"SET LOCAL synchronous_commit = off", ())


def insert(row: models.Model, *, flushed: bool = True) -> None:
    """Write a new row; its ``pk`` is known afterwards. What ``save`` of its model derives is not.

    ``flushed=False`` is ``flush_later`` in the same statement.
    """
    ((row.pk, *_),) = rows(_insert(type(row), returning="id" if flushed else _ID_UNFLUSHED), _values(row))
    row._state.adding, row._state.db = False, connection.alias


_ID_UNFLUSHED = "id, set_config('synchronous_commit', 'off', true)"


def insert_first(row: models.Model) -> bool:
    """As ``insert``; False, and nothing written, where a row stands that this one must not double."""
    written = rows(_insert(type(row), otherwise="ON CONFLICT DO NOTHING"), _values(row))
    for (row.pk,) in written:
        row._state.adding, row._state.db = False, connection.alias
    return bool(written)


def update(row: models.Model) -> None:
    """Write every column of a row that is there."""
    rows(_update(type(row)), _values(row) | {"id": row.pk})


def read(model: type[Row], pk: int) -> Row | None:
    """The row of this id, whatever desk it belongs to; None where there is none. Not for models with JSON."""
    return next(iter(found(model, "WHERE id = %(pk)s", {"pk": pk})), None)


def found(model: type[Row], condition: str, values: Mapping[str, Any]) -> list[Row]:
    """The rows for which the condition holds: SQL from ``WHERE`` on, always the same. Not for models with JSON."""
    names = ["id", *(name for name, _ in _columns(model))]
    return [model.from_db(connection.alias, names, row) for row in rows(_select(model, condition), values)]


@cache
def _columns(model: type[models.Model]) -> list[tuple[str, models.Field[Any, Any]]]:
    return [(field.attname, field) for field in model._meta.concrete_fields if not field.primary_key]


def _values(row: models.Model) -> dict[str, Any]:
    return {name: field.get_db_prep_save(getattr(row, name), connection) for name, field in _columns(type(row))}


@cache
def _select(model: type[models.Model], condition: str) -> bytes:
    columns = ", ".join(f'"{name}"' for name, _ in _columns(model))
    return f'SELECT id, {columns} FROM "{model._meta.db_table}" {condition}'.encode()


@cache
def _insert(model: type[models.Model], *, otherwise: str = "", returning: str = "id") -> bytes:
    names = [name for name, _ in _columns(model)]
    columns, values = ", ".join(f'"{name}"' for name in names), ", ".join(f"%({name})s" for name in names)
    return (
        f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({values}) {otherwise} RETURNING {returning}'.encode()
    )


@cache
def _update(model: type[models.Model]) -> bytes:
    columns = ", ".join(f'"{name}" = %({name})s' for name, _ in _columns(model))
    return f'UPDATE "{model._meta.db_table}" SET {columns} WHERE id = %(id)s RETURNING id'.encode()
