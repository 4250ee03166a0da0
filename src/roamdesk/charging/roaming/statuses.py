"""The state of partners' EVSEs, as a hub tells it: without a time of its own, so its age is when we fetched it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django_scopes import scope

from roamdesk.charging.models import Evse, StatusFetch
from roamdesk.charging.roaming.recording import evse_key
from roamdesk.charging.roaming.said_of_evses import StatusSaid
from roamdesk.charging.roaming.texts import clean
from roamdesk.desks.models import Desk
from roamdesk.desks.tables import lock_imports
from roamdesk.identifiers import label_key

_LONGEST = 24

_CHANGE = """
UPDATE charging_evse e SET status = said.status, status_at = %(at)s
FROM (
    SELECT DISTINCT ON (id_key) id_key, status FROM unnest(%(keys)s::text[], %(statuses)s::text[]) AS s (id_key, status)
) said
WHERE e.desk_id = %(desk)s AND e.id_key = said.id_key AND e.station_id IS NULL
  AND (e.status_at IS NULL OR e.status_at <= %(at)s AND e.status <> said.status)
"""

_FETCHED = """
INSERT INTO charging_statusfetch (desk_id, operator_key, at) VALUES (%(desk)s, %(operator)s, %(at)s)
ON CONFLICT (desk_id, operator_key) DO UPDATE SET at = greatest(charging_statusfetch.at, excluded.at)
"""


@dataclass(frozen=True)
class StatusTally:
    said: int
    changed: int


def record_status(
    desk: Desk, said: Sequence[StatusSaid], *, at: datetime, operators: Sequence[str] | None = ()
) -> StatusTally:
    """Keep what was fetched at ``at`` (UTC); older news never replaces newer, our own stations are left alone.

    ``operators`` are those whose EVSEs were all fetched, None for everybody's: what did not change is as young then.
    """
    keys = [evse_key(one.evse_id) for one in said]
    statuses = [clean(one.status, _LONGEST) for one in said]
    with scope(desk=desk), transaction.atomic(), connection.cursor() as cursor:
        values: dict[str, Any] = {"desk": desk.pk, "keys": keys, "statuses": statuses, "at": at}
        lock_imports(desk.pk)  # a load that is swapped in, or a second fetch, writes the same rows in another order
        cursor.execute(_CHANGE, values)
        changed = cursor.rowcount
        for operator in [""] if operators is None else [label_key(each)[:_LONGEST] for each in operators]:
            cursor.execute(_FETCHED, {"desk": desk.pk, "operator": operator, "at": at})
    return StatusTally(len(said), changed)


def status_confirmed_at(evse: Evse) -> datetime | None:
    """When the status that is stored was fetched last, the same or new; None where there is none."""
    if evse.status_at is None or evse.station_id is not None:
        return evse.status_at
    whose = ["", *(evse.id_key[:length] for length in range(4, min(len(evse.id_key), _LONGEST) + 1))]
    fetched = StatusFetch.objects.filter(desk=evse.desk_id, operator_key__in=whose).aggregate(newest=Max("at"))
    newest: datetime | None = fetched["newest"]
    return max(evse.status_at, newest) if newest else evse.status_at
