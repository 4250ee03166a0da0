"""From what a hub says of an EVSE to the columns of its record; made for a million of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha1
from typing import Any, TypeAlias

from roamdesk.charging.models import Plug
from roamdesk.charging.roaming.said_of_evses import EvseSaid
from roamdesk.charging.roaming.texts import clean
from roamdesk.desks.models import Desk
from roamdesk.identifiers import IdentifierError, address_key, label_key, sounds_key
from roamdesk.partners.models import Partner
from roamdesk.partners.numbers import NumberRefused, phone_number

LONGEST_ID = 48
_PLAIN_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
Columns: TypeAlias = tuple[Any, ...]

_OWN = (
    "digest", "gone", "id_key", "evse_id", "partner_id", "plug", "address", "address_key", "also_known", "place_hint",
    "place", "latitude", "longitude", "remote", "live_status", "updated", "raw", "names", "station_id",
    "station_sounds_key",
)  # fmt: skip
_SHARED = (
    "country", "hotline", "operator_id", "operator_name", "sub_operator", "plug_words", "power", "hours",
    "accessibility", "authentication", "payment",
)  # fmt: skip
COLUMNS = _OWN + _SHARED


class RecordUnusable(ValueError):
    """This record cannot stand in the directory; the text says why."""


class Owners:
    """Whose an EVSE is, by the beginning of its id: the longest that is somebody's alone (sub-operators first)."""

    def __init__(self, partners: Mapping[str, int | None]) -> None:
        self._partners = partners
        self._lengths = sorted({len(key) for key in partners}, reverse=True)

    @classmethod
    def of(cls, desk: Desk) -> Owners:
        partners: dict[str, int | None] = {}
        for pk, keys in Partner.objects.filter(desk=desk).values_list("pk", "operator_keys"):
            partners |= {key: None if key in partners else pk for key in keys}
        return cls(partners)

    def owner(self, id_key: str) -> int | None:
        for length in self._lengths:
            if id_key[:length] in self._partners:
                return self._partners[id_key[:length]]
        return None


def columns_of(said: EvseSaid, owners: Owners) -> Columns:
    """The record's columns in the order of ``COLUMNS``. Raises RecordUnusable."""
    id_key = _id_key(said.evse_id)
    names, station_id, place = _text(said.names, 300), _text(said.station_id, 50), _text(said.place, 300)
    also_known = _text(", ".join([part for part in (names, station_id, place) if part]), 300)
    address, raw = _text(said.address, 200), said.raw
    try:
        as_bytes = raw.encode()
    except UnicodeEncodeError:
        raw = clean(raw)
        as_bytes = raw.encode()
    return (
        sha1(as_bytes, usedforsecurity=False).digest(),
        said.gone,
        id_key,
        said.evse_id,
        owners.owner(id_key),
        _plug(said.plugs),
        address,
        address_key(f"{address} {also_known}")[:400],
        also_known,
        place[:60],
        place,
        said.latitude,
        said.longitude,
        said.remote,
        said.live_status,
        _text(said.updated, 48),
        raw if "\0" not in raw else clean(raw),
        names,
        station_id,
        _sounds(station_id),
        *_shared_columns(
            said.country, said.hotline, said.operator_id, said.operator_name, said.sub_operator, said.plug_words,
            said.power, said.hours, said.accessibility, said.authentication, said.payment,
        ),
    )  # fmt: skip


@lru_cache(maxsize=4096)  # all EVSEs of an operator say much the same
def _shared_columns(
    country: str, hotline: str, operator_id: str, operator_name: str, sub_operator: str, plug_words: str, power: str,
    hours: str, accessibility: str, authentication: str, payment: str,
) -> Columns:  # fmt: skip
    """In the order of ``_SHARED``."""
    country = country[:2].upper()
    return (
        country if country.isascii() and country.isalpha() and len(country) == 2 else "",
        _hotline(hotline, country),
        _text(operator_id, 48),
        _text(operator_name, 100),
        _text(sub_operator, 100),
        _text(plug_words, 200),
        _text(power, 100),
        _text(hours, 300),
        _text(accessibility, 60),
        _text(authentication, 200),
        _text(payment, 60),
    )


def _id_key(evse_id: str) -> str:
    key = evse_id.upper().replace("*", "")
    if not (key.isascii() and key.isalnum()):
        key = _unusual_key(evse_id)
    if len(evse_id) > LONGEST_ID:
        raise RecordUnusable(f"The EVSE id has {len(evse_id)} characters, at most {LONGEST_ID} fit.")
    return key


def _unusual_key(evse_id: str) -> str:
    try:
        key = label_key(evse_id)
    except IdentifierError:
        key = ""
    if not key or not evse_id.isprintable() or len(key) > LONGEST_ID:
        raise RecordUnusable("The EVSE id is missing, or no EVSE id.")
    return key


def _text(text: str, longest: int) -> str:
    return text if len(text) <= longest and text.isprintable() else clean(text, longest)


@lru_cache(maxsize=4096)
def _plug(plugs: tuple[str, ...]) -> str:
    """The plug where there is one kind; of several, it must be asked which one is meant."""
    kinds = set(plugs)
    return kinds.pop() if len(kinds) == 1 and kinds <= _PLUGS else Plug.UNKNOWN.value


_PLUGS = frozenset(Plug.values)


@lru_cache(maxsize=4096)  # the EVSEs of a station stand together
def _sounds(station_id: str) -> str:
    return sounds_key(station_id)[:48]


@lru_cache(maxsize=4096)  # an operator has few
def _hotline(text: str, country: str) -> str:
    """As E.164; empty where it cannot be read: then it stands in the raw text only."""
    if _PLAIN_NUMBER.fullmatch(text):
        return text
    try:
        # No country's code begins with 0: that + stands before a number as it is dialled there, or before 00.
        return phone_number(text[1:] if text.startswith("+0") else text, country) if text else ""
    except NumberRefused:
        return ""
