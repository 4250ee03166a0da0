"""A page of a load, written beside the directory by COPY: each EVSE once, what cannot stand with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import connection, transaction
from psycopg.errors import UniqueViolation

from roamdesk.charging.models import EvseRecord, Pull, RefusedRecord
from roamdesk.charging.roaming.reading import COLUMNS, Columns, Owners, RecordUnusable, columns_of
from roamdesk.charging.roaming.said_of_evses import EvseSaid, Page, RecordRefused
from roamdesk.charging.roaming.texts import clean
from roamdesk.desks.prepared import flush_later, preparing

_COPY = (
    f"""COPY charging_evserecord (desk_id, pull_id, page, {", ".join(COLUMNS)}) FROM STDIN (FORMAT BINARY)""".encode()
)
_TYPES = [str(EvseRecord._meta.get_field(name).db_type(connection)).split("(")[0] for name in COLUMNS]
_ID_KEY, _EVSE_ID, _RAW = (COLUMNS.index(name) for name in ("id_key", "evse_id", "raw"))
_DOUBLED = "This EVSE stands in the load more than once: the last one counts."

_TAKE_OFF = """
WITH taken AS (
    DELETE FROM charging_evserecord WHERE pull_id = %(pull)s AND id_key = ANY(%(keys)s) RETURNING *
)
INSERT INTO charging_refusedrecord (desk_id, pull_id, page, evse_id, reason, raw)
SELECT desk_id, pull_id, page, evse_id, %(reason)s, raw FROM taken
"""


def write_page(pull: Pull, page: Page) -> None:
    """Inside the caller's transaction; what came is counted in the pull, which is not saved."""
    owners = Owners.of(pull.desk)
    refused: list[RecordRefused] = []
    flush_later()  # what a power cut takes away takes the pull's count of pages along: it is fetched again
    try:
        with transaction.atomic():
            pull.records += _copy(pull, page.number, _usable(page.records, owners, refused))
    except UniqueViolation:
        refused.clear()
        _write_last_of_each(pull, page.number, _usable(page.records, owners, refused))
    _keep(pull, page.number, refused)
    pull.records += len(refused)
    pull.refused += len(refused)


def _copy(pull: Pull, page: int, rows: Iterable[Columns]) -> int:
    begin, taken = (pull.desk_id, pull.pk, page), 0
    with preparing().cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(["int8", "int8", "int4", *_TYPES])
        for columns in rows:
            copy.write_row(begin + columns)
            taken += 1
    return taken


def _write_last_of_each(pull: Pull, page: int, rows: Iterable[Columns]) -> None:
    """Of an EVSE that stands in the load more than once, the others go to what was refused."""
    last: dict[str, Columns] = {}
    before: list[RecordRefused] = []
    for columns in rows:
        if other := last.pop(columns[_ID_KEY], None):
            before.append(RecordRefused(_DOUBLED, other[_RAW], other[_EVSE_ID]))
        last[columns[_ID_KEY]] = columns
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_OFF, {"pull": pull.pk, "keys": list(last), "reason": _DOUBLED})
        pull.doubled += cursor.rowcount + len(before)
    _keep(pull, page, before)
    pull.records += _copy(pull, page, last.values()) + len(before)


def _usable(
    records: Iterable[EvseSaid | RecordRefused], owners: Owners, refused: list[RecordRefused]
) -> Iterator[Columns]:
    for said in records:
        if isinstance(said, RecordRefused):
            refused.append(said)
            continue
        try:
            yield columns_of(said, owners)
        except RecordUnusable as fault:
            refused.append(RecordRefused(str(fault), said.raw, said.evse_id))


def _keep(pull: Pull, page: int, refused: Iterable[RecordRefused]) -> None:
    RefusedRecord.objects.bulk_create(
        RefusedRecord(
            desk_id=pull.desk_id, pull=pull, page=page, evse_id=clean(said.evse_id, 64),
            reason=clean(said.reason, 300), raw=clean(said.raw),
        )
        for said in refused
    )  # fmt: skip
