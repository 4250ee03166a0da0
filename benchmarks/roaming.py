"""Roaming data at scale: a hub's directory of 1,000,000 EVSEs, its states, and the match among 10,000,000 sessions.

The import runs in a process of its own, so that its memory is its own: from the bytes of the hub's pages to a
directory that is swapped in. Its floors are the same records decoded, and the same rows written by COPY.
ROAMING_RECORDS and ROAMING_SESSIONS make it smaller.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection
from django_scopes import scope

from benchmarks.figures import Figure, figure
from benchmarks.people import cast
from roamdesk.charging.lookup import newest_sessions
from roamdesk.charging.models import Evse, Session
from roamdesk.charging.roaming.said_of_evses import StatusSaid
from roamdesk.charging.roaming.services import record_status
from roamdesk.desks.models import Desk
from roamdesk.desks.prepared import preparing, read
from roamdesk.oicp.wire.evse import OpeningTimesType
from roamdesk.oicp.wire.parts import GeoCoordinatesType

RECORDS = int(os.environ.get("ROAMING_RECORDS", "1000000"))
SESSIONS = int(os.environ.get("ROAMING_SESSIONS", "10000000"))
APART = max(10_000_000 // SESSIONS, 1)  # seconds between two sessions: a day has as many of its size as at full size
PER_PAGE, PER_OPERATOR, AT_STATION = 2000, 5000, 2
STATUSES, LOOK_UPS, ROUNDS = 20_000, 2_000, 5
STATUS_TARGET, MEMORY_MB = 20_000, 500
AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)
STREETS = ("Warschauer Straße", "Rua das Flores", "Via Roma", "Hauptstraße", "Aleja Lipowa", "Kauppakatu")
TOWNS = ("Berlin", "Porto", "Torino", "Wien", "Gdynia", "Tampere")


def figures() -> Iterator[Figure]:
    desk = cast("roaming").desk
    pages = _write_pages(Path("var/bench-evses.jsonl"))
    try:
        yield from _import(desk.slug, pages)
    finally:
        pages.unlink()
    yield from _statuses(desk)
    yield from _match(desk)


def evse_id(number: int) -> str:
    operator, own = divmod(number, PER_OPERATOR)
    return f"DE*{operator:03d}*E{own // AT_STATION:05d}*{own % AT_STATION + 1}"


def record(number: int) -> dict[str, Any]:
    """One record with the members that operators send, some 1.4 kB; two EVSEs stand at one address."""
    station = number // AT_STATION
    town = TOWNS[station % len(TOWNS)]
    return {
        "EvseID": evse_id(number),
        "ChargingPoolID": f"DE*{number // PER_OPERATOR:03d}*P{station:07d}",
        "ChargingStationID": f"ST-{station:07d}",
        "ChargingStationNames": [
            {"lang": "en", "value": f"{town} {station}"}, {"lang": "de", "value": f"Platz {station}"},
        ],
        "HardwareManufacturer": "Ladewerk",
        "ChargingStationImage": None,
        "SubOperatorName": None,
        "Address": {
            "Country": "DEU", "City": town, "Street": STREETS[station % len(STREETS)],
            "PostalCode": f"{station % 99999:05d}", "HouseNum": str(station % 200),
            "Floor": None, "Region": None, "ParkingFacility": False,
            "ParkingSpot": str(number % 90), "TimeZone": "UTC+01:00",
        },
        "GeoCoordinates": {
            "Google": {"Coordinates": f"{47 + station % 700 / 100:.6f} {6 + station % 900 / 100:.6f}"},
            "DecimalDegree": None, "DegreeMinuteSeconds": None,
        },
        "GeoChargingPointEntrance": None,
        "Plugs": ["Type 2 Outlet"] if number % 3 else ["CCS Combo 2 Plug (Cable Attached)"],
        "DynamicPowerLevel": True,
        "ChargingFacilities": [
            {"PowerType": "AC_3_PHASE", "Power": 22, "Voltage": 400, "Amperage": 32, "ChargingModes": ["Mode_3"]}
        ],
        "RenewableEnergy": True,
        "EnergySource": [{"Energy": "Solar", "Percentage": 85}, {"Energy": "Wind", "Percentage": 15}],
        "CalibrationLawDataAvailability": "Not Available",
        "AuthenticationModes": ["NFC RFID Classic", "NFC RFID DESFire", "REMOTE"],
        "PaymentOptions": ["Contract"],
        "ValueAddedServices": ["Reservation"],
        "Accessibility": "Free publicly accessible",
        "AccessibilityLocation": "OnStreet",
        "HotlinePhoneNumber": f"+4930555{number // PER_OPERATOR:04d}",
        "AdditionalInfo": None,
        "ChargingStationLocationReference": [{"lang": "en", "value": f"Beside the library, row {number % 40}"}],
        "IsOpen24Hours": True,
        "OpeningTimes": None,
        "HubOperatorID": None,
        "ClearinghouseID": None,
        "IsHubjectCompatible": True,
        "DynamicInfoAvailable": "true",
        "deltaType": None,
        "lastUpdate": "2026-03-01T08:00:00Z",
        "OperatorID": f"DE*{number // PER_OPERATOR:03d}",
        "OperatorName": f"Operator {number // PER_OPERATOR}",
    }  # fmt: skip


def _write_pages(path: Path) -> Path:
    """A page of the hub on each line."""
    with path.open("wb") as lines:
        for begin in range(0, RECORDS, PER_PAGE):
            content = [record(number) for number in range(begin, min(begin + PER_PAGE, RECORDS))]
            page = {"content": content, "number": begin // PER_PAGE, "last": begin + PER_PAGE >= RECORDS}
            lines.write(msgspec.json.encode(page) + b"\n")
    return path


def _import(slug: str, pages: Path) -> Iterator[Figure]:
    whole, wanted = _decode_rate(pages, dict), _decode_rate(pages, _Envelope)
    first, again = (_in_own_process(slug, pages, day) for day in (0, 1))
    copied = _copy_rate()
    rate = RECORDS / first["seconds"]
    detail = (
        f"{rate:,.0f}/s; decode {whole:,.0f}/s, COPY {copied:,.0f}/s; pages {first['pages']:.0f} s, "
        f"swap {first['swap']:.1f} s; the same again {RECORDS / again['seconds']:,.0f}/s"
    )
    yield figure("evse_import", [rate / min(whole, copied)], 0.5, at_least=True, detail=detail)
    detail = f"decode of the members that the desk uses {wanted:,.0f}/s"
    yield figure("evse_import_strictly", [rate / min(wanted, copied)], 0.5, at_least=True, detail=detail)
    memory = max(first["memory"], again["memory"])
    yield figure("evse_import_memory", [memory / MEMORY_MB], 1.0, at_least=False, detail=f"{memory:.0f} MB resident")


class _Info(msgspec.Struct):
    lang: str | None = None
    value: str | None = None


class _Address(msgspec.Struct):
    Country: str | None = None
    City: str | None = None
    Street: str | None = None
    PostalCode: str | None = None
    HouseNum: str | None = None
    Floor: str | None = None
    ParkingSpot: str | None = None


class _Facility(msgspec.Struct):
    PowerType: str | None = None
    Power: float | None = None


class _Wanted(msgspec.Struct):
    """The members that the desk uses, half of the record: the stricter floor."""

    EvseID: str
    OperatorID: str
    deltaType: str | None = None
    lastUpdate: str | None = None
    OperatorName: str | None = None
    SubOperatorName: str | None = None
    ChargingStationID: str | None = None
    ChargingStationNames: list[_Info | None] | None = None
    ChargingStationLocationReference: list[_Info | None] | None = None
    Address: _Address | None = None
    GeoCoordinates: GeoCoordinatesType | None = None
    Plugs: list[str | None] | None = None
    ChargingFacilities: list[_Facility | None] | None = None
    AuthenticationModes: list[str | None] | None = None
    PaymentOptions: list[str | None] | None = None
    Accessibility: str | None = None
    HotlinePhoneNumber: str | None = None
    IsOpen24Hours: bool | None = None
    OpeningTimes: list[OpeningTimesType | None] | None = None
    IsHubjectCompatible: bool | None = None
    DynamicInfoAvailable: str | None = None


class _Envelope(msgspec.Struct):
    content: list[_Wanted]


def _decode_rate(pages: Path, kind: Any) -> float:
    decoder, spent = msgspec.json.Decoder(kind), 0.0
    with pages.open("rb") as lines:
        for line in lines:
            began = time.perf_counter()
            decoder.decode(line)
            spent += time.perf_counter() - began
    return RECORDS / spent


def _in_own_process(slug: str, pages: Path, day: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.importing", slug, str(pages), str(day)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _copy_rate() -> float:
    """The very rows that the import wrote, into a table without index: nothing but COPY."""
    raw, spent = preparing(), 0.0
    with raw.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_floor (LIKE charging_evserecord)")
        cursor.execute("ALTER TABLE bench_floor SET (toast_tuple_target = 8160)")
        cursor.execute("CREATE INDEX bench_pages ON charging_evserecord (pull_id, page)")
        cursor.execute("SELECT DISTINCT page, pull_id FROM charging_evserecord ORDER BY page")
        for page, pull in cursor.fetchall():
            rows = _rows_of(raw, page, pull)
            began = time.perf_counter()
            with cursor.copy("COPY bench_floor FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(rows)
            spent += time.perf_counter() - began
        cursor.execute("DROP TABLE bench_floor")
        cursor.execute("DROP INDEX bench_pages")
    return RECORDS / spent


def _rows_of(raw: Any, page: int, pull: int) -> bytes:
    statement = (
        f"COPY (SELECT * FROM charging_evserecord WHERE page = {page} AND pull_id = {pull}) TO STDOUT (FORMAT BINARY)"
    )
    with raw.cursor() as cursor, cursor.copy(statement) as copy:
        return b"".join(bytes(part) for part in copy)


def _statuses(desk: Desk) -> Iterator[Figure]:
    chance, rates = random.Random(5), []
    for number in range(ROUNDS):
        status = ("Occupied", "Available")[number % 2]
        said = [StatusSaid(evse_id(one), status) for one in chance.sample(range(RECORDS), min(STATUSES, RECORDS))]
        began = time.perf_counter()
        tally = record_status(desk, said, at=AT + timedelta(minutes=number))
        rates.append(tally.changed / (time.perf_counter() - began))
    detail = f"{sorted(rates)[ROUNDS // 2]:,.0f} changes/s"
    yield figure("evse_status", [rate / STATUS_TARGET for rate in rates], 1.0, at_least=True, detail=detail)


_FILL = """
INSERT INTO charging_session (desk_id, evse_id, token_key, session_id, hub_key, grade, flags, evse_key,
    cpo_session_id, msp_session_id, transaction_id, cdr_id, started_at, ended_at, stop_reason, charging, observed_at)
