"""An EVSE by its address, or by part of its label, in a directory of 1,000,000; FINDING_EVSES makes it smaller."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from hashlib import md5

from django.db import connection
from django_scopes import scope

from benchmarks.figures import Figure, figure
from benchmarks.people import cast
from roamdesk.charging.selectors import find_evse
from roamdesk.desks.models import Desk

EVSES = int(os.environ.get("FINDING_EVSES", "1000000"))
SEARCHES, MILLISECONDS = 200, 50
TOWNS = ("berlin", "porto", "torino", "wien", "gdynia", "tampere", "hamburg", "rotterdam", "salzburg")


def figures() -> Iterator[Figure]:
    desk = cast("finding").desk
    with scope(desk=desk):
        _fill(desk)
        yield _search(desk, "evse_by_address", lambda n: f"{_street(n)}str {n % 200} {TOWNS[n % len(TOWNS)]}")
        yield _search(desk, "evse_by_street", lambda n: f"{_street(n)}str"[: 4 + n % 8])
        yield _search(desk, "evse_by_town", lambda n: TOWNS[n % len(TOWNS)][: 3 + n % 4])
        yield _search(desk, "evse_by_label", lambda n: _number(n)[n % 3 :])
        yield _search(desk, "evse_by_operator_and_label", lambda n: f"{n // 10_000:03d} {_number(n)[1:]}")
        yield _search(desk, "evse_by_nothing", lambda n: f"xyz{n % 90 + 10}")


def _search(desk: Desk, name: str, heard: Callable[[int], str]) -> Figure:
    chance = random.Random(11)
    find_evse(desk, heard(0))
    times = sorted(_timed(desk, heard(chance.randrange(EVSES) // 2)) for _ in range(SEARCHES))
    middle, slow = times[SEARCHES // 2], times[int(SEARCHES * 0.95)]
    detail = f"{middle:.1f} ms, 95 % within {slow:.1f} ms, of {MILLISECONDS} ms among {EVSES:,} EVSEs"
    return figure(name, [one / MILLISECONDS for one in times], 1.0, at_least=False, detail=detail)


def _timed(desk: Desk, heard: str) -> float:
    began = time.perf_counter()
    find_evse(desk, heard)
    return (time.perf_counter() - began) * 1000


def _street(station: int) -> str:
    """One of 30,000."""
    return md5(str(station % 30_000).encode()).hexdigest()[:8].translate(str.maketrans("0123456789", "ghijklmnop"))


def _number(station: int) -> str:
    return f"{station % 10_000:05d}1"


def _fill(desk: Desk) -> None:
    """Two EVSEs a station, 20,000 an operator."""
    with connection.cursor() as cursor:
        cursor.execute(_EVSES, {"desk": desk.pk, "count": EVSES, "towns": list(TOWNS)})
        cursor.execute("VACUUM ANALYZE charging_evse")


_EVSES = """
INSERT INTO charging_evse (desk_id, evse_id, label, label_key, sounds_key, id_key, id_sounds_key, address_key,
    evse_number, connector_number, plug, place_hint, address, country, hotline, also_known, station_label, status,
    error_code)
SELECT %(desk)s, key, key, key, key, key, 'ST' || lpad(n::text, 7, '0'), words, 1, 1, 'type2_socket', '', words, 'DE',
    '', '', 'ST-' || lpad(n::text, 7, '0'), '', ''
FROM (
    SELECT n, 'DE' || lpad((n / 10000)::text, 3, '0') || 'E' || lpad((n %% 10000)::text, 5, '0') || socket AS key,
        translate(left(md5((n %% 30000)::text), 8), '0123456789', 'ghijklmnop') || ' str ' || n %% 200
        || ' ' || lpad((n * 7 %% 99999)::text, 5, '0') || ' ' || (%(towns)s::text[])[n %% 9 + 1] || ' st '
        || lpad(n::text, 7, '0') || ' beside the library row ' || n %% 40 AS words
    FROM generate_series(0, %(count)s / 2 - 1) n, generate_series(1, 2) socket
) made
"""
