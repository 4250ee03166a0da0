"""What a hub says of EVSEs and their state, as values: an edge reads its wire and hands these over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec


class EvseSaid(msgspec.Struct, frozen=True, gc=False):
    """One EVSE of a hub's directory; whatever was not said is empty or None.

    ``plugs`` are values of ``charging.models.Plug``; the rest are words for people, in the order they are read.
    ``raw`` is the record as it came. ``gone``: the hub says that it is there no more.
    """

    evse_id: str
    raw: str = ""
    gone: bool = False
    operator_id: str = ""
    operator_name: str = ""
    sub_operator: str = ""
    station_id: str = ""
    names: str = ""
    address: str = ""
    country: str = ""  # ISO 3166-1 alpha-2
    place: str = ""  # floor, parking spot, the last metres
    latitude: float | None = None
    longitude: float | None = None
    plugs: tuple[str, ...] = ()
    plug_words: str = ""
    power: str = ""
    hours: str = ""  # 24/7, or as partners.opening reads it, or as it came
    accessibility: str = ""
    authentication: str = ""
    payment: str = ""
    remote: bool | None = None  # can be started and stopped through the hub
    live_status: bool | None = None
    hotline: str = ""
    updated: str = ""  # as written


@dataclass(frozen=True, slots=True)
class RecordRefused:
    """A record that cannot be taken, with the reason in a sentence and its text as it came."""

    reason: str
    raw: str
    evse_id: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a pull, counted from 0; its records may be gone through again. ``last``: no page follows."""

    number: int
    records: Iterable[EvseSaid | RecordRefused]
    last: bool


@dataclass(frozen=True, slots=True)
class StatusSaid:
    evse_id: str
    status: str  # as reported