SELECT %(desk)s, %(first)s + n %% %(evses)s, upper(lpad(to_hex(n %% %(tokens)s), 14, '0')), 'S-' || n, 'S-' || n,
    'cdr', '{}', '', '', '', '', 'S-' || n,
    %(at)s - n * %(apart)s * interval '1 second', %(at)s - n * %(apart)s * interval '1 second', '', FALSE, %(at)s
FROM generate_series(1, %(count)s) n
"""


def _match(desk: Desk) -> Iterator[Figure]:
    """A token and an EVSE to their sessions, against the look-up of one session by its primary key."""
    tokens, since = max(SESSIONS // 50, 1), AT - timedelta(hours=24)
    with scope(desk=desk), connection.cursor() as cursor:
        first = Evse.objects.filter(desk=desk).order_by("pk").values_list("pk", flat=True)[0]
        values: dict[str, Any] = {
            "desk": desk.pk,
            "first": first,
            "evses": RECORDS,
            "tokens": tokens,
            "at": AT,
            "count": SESSIONS,
        }
        values |= {"apart": APART}
        cursor.execute(_FILL, values)
        cursor.execute("VACUUM ANALYZE charging_session")
        lowest = Session.objects.order_by("pk").values_list("pk", flat=True)[0]
        chance = random.Random(3)
        numbers = [chance.randrange(1, 86_000 // APART) for _ in range(LOOK_UPS)]

        def match(number: int) -> None:
            key = f"{number % tokens:014X}"
            newest_sessions(desk.pk, evse_id=first + number % RECORDS, keys=[key], contract="", printed="", since=since)

        def by_key(number: int) -> None:
            read(Session, lowest + number - 1)

        ratios, times = [], []
        for _ in range(ROUNDS):
            matching, floor = _spent(match, numbers), _spent(by_key, numbers)
            ratios.append(matching / floor)
            times.append(matching)
    detail = f"{sorted(times)[ROUNDS // 2] / LOOK_UPS * 1e6:.0f} us among {SESSIONS:,} sessions"
    yield figure("session_match", ratios, 2.0, at_least=False, detail=detail)


def _spent(look_up: Any, numbers: list[int]) -> float:
    began = time.perf_counter()
    for number in numbers:
        look_up(number)
    return time.perf_counter() - began
