"""From a page of the hub's EVSE data to what the business hears; made for a million records.

A record is decoded by msgspec into the few members that are wanted; only one that does not fit is read tolerantly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Annotated, Any, TypeAlias

import msgspec
from holidays.registry import COUNTRIES

from roamdesk.charging.models import Plug
from roamdesk.charging.roaming.said_of_evses import EvseSaid, Page, RecordRefused, StatusSaid
from roamdesk.oicp.mapping_hours import hours_of
from roamdesk.oicp.wire import Unreadable
from roamdesk.oicp.wire.evse import (
    EvseStatus,
    EvseStatusByID,
    EvseStatusRecordsType,
    OpeningTimesType,
    OperatorEvseStatusType,
    PulledEvseDataRecord,
)
from roamdesk.oicp.wire.parts import GeoCoordinatesType
from roamdesk.oicp.wire.reading import document_of, read_document

Words: TypeAlias = "list[str | None] | None"


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


class _Record(msgspec.Struct):
    """The members that the desk uses, as the specification spells them."""

    EvseID: Annotated[str, msgspec.Meta(min_length=1)]
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
    # Another spelling of a member makes the record one to be read tolerantly.
    ChargingStationId: None = None


class _Envelope(msgspec.Struct):
    content: list[msgspec.Raw]
    last: bool | None = None


_PAGES = msgspec.json.Decoder(_Envelope)
_RECORDS = msgspec.json.Decoder(_Record)
_AGAIN = msgspec.json.Encoder(decimal_format="number")


def page_of(body: bytes, number: int) -> Page:
    """Page `number` (from 0) out of an answer to PullEvseData. Raises Unreadable when it is no page."""
    try:
        envelope = _PAGES.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _tolerant_page(body, number)
    refused: list[RecordRefused] = []
    evses = list(_records(envelope.content, refused))
    return Page(number, evses, envelope.last is True or not envelope.content, refused)


def _records(content: Iterable[msgspec.Raw], refused: list[RecordRefused]) -> Iterable[EvseSaid]:
    for raw in content:
        try:
            yield evse_said(_RECORDS.decode(raw), str(memoryview(raw), "utf-8"))
        except (msgspec.DecodeError, UnicodeDecodeError):
            said = _tolerant_record(bytes(raw))
            if isinstance(said, RecordRefused):
                refused.append(said)
            else:
                yield said


def _tolerant_page(body: bytes, number: int) -> Page:
    document = document_of(body)
    content = document.get("content")
    if not isinstance(content, list):
        raise Unreadable("The answer holds no page of EVSE data.")
    said = [_tolerant_record(_AGAIN.encode(record)) for record in content]
    return Page(
        number,
        [one for one in said if isinstance(one, EvseSaid)],
        document.get("last") is True or not content,
        [one for one in said if isinstance(one, RecordRefused)],
    )


def _tolerant_record(raw: bytes) -> EvseSaid | RecordRefused:
    text = raw.decode("utf-8", "replace")
    try:
        record = read_document(PulledEvseDataRecord, document_of(raw)).message
    except Unreadable:
        return RecordRefused("The record is not an object.", text)
    if not record.EvseID:
        return RecordRefused("The record has no EvseID.", text)
    return evse_said(record, text)


def evse_said(record: Any, raw: str) -> EvseSaid:
    """`record` has the members of `PulledEvseDataRecord`; what is absent is None."""
    address = record.Address
    latitude, longitude = place_of(record.GeoCoordinates)
    return EvseSaid(
        evse_id=record.EvseID,
        raw=raw,
        gone=record.deltaType == "delete",
        operator_id=record.OperatorID or "",
        operator_name=record.OperatorName or "",
        sub_operator=record.SubOperatorName or "",
        station_id=record.ChargingStationID or "",
        names=_info(record.ChargingStationNames),
        address=_address(address) if address else "",
        country=country_of(address.Country) if address else "",
        place=_place(address, record.ChargingStationLocationReference),
        latitude=latitude,
        longitude=longitude,
        plugs=_plugs(tuple(record.Plugs or ())),
        plug_words=_joined(record.Plugs),
        power=_power(record.ChargingFacilities),
        hours=hours_of(record.IsOpen24Hours, record.OpeningTimes),
        accessibility=record.Accessibility or "",
        authentication=_joined(record.AuthenticationModes),
        payment=_joined(record.PaymentOptions),
        remote=_remote(record),
        live_status=_LIVE.get((record.DynamicInfoAvailable or "").lower()),
        hotline=record.HotlinePhoneNumber or "",
        updated=record.lastUpdate or "",
    )


_LIVE = {"true": True, "auto": True, "false": False}


def _remote(record: Any) -> bool | None:
    """Started and stopped through the hub: only where the operator says both; None where it says too little."""
    if record.IsHubjectCompatible is False:
        return False
    if record.IsHubjectCompatible is None or record.AuthenticationModes is None:
        return None
    return "REMOTE" in record.AuthenticationModes


def _joined(words: Words) -> str:
    return ", ".join([word for word in words if word]) if words else ""


def _info(texts: Sequence[Any] | None) -> str:
    """Each text once, in the order sent: the first should be English."""
    if not texts:
        return ""
    return " · ".join(dict.fromkeys(text.value for text in texts if text and text.value))


def _address(address: Any) -> str:
    house, road = _sense(address.HouseNum), _sense(address.Street).rstrip("_")
    street = road if f" {road}".endswith(f" {house}") else f"{road} {house}".strip()
    town = " ".join(filter(None, (_sense(address.PostalCode), _sense(address.City))))
    return ", ".join(filter(None, (street, town)))


def _sense(text: str | None) -> str:
    """Mandatory members are filled with something, a short street with underscores (section 6.3)."""
    return "" if not text or text in _SENSELESS else text.strip()


_SENSELESS = {"0", ".", "-", "--", "_"}


def _place(address: Any, reference: Sequence[Any] | None) -> str:
    if address is None or not (address.Floor or address.ParkingSpot):
        return _info(reference)
    floor = f"Floor {address.Floor}" if address.Floor else ""
    spot = f"Parking spot {address.ParkingSpot}" if address.ParkingSpot else ""
    return " · ".join(filter(None, (floor, spot, _info(reference))))


_ALPHA_2 = {code: names[1] for names in COUNTRIES.values() if len(names) > 2 for code in names[1:3]}


def country_of(code: str | None) -> str:
    """ISO 3166-1 alpha-2, of alpha-3 as it should be or of itself; empty where there is none."""
    return _ALPHA_2.get((code or "").upper(), "")


_KINDS: dict[str, Plug] = {
    "Type 2 Outlet": Plug.TYPE2_SOCKET,
    "Type 2 Connector (Cable Attached)": Plug.TYPE2_CABLE,
    "Type 1 Connector (Cable Attached)": Plug.TYPE1_CABLE,
    "CCS Combo 1 Plug (Cable Attached)": Plug.CCS_CABLE,
    "CCS Combo 2 Plug (Cable Attached)": Plug.CCS_CABLE,
    "CHAdeMO": Plug.CHADEMO_CABLE,
    "Type E French Standard": Plug.HOUSEHOLD_SOCKET,
    "Type F Schuko": Plug.HOUSEHOLD_SOCKET,
    "Type G British Standard": Plug.HOUSEHOLD_SOCKET,
    "Type J Swiss Standard": Plug.HOUSEHOLD_SOCKET,
    "NEMA 5-20": Plug.HOUSEHOLD_SOCKET,
}


@lru_cache(maxsize=4096)
def _plugs(words: tuple[str | None, ...]) -> tuple[str, ...]:
    return tuple(_KINDS.get(word or "", Plug.UNKNOWN).value for word in words)


def _power(facilities: Sequence[Any] | None) -> str:
    if not facilities:
        return ""
    words = [_facility(facility.PowerType, facility.Power) for facility in facilities if facility]
    return ", ".join(dict.fromkeys(filter(None, words)))


def _facility(kind: str | None, power: Any) -> str:
    current = "AC" if kind and kind.startswith("AC") else kind or ""
    return f"{float(power):g} kW {current}".strip() if power is not None else current


Place: TypeAlias = "tuple[float | None, float | None]"
NOWHERE: Place = (None, None)


def place_of(said: GeoCoordinatesType | None) -> Place:
    """Latitude and longitude in degrees; None for both where they cannot be read or lie outside the earth."""
    if said is None:
        return NOWHERE
    if said.Google and said.Google.Coordinates:
        return _pair(*said.Google.Coordinates.replace(",", " ").split())
    if point := said.DecimalDegree:
        return _pair(point.Latitude or "", point.Longitude or "")
    if angle := said.DegreeMinuteSeconds:
        return _pair(_degrees(angle.Latitude or ""), _degrees(angle.Longitude or ""))
    return NOWHERE


def _pair(*texts: str) -> Place:
    try:
        latitude, longitude = (float(text) for text in texts)
    except ValueError:
        return NOWHERE
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else NOWHERE


def _degrees(text: str) -> str:
    """`-9°21'39.32''` in decimal degrees, as text; empty where it is none."""
    parts = text.strip().lstrip("-").replace("°", " ").replace("'", " ").split()
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except ValueError:
        return ""
    return f"{'-' if text.strip().startswith('-') else ''}{degrees + minutes / 60 + seconds / 3600:.7f}"


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
