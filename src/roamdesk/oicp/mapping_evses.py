"""From a page of the hub's EVSE data to what the business hears; made for a million records.

A record is decoded by msgspec into the few members that are wanted; only one that does not fit is read tolerantly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Annotated, Any

import msgspec

from roamdesk.charging.roaming.said_of_evses import EvseSaid, Page, RecordRefused, StatusSaid
from roamdesk.oicp.evse_words import (
    Modes,
    Place,
    Plugs,
    address_line,
    country_of,
    info,
    joined,
    modes,
    place_of,
    plugs,
    power,
    whereabouts,
)
from roamdesk.oicp.mapping_hours import hours_of
from roamdesk.oicp.wire import Unreadable
from roamdesk.oicp.wire.evse import (
    EvseStatus,
    EvseStatusByID,
    EvseStatusRecordsType,
    OperatorEvseStatusType,
    PulledEvseDataRecord,
)
from roamdesk.oicp.wire.parts import GeoCoordinatesType
from roamdesk.oicp.wire.reading import document_of, read_document

_ABSENT = msgspec.Raw(b"null")


# What may be spelled otherwise is asked for: where it is missing, the record is read tolerantly.
class _Info(msgspec.Struct, gc=False):
    value: str | None


class _Address(msgspec.Struct, gc=False):
    Country: str | None
    City: str | None = None
    Street: str | None = None
    PostalCode: str | None = None
    HouseNum: str | None = None
    Floor: str | None = None
    ParkingSpot: str | None = None


class _Facility(msgspec.Struct, gc=False):
    PowerType: str | None
    Power: float | None


class _Period(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    begin: str | None
    end: str | None


class _Opening(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    Period: list[_Period | None] | None
    on: str | None


class _Record(msgspec.Struct, gc=False):
    """The members that the desk uses, as the specification spells them; what many records share is read once."""

    EvseID: Annotated[str, msgspec.Meta(min_length=1)]
    OperatorID: str
    deltaType: str | None = None
    lastUpdate: str | None = None
    OperatorName: str | None = None
    SubOperatorName: str | None = None
    ChargingStationID: str | None = None
    ChargingStationNames: msgspec.Raw = _ABSENT
    ChargingStationLocationReference: msgspec.Raw = _ABSENT
    Address: _Address | None = None
    GeoCoordinates: msgspec.Raw = _ABSENT
    Plugs: msgspec.Raw = _ABSENT
    ChargingFacilities: msgspec.Raw = _ABSENT
    AuthenticationModes: msgspec.Raw = _ABSENT
    PaymentOptions: msgspec.Raw = _ABSENT
    Accessibility: str | None = None
    HotlinePhoneNumber: str | None = None
    IsOpen24Hours: bool | None = None
    OpeningTimes: msgspec.Raw = _ABSENT
    IsHubjectCompatible: bool | None = None
    DynamicInfoAvailable: str | None = None
    # Another spelling of a member makes the record one to be read tolerantly.
    ChargingStationId: None = None


class _Envelope(msgspec.Struct):
    content: list[msgspec.Raw]
    last: bool | None = None


_PAGES = msgspec.json.Decoder(_Envelope)
_RECORDS = msgspec.json.Decoder(_Record)


def _once(kind: Any, told: Callable[[Any], Any]) -> Callable[[bytes], Any]:
    """Reads a member of that type, of the same bytes once only: what stands at one station says the same."""
    decoder = msgspec.json.Decoder(kind)
    return lru_cache(maxsize=4096)(lambda raw: told(decoder.decode(raw)))


_info = _once(list[_Info | None] | None, info)
_place = _once(GeoCoordinatesType | None, place_of)
_plugs, _modes, _joined = (_once(list[str | None] | None, told) for told in (plugs, modes, joined))
_power = _once(list[_Facility | None] | None, power)
_hours = _once(list[_Opening | None] | None, lambda times: hours_of(None, times))
_AGAIN = msgspec.json.Encoder(decimal_format="number")


def page_of(body: bytes, number: int) -> Page:
    """Page `number` (from 0) out of an answer to PullEvseData. Raises Unreadable when it is no page."""
    try:
        envelope = _PAGES.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _tolerant_page(body, number)
    return Page(number, _Records(envelope.content), envelope.last is True or not envelope.content)


class _Records:
    """The records of a page, each read when it is gone through: while the ones before it are being written."""

    def __init__(self, content: list[msgspec.Raw]) -> None:
        self._content = content

    def __iter__(self) -> Iterator[EvseSaid | RecordRefused]:
        return map(_record, self._content)


def _record(raw: msgspec.Raw) -> EvseSaid | RecordRefused:
    try:
        return _quickly(_RECORDS.decode(raw), str(memoryview(raw), "utf-8"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _tolerant_record(bytes(raw))


def _tolerant_page(body: bytes, number: int) -> Page:
    document = document_of(body)
    content = document.get("content")
    if not isinstance(content, list):
        raise Unreadable("The answer holds no page of EVSE data.")
    said = [_tolerant_record(_AGAIN.encode(record)) for record in content]
    return Page(number, said, document.get("last") is True or not content)


def _tolerant_record(raw: bytes) -> EvseSaid | RecordRefused:
    text = raw.decode("utf-8", "replace")
    try:
        record = read_document(PulledEvseDataRecord, document_of(raw)).message
    except Unreadable:
        return RecordRefused("The record is not an object.", text)
    if not record.EvseID:
        return RecordRefused("The record has no EvseID.", text)
    return evse_said(record, text)


def evse_said(record: PulledEvseDataRecord, raw: str) -> EvseSaid:
    """What the record says; what is absent is empty or None."""
    return _said(
        record, raw, info(record.ChargingStationNames), info(record.ChargingStationLocationReference),
        place_of(record.GeoCoordinates), plugs(record.Plugs), power(record.ChargingFacilities),
        modes(record.AuthenticationModes), joined(record.PaymentOptions), hours_of(None, record.OpeningTimes),
    )  # fmt: skip


def _quickly(record: _Record, raw: str) -> EvseSaid:
    return _said(
        record, raw, _info(bytes(record.ChargingStationNames)), _info(bytes(record.ChargingStationLocationReference)),
        _place(bytes(record.GeoCoordinates)), _plugs(bytes(record.Plugs)), _power(bytes(record.ChargingFacilities)),
        _modes(bytes(record.AuthenticationModes)), _joined(bytes(record.PaymentOptions)),
        _hours(bytes(record.OpeningTimes)),
    )  # fmt: skip


def _said(
    record: Any, raw: str, names: str, reference: str, place: Place, kinds: Plugs, strength: str, said: Modes,
    payment: str, opening: str,
) -> EvseSaid:  # fmt: skip
    """`record` has the scalar members of `PulledEvseDataRecord`, and its address."""
    address = record.Address
    return EvseSaid(
        record.EvseID,
        raw,
        record.deltaType == "delete",
        record.OperatorID or "",
        record.OperatorName or "",
        record.SubOperatorName or "",
        record.ChargingStationID or "",
        names,
        address_line(address),
        country_of(address.Country) if address else "",
        whereabouts(address, reference),
        *place,
        *kinds,
        strength,
        "24/7" if record.IsOpen24Hours else opening,
        record.Accessibility or "",
        said[0],
        payment,
        _remote(record.IsHubjectCompatible, said[1]),
        _LIVE.get((record.DynamicInfoAvailable or "").lower()),
        record.HotlinePhoneNumber or "",
        record.lastUpdate or "",
    )


_LIVE = {"true": True, "auto": True, "false": False}


def _remote(through_hub: bool | None, remote_mode: bool | None) -> bool | None:
    """Started and stopped through the hub: only where the operator says both; None where it says too little."""
    if through_hub is False:
        return False
    return None if through_hub is None else remote_mode


def statuses_of(answer: EvseStatus | EvseStatusByID) -> list[StatusSaid]:
    """Every status of an answer that names its EVSE; `EvseNotFound` is one, too."""
    said = (
        StatusSaid(record.EvseID or "", record.EvseStatus or "")
        for group in _status_groups(answer)
        for record in group.EvseStatusRecord or ()
        if record
    )
    return [one for one in said if one.evse_id and one.status]


def _status_groups(answer: EvseStatus | EvseStatusByID) -> list[OperatorEvseStatusType | EvseStatusRecordsType]:
    if isinstance(answer, EvseStatusByID):
        return [answer.EVSEStatusRecords] if answer.EVSEStatusRecords else []
    operators = answer.EvseStatuses.OperatorEvseStatus if answer.EvseStatuses else None
    return [operator for operator in operators or () if operator]
