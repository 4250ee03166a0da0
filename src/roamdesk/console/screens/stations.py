"""Our stations: who is connected, what each label reports and since when; and who was not let in."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django_scopes import scopes_disabled

from roamdesk.charging.models import Evse, RefusedStation, Station
from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.desks.models import Desk

SHOWN = 100
REFUSED_SHOWN = 20
BROKEN = frozenset({"faulted", "unavailable"})


@dataclass(frozen=True)
class Label:
    """One connector. ``state`` is a mark where the status is bad or no longer seen, else only words."""

    label: str
    connector: str
    status: str
    age: str
    state: Mark | None


@dataclass(frozen=True)
class Row:
    identity: str
    address: str
    mark: Mark
    seen: str
    version: str
    model: str
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Refusal:
    """``command`` lets the station in; empty where the identity is registered and something else is wrong."""

    identity: str
    remote: str
    reason: str
    times: int
    last: str
    command: str


@dataclass(frozen=True)
class StationsScreen:
    rows: tuple[Row, ...]
    total: int
    connected: int
    fitting: int
    refused: tuple[Refusal, ...]
    example: str


def stations_screen(desk: Desk, wanted: str, now: datetime) -> StationsScreen:
    """The stations of a desk whose identity, address or label contains ``wanted``. Runs in the desk's scope."""
    ours = Station.objects.filter(desk=desk)
    fitting = _fitting(ours, wanted)
    rows = fitting.prefetch_related("evses").order_by("identity")[:SHOWN]
    return StationsScreen(
        rows=tuple(_row(station, now) for station in rows),
        total=ours.count(),
        connected=ours.exclude(connection_id="").count(),
        fitting=fitting.count() if wanted else ours.count(),
        refused=tuple(_refusals(desk, now)),
        example=command_to_add("BER-TRY-001", desk),
    )


def command_to_add(identity: str, desk: Desk) -> str:
    """What an administrator types to let a station in; whatever it calls itself stays one word of the shell."""
    return f"echo 'a-password-of-24-letters' | roamdesk station add {shlex.quote(identity)} --desk {desk.slug}"


def _fitting(ours: QuerySet[Station], wanted: str) -> QuerySet[Station]:
    if not wanted:
        return ours
    by_label = Evse.objects.filter(label__icontains=wanted).values("station")
    return ours.filter(Q(identity__icontains=wanted) | Q(address__icontains=wanted) | Q(pk__in=by_label))


def _row(station: Station, now: datetime) -> Row:
    made = " ".join(part for part in (station.vendor, station.model) if part)
    evses = sorted(station.evses.all(), key=lambda evse: (evse.evse_number, evse.connector_number))
    return Row(
        identity=station.identity,
        address=station.address,
        mark=_mark(station),
        seen=f"last seen {words.ago(station.last_seen_at, now)}" if station.last_seen_at else "",
        version=station.version and f"OCPP {station.version.removeprefix('ocpp')}",
        model=made,
        labels=tuple(_label(evse, station, now) for evse in evses),
    )


def _mark(station: Station) -> Mark:
    if station.is_connected:
        return mark(State.DONE, "Connected")
    return mark(State.UNKNOWN, "Not connected") if station.last_seen_at else mark(State.LATER, "Never connected")


def _label(evse: Evse, station: Station, now: datetime) -> Label:
    place = f"{evse.evse_number}/{evse.connector_number}"
    status = " ".join(part for part in (evse.status or "never reported", evse.error_code) if part)
    age = words.ago(evse.status_at, now) if evse.status_at else ""
    return Label(evse.label, place, status, age, _label_mark(evse, station, status))


def _label_mark(evse: Evse, station: Station, status: str) -> Mark | None:
    """A status counts while its station is connected: stations report changes, not time."""
    if not evse.status:
        return None
    if not station.is_connected:
        return mark(State.UNKNOWN, status)
    return mark(State.FAILED, status) if evse.status.casefold() in BROKEN else None


def _refusals(desk: Desk, now: datetime) -> list[Refusal]:
    """Nobody's stations and ours that did not connect since; never one that another desk has registered."""
    # Identities are unique over all desks: the only way to tell whose a refused one is.
    with scopes_disabled():
        elsewhere = Station.objects.exclude(desk=desk).values("identity")
        refused = list(RefusedStation.objects.exclude(identity__in=elsewhere).order_by("-last_at")[:REFUSED_SHOWN])
        named = Station.objects.filter(desk=desk, identity__in=[each.identity for each in refused])
        came = dict(named.values_list("identity", "connected_at"))
    still = [each for each in refused if not (connected := came.get(each.identity)) or connected < each.last_at]
    return [_refusal(each, desk, now, known=each.identity in came) for each in still]


def _refusal(refused: RefusedStation, desk: Desk, now: datetime, *, known: bool) -> Refusal:
    return Refusal(
        identity=refused.identity,
        remote=refused.remote,
        reason=refused.reason,
        times=refused.times,
        last=words.ago(refused.last_at, now),
        command="" if known else command_to_add(refused.identity, desk),
    )
