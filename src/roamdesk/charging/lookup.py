"""Sessions as values, EVSEs by their name and commands to be sent, in plain SQL: they stand in every call."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Model

from roamdesk.charging.matching import SessionRecord
from roamdesk.charging.models import Command, Evse, Station
from roamdesk.desks.models import Desk
from roamdesk.desks.prepared import found, read, rows

NEWEST = 20

_RECORDS = """
SELECT s.id, s.started_at, s.observed_at, s.ended_at, coalesce(e.label, ''), coalesce(e.evse_id, ''),
       s.token_key, coalesce(t.contract_id, ''), coalesce(e.address, ''), s.session_id, s.transaction_id,
       s.charging, s.grade, CASE WHEN st.connection_id <> '' THEN st.last_seen_at END
FROM ({which}) s
LEFT JOIN charging_evse e ON e.id = s.evse_id
LEFT JOIN charging_station st ON st.id = s.station_id
LEFT JOIN charging_token t ON t.desk_id = s.desk_id AND t.key = s.token_key
ORDER BY s.started_at DESC
"""

# One index look-up for the EVSE and one for each name of the token, of the newest few; only the sessions that may
# still be meant are read whole.
_NEWEST = _RECORDS.format(
    which="""
    SELECT whole.* FROM charging_session whole JOIN (
    (SELECT id, ended_at FROM charging_session
     WHERE desk_id = %(desk)s::bigint AND evse_id = %(evse)s::bigint
     ORDER BY started_at DESC LIMIT %(newest)s)
    UNION
    (SELECT named.id, named.ended_at FROM (
         SELECT unnest(%(keys)s::text[]) AS key
         UNION
         SELECT key FROM charging_token
         WHERE desk_id = %(desk)s::bigint AND (key = ANY(%(keys)s)
            OR contract_key <> '' AND contract_key = %(contract)s
            OR printed_key <> '' AND printed_key = %(printed)s)
         UNION
         SELECT contract_key FROM charging_token
         WHERE desk_id = %(desk)s::bigint AND contract_key <> '' AND key = ANY(%(keys)s)) names
     CROSS JOIN LATERAL (
         SELECT id, ended_at, started_at FROM charging_session
         WHERE desk_id = %(desk)s::bigint AND token_key = names.key
         ORDER BY started_at DESC LIMIT %(newest)s) named
     ORDER BY named.started_at DESC LIMIT %(newest)s)
    ) picked ON picked.id = whole.id
    WHERE picked.ended_at IS NULL OR picked.ended_at >= %(since)s::timestamptz
"""
)


def newest_sessions(
    desk_id: int, *, evse_id: int | None, keys: Collection[str], contract: str, printed: str, since: datetime
) -> list[SessionRecord]:
    """Of a desk's newest sessions at the EVSE, or with the token under any of its names, those open or ended since.

    Newest first.
    """
    return _records(
        _NEWEST,
        desk=desk_id, evse=evse_id, keys=list(keys), contract=contract, printed=printed, newest=NEWEST, since=since,
    )  # fmt: skip


_NAMED = "WHERE desk_id = %(desk)s AND (id_key = %(key)s OR label_key = %(key)s AND label_key <> id_key) LIMIT 2"


def evses_named(desk_id: int, key: str) -> list[Evse]:
    """The EVSEs of a desk whose label or id has this key, at most two: more than one is none."""
    return found(Evse, _NAMED, {"desk": desk_id, "key": key})


def queued_command(pk: int) -> Command | None:
    """A command that waits to be sent, with its desk, station and EVSE; None where it waits no more."""
    command = read(Command, pk)
    if command is None or command.state != Command.State.QUEUED:
        return None
    related: tuple[tuple[str, type[Model]], ...] = (("desk", Desk), ("station", Station), ("evse", Evse))
    for name, model in related:
        setattr(command, name, read(model, getattr(command, f"{name}_id")))
    return command


def _records(statement: str, **values: Any) -> list[SessionRecord]:
    return [_record(row) for row in rows(statement.encode(), values)]


def _record(row: tuple[Any, ...]) -> SessionRecord:
    record, heard = SessionRecord(*row[:-1]), row[-1]
    # A connected station would have told of a change: its last word is the age of what we know.
    return replace(record, observed_at=heard) if heard and heard > record.observed_at else record
