"""A verb's reading and writing, in plain SQL.

The ORM costs more here than the durable commit itself: eight statements, each compiled anew. A verb needs one
trip to lock the case and read its open duties, and one to write all that it changed. What must hold is in the
database as well (``event_number_once``, ``duty_open_once``, events are final), so a mistake here can't be stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from django.db import connection, models

from roamdesk.cases.models import Case, Duty, Event
from roamdesk.desks.prepared import preparing, rows, run

Cursor = psycopg.Cursor[tuple[Any, ...]]

# What a verb may change; the rest of a case and of a duty stands from the day it was written.
OF_CASE: Final = (
    *("their_reference", "partner_id", "evse_id", "state", "version", "head", "owner_id", "merged_into_id", "known"),
    *("route", "title", "next_action", "next_cites", "next_owed_by", "next_due_at", "next_since"),
    *("is_danger", "is_unknown", "may_close", "attention", "closed_at", "changed_at"),
)
OF_DUTY: Final = (
    *("state", "title", "due_at", "overdue_at", "escalated_at"),
    *("performs_at", "performed_at", "next_clock_at", "ended_at"),
)


def columns_of(model: type[models.Model], *, but: str = "") -> list[str]:
    return [str(column.column) for column in model._meta.concrete_fields if column.column != but]


def _listed(names: Iterable[str], form: str = '"{0}"') -> str:
    return ", ".join(form.format(name) for name in names)


def _record(model: type[models.Model], names: Sequence[str]) -> str:
    """The columns with their types, as a set of JSON objects is read: ``"at" timestamp with time zone, …``."""
    types = {column.column: column.db_type(connection) for column in model._meta.concrete_fields}
    return ", ".join(f'"{name}" {types[name]}' for name in names)


CASE = columns_of(Case)
DUTY = columns_of(Duty)
NEW_DUTY = columns_of(Duty, but="id")
EVENT = columns_of(Event, but="id")

LOCK = f"SELECT {_listed(CASE)} FROM cases_case WHERE id = %s AND desk_id = %s FOR NO KEY UPDATE".encode()
OPEN_DUTIES = f"SELECT {_listed(DUTY)} FROM cases_duty WHERE case_id = %s AND state = 'open' ORDER BY id".encode()
# One parameter a table, whatever is in it: the statement is always the same one, and planned once.
_OTHERS = f"""duties_changed AS (
        UPDATE cases_duty AS duty SET {_listed(OF_DUTY, '"{0}" = new."{0}"')}
        FROM jsonb_to_recordset(%s::jsonb) AS new ({_record(Duty, ["id", *OF_DUTY])}) WHERE duty.id = new.id
    ), duties_raised AS (
        INSERT INTO cases_duty ({_listed(NEW_DUTY)})
        SELECT {_listed(NEW_DUTY)} FROM jsonb_to_recordset(%s::jsonb) AS new ({_record(Duty, NEW_DUTY)})
    ) INSERT INTO cases_event ({_listed(EVENT)})
        SELECT {_listed(EVENT)} FROM jsonb_to_recordset(%s::jsonb) AS new ({_record(Event, EVENT)}) ORDER BY number"""
OPEN_CASE = f"""WITH case_opened AS (
        INSERT INTO cases_case ({_listed(CASE)})
        SELECT {_listed(CASE)} FROM jsonb_to_recordset(%s::jsonb) AS new ({_record(Case, CASE)})
    ), {_OTHERS}""".encode()
CHANGE_CASE = f"""WITH case_changed AS (
        UPDATE cases_case AS changed SET {_listed(OF_CASE, '"{0}" = new."{0}"')}
        FROM jsonb_to_recordset(%s::jsonb) AS new ({_record(Case, ["id", *OF_CASE])}) WHERE changed.id = new.id
    ), {_OTHERS}""".encode()
KEEP_WORDS = b"""INSERT INTO cases_casewords (case_id, desk_id, words) VALUES (%s, %s, array_to_tsvector(%s::text[]))
    ON CONFLICT (case_id) DO UPDATE SET words = excluded.words"""
NEW_CASE = b"""WITH number AS (
        INSERT INTO cases_casenumber (desk_id, month, last) VALUES (%(desk)s, %(month)s, 1)
        ON CONFLICT (desk_id, month) DO UPDATE SET last = cases_casenumber.last + 1 RETURNING last
    ), sent AS (
        SELECT a.id, p.version_id, a.replaces_id, p.in_force_from, a.acknowledged_at
        FROM partners_acknowledgement a JOIN partners_publication p ON p.id = a.publication_id
        WHERE a.partner_id = %(partner)s::bigint
    ) SELECT last, nextval(pg_get_serial_sequence('cases_case', 'id')), coalesce(
        (SELECT version_id FROM sent WHERE acknowledged_at <= %(at)s AND in_force_from <= %(at)s
            ORDER BY id DESC LIMIT 1),
        (SELECT replaces_id FROM sent ORDER BY id LIMIT 1),
        (SELECT version_id FROM partners_deskprocedure WHERE desk_id = %(desk)s),
        (SELECT id FROM partners_procedureversion WHERE sha256 = %(shipped)s)
    ) FROM number"""
PUT_AWAY = b"""WITH known AS (
        SELECT id FROM cases_personalvalue WHERE case_id = %(case)s AND field = %(field)s AND value = %(value)s
    ), new AS (
        INSERT INTO cases_personalvalue (desk_id, case_id, field, value, key)
        SELECT %(desk)s, %(case)s, %(field)s, %(value)s, %(key)s WHERE NOT EXISTS (SELECT FROM known) RETURNING id
    ) SELECT id FROM known UNION ALL SELECT id FROM new LIMIT 1"""

PERSONAL_VALUES = b"SELECT id, value FROM cases_personalvalue WHERE case_id = %(case)s AND desk_id = %(desk)s"


def lock(case: Case) -> Case:
    """The case as it is now, locked until the transaction ends, with its open duties in ``draft``.

    Desk and partner that the caller has read stand; no verb changes them. Raises Case.DoesNotExist.
    """
    with _one_trip() as (cases, duties):
        cases.execute(LOCK, (case.pk, case.desk_id))
        # A statement of its own: its snapshot is taken after the lock was granted.
        duties.execute(OPEN_DUTIES, (case.pk,))
    row = cases.fetchone()
    if row is None:
        raise Case.DoesNotExist(f"There is no case {case.pk} at this desk.")
    locked = _case(row)
    _keep_related(case, locked)
    locked.draft.duties = {duty.rule: duty for duty in (_duty(row, locked) for row in duties.fetchall())}
    return locked


def _case(row: tuple[Any, ...]) -> Case:
    values = [json.loads(value) if name == "known" else value for name, value in zip(CASE, row, strict=True)]
    case: Case = Case.from_db(connection.alias, CASE, values)
    return case


def _duty(row: tuple[Any, ...], case: Case) -> Duty:
    duty: Duty = Duty.from_db(connection.alias, DUTY, row)
    duty.case = case
    return duty


def _keep_related(read: Case, locked: Case) -> None:
    cached = read._state.fields_cache
    locked.desk = read.desk
    for name in ("partner", "evse", "procedure", "owner"):
        if name in cached and getattr(read, f"{name}_id") == getattr(locked, f"{name}_id"):
            locked._state.fields_cache[name] = cached[name]


@dataclass(frozen=True)
class NewCase:
    """The number and the row id of a case to come, and the procedure version in force; None: the shipped one is new."""

    number: int
    id: int
    version_id: int | None


def new_case(desk_id: int, month: str, shipped: str, partner_id: int | None, at: datetime) -> NewCase:
    """Draw the next number of a desk in a month; it is kept by the commit. ``shipped`` is a procedure's SHA-256.

    The version is the one in force between desk and partner at ``at`` (UTC): ``partners.procedures.version_between``.
    """
    values = {"desk": desk_id, "month": month, "shipped": shipped, "partner": partner_id, "at": at}
    (drawn,) = rows(NEW_CASE, values)
    return NewCase(*drawn)


def put_away(case: Case, name: str, value: str, key: str) -> int:
    """The row of a personal value in its one place. The case is locked, so nobody writes it a second time."""
    values = {"desk": case.desk_id, "case": case.pk, "field": name, "value": value, "key": key}
    ((found,),) = rows(PUT_AWAY, values)
    return int(found)


def personal_values(case: Case) -> dict[int, str]:
    """What stands in their one place, by row; those that were erased are empty."""
    return {int(pk): str(value) for pk, value in rows(PERSONAL_VALUES, {"case": case.pk, "desk": case.desk_id})}


def write_down(case: Case) -> None:
    """All that a verb changed, in one trip. Inserting an event wakes the screens (a trigger)."""
    draft = case.draft
    if not draft.events and not draft.changed:
        return
    opening = case._state.adding
    tables: list[tuple[Iterable[models.Model], Sequence[str]]] = [
        ([case], CASE if opening else ["id", *OF_CASE]),
        (draft.changed.values(), ["id", *OF_DUTY]),
        (draft.raised, NEW_DUTY),
        (draft.events, EVENT),
    ]
    statement, written = OPEN_CASE if opening else CHANGE_CASE, [_json(*table) for table in tables]
    if draft.words is None:
        run(statement, written)
    else:
        with _one_trip() as (cursor, words):
            cursor.execute(statement, written)
            words.execute(KEEP_WORDS, [case.pk, case.desk_id, draft.words])
    case._state.adding, case._state.db = False, connection.alias
    draft.events, draft.raised, draft.changed, draft.words = [], [], {}, None


def _json(rows: Iterable[models.Model], names: Sequence[str]) -> str:
    return json.dumps([{name: getattr(row, name) for name in names} for row in rows], default=datetime.isoformat)


@contextmanager
def _one_trip() -> Iterator[tuple[Cursor, Cursor]]:
    """Two cursors whose statements travel together; read them afterwards. In a transaction; errors are Django's."""
    raw = preparing()
    with connection.wrap_database_errors, raw.pipeline():
        yield psycopg.Cursor(raw), psycopg.Cursor(raw)
