"""From loaded records to the directory, in one transaction: a reader sees it before or after, never between."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from roamdesk.charging.models import Pull
from roamdesk.desks.tables import lock_imports

# Ours, by a station or because nobody but us said what they are, are never touched.
_NOT_OURS = "e.desk_id = %(desk)s AND e.station_id IS NULL AND (e.partner_id IS NOT NULL OR e.record_id IS NOT NULL)"

_WITHDRAWN = f"""
UPDATE charging_evse e SET withdrawn_at = %(at)s
WHERE {_NOT_OURS} AND e.record_id IS NOT NULL AND e.withdrawn_at IS NULL AND (
    %(whole)s AND NOT EXISTS (
        SELECT FROM charging_evserecord r WHERE r.pull_id = %(pull)s AND r.id_key = e.id_key)
    OR EXISTS (
        SELECT FROM charging_evserecord r WHERE r.pull_id = %(pull)s AND r.id_key = e.id_key AND r.gone))
"""

_HOTLINES = f"""
INSERT INTO charging_hotlinechange (desk_id, evse_id, before, after, at)
SELECT e.desk_id, e.id, e.hotline, r.hotline, %(at)s
FROM charging_evse e JOIN charging_evserecord r ON r.pull_id = %(pull)s AND r.id_key = e.id_key
WHERE {_NOT_OURS} AND NOT r.gone AND r.hotline NOT IN ('', e.hotline)
"""

# An empty column says nothing: what a person entered stays.
_CHANGED = f"""
UPDATE charging_evse e SET
    record_id = r.id, withdrawn_at = NULL, partner_id = coalesce(r.partner_id, e.partner_id),
    plug = CASE WHEN r.plug = 'unknown' AND e.record_id IS NULL THEN e.plug ELSE r.plug END,
    address = coalesce(nullif(r.address, ''), e.address), also_known = r.also_known, station_label = r.station_id,
    id_sounds_key = CASE WHEN e.id_key = e.label_key THEN r.station_sounds_key ELSE e.id_sounds_key END,
    address_key = CASE WHEN r.address <> '' OR e.address = '' THEN r.address_key ELSE e.address_key END,
    place_hint = coalesce(nullif(r.place_hint, ''), e.place_hint),
    country = coalesce(nullif(r.country, ''), e.country),
    hotline = coalesce(nullif(r.hotline, ''), e.hotline),
    hotline_at = CASE WHEN r.hotline IN ('', e.hotline) THEN e.hotline_at ELSE %(at)s END
FROM charging_evserecord r
WHERE {_NOT_OURS} AND r.pull_id = %(pull)s AND r.id_key = e.id_key AND NOT r.gone
  AND (e.withdrawn_at IS NOT NULL OR NOT EXISTS (
      SELECT FROM charging_evserecord o WHERE o.id = e.record_id AND o.digest = r.digest))
"""

_ADDED = """
INSERT INTO charging_evse (
    desk_id, partner_id, evse_id, label, label_key, sounds_key, id_key, id_sounds_key, address_key, also_known,
    station_label, evse_number, connector_number, plug, place_hint, address, country, hotline, hotline_at, record_id,
    status, error_code)
SELECT desk_id, partner_id, evse_id, evse_id, id_key, translate(id_key, 'OI', '01'), id_key,
    station_sounds_key, address_key, also_known, station_id, 1, 1, plug, place_hint, address, country, hotline,
    CASE WHEN hotline <> '' THEN %(at)s END, id, '', ''
FROM charging_evserecord r
WHERE r.pull_id = %(pull)s AND NOT r.gone AND NOT EXISTS (
    SELECT FROM charging_evse e WHERE e.desk_id = %(desk)s AND e.id_key = r.id_key) AND NOT EXISTS (
    SELECT FROM charging_evse e WHERE e.desk_id = %(desk)s AND e.label_key = r.id_key AND e.label_key <> e.id_key)
ORDER BY r.id_key
"""

_SESSIONS = """
UPDATE charging_session s SET evse_id = e.id
FROM charging_evse e
WHERE s.desk_id = %(desk)s AND s.evse_id IS NULL AND s.evse_key <> '' AND e.desk_id = s.desk_id
  AND e.id_key = s.evse_key
"""

_OLD_RECORDS = """
DELETE FROM charging_evserecord r
WHERE r.desk_id = %(desk)s
  AND NOT EXISTS (SELECT FROM charging_evse e WHERE e.record_id = r.id AND e.desk_id = r.desk_id)
  AND NOT EXISTS (SELECT FROM charging_pull p WHERE p.id = r.pull_id AND p.state IN ('loading', 'waiting'))
"""

_OLD_REFUSALS = """
DELETE FROM charging_refusedrecord r USING charging_pull p
WHERE p.id = r.pull_id AND p.desk_id = %(desk)s AND p.id < %(pull)s AND p.whole
"""


def swap(pull: Pull, at: datetime) -> None:
    """Make the directory what the load says, inside the caller's transaction; what it did is counted in the pull."""
    values = {"desk": pull.desk_id, "pull": pull.pk, "whole": pull.whole, "at": at}
    lock_imports(pull.desk_id)
    _plan_for_many(pull)
    pull.withdrawn = _run(_WITHDRAWN, values)
    _run(_HOTLINES, values)
    pull.changed = _run(_CHANGED, values)
    pull.added = _run(_ADDED, values)
    _run(_SESSIONS, values)
    pull.state, pull.finished_at = Pull.State.SWAPPED, at
    pull.save()


def forget_records(pull: Pull) -> None:
    """Delete records that no EVSE shows any more, and what earlier whole loads refused. Opens its own transaction."""
    values = {"desk": pull.desk_id, "pull": pull.pk}
    _run(f"ANALYZE charging_evse ({_KEYS})", {})  # whoever looks for EVSEs now plans with what there is now
    with transaction.atomic():
        if pull.added < pull.records - pull.refused:
            _plan_for_many(pull)
            _run(_OLD_RECORDS, values)
        if pull.whole:
            _run(_OLD_REFUSALS, values)


_KEYS = "desk_id, id_key, label_key, sounds_key, id_sounds_key, partner_id, station_id, record_id"


def _plan_for_many(pull: Pull) -> None:
    """The planner learns of the rows that came since its last look: guessing few, it would compare all with all."""
    _run("SET LOCAL work_mem = '64MB'", {})
    # Not the wide columns: to sample them takes as long as to check a load for doubles.
    _run(f"ANALYZE charging_evserecord (pull_id, id_key, gone), charging_evse ({_KEYS})", {})
    if pull.whole:
        _run("SET LOCAL enable_nestloop = off", {})


def _run(statement: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
