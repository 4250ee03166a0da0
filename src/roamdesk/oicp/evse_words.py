"""The members of an EVSE record as words for people: one member, one function. None is what was not sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from holidays.registry import COUNTRIES

from roamdesk.charging.models import Plug
from roamdesk.oicp.wire.parts import GeoCoordinatesType

Words: TypeAlias = "list[str | None] | None"
Place: TypeAlias = "tuple[float | None, float | None]"
Plugs: TypeAlias = "tuple[tuple[str, ...], str]"
Modes: TypeAlias = "tuple[str, bool | None]"
NOWHERE: Place = (None, None)


def joined(words: Words) -> str:
    return ", ".join([word for word in words if word]) if words else ""


def info(texts: Sequence[Any] | None) -> str:
    """Each text once, in the order sent: the first should be English."""
    if not texts:
        return ""
    return " · ".join(dict.fromkeys([text.value for text in texts if text and text.value]))


def address_line(address: Any) -> str:
    """`Via Roma 1, 10121 Torino`; empty where nothing of it was sent."""
    if address is None:
        return ""
    house, road = _sense(address.HouseNum), _sense(address.Street).rstrip("_")
    code, city = _sense(address.PostalCode), _sense(address.City)
    street = road if f" {road}".endswith(f" {house}") else f"{road} {house}".strip()
    town = f"{code} {city}" if code and city else code or city
    return f"{street}, {town}" if street and town else street or town


def _sense(text: str | None) -> str:
    """Mandatory members are filled with something, a short street with underscores (section 6.3)."""
    return "" if not text or text in _SENSELESS else text.strip()


_SENSELESS = {"0", ".", "-", "--", "_"}


def whereabouts(address: Any, reference: str) -> str:
    """The last metres: floor, parking spot, what the operator says of the way."""
    if address is None or not (address.Floor or address.ParkingSpot):
        return reference
    floor = f"Floor {address.Floor}" if address.Floor else ""
    spot = f"Parking spot {address.ParkingSpot}" if address.ParkingSpot else ""
    return " · ".join([part for part in (floor, spot, reference) if part])


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


def plugs(words: Words) -> Plugs:
    """The kinds of `Plug`, and the words as they came."""
    return tuple(_KINDS.get(word or "", Plug.UNKNOWN).value for word in words or ()), joined(words)


def modes(words: Words) -> Modes:
    """How a driver identifies himself, and whether REMOTE is among them; None where no mode was sent."""
    return joined(words), None if words is None else "REMOTE" in words


def power(facilities: Sequence[Any] | None) -> str:
    if not facilities:
        return ""
    words = [_facility(facility.PowerType, facility.Power) for facility in facilities if facility]
    return ", ".join(dict.fromkeys([word for word in words if word]))


def _facility(kind: str | None, power: Any) -> str:
    current = "AC" if kind and kind.startswith("AC") else kind or ""
    return f"{float(power):g} kW {current}".strip() if power is not None else current


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
