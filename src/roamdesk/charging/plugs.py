"""Which end is stuck: whose lock it is, and what the User is told, by plug type (reference: whose lock is it)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from roamdesk.charging.models import Plug


class End(StrEnum):
    """The end of the cable that does not come out."""

    STATION = "station"
    CAR = "car"
    NOT_KNOWN = "not_known"


class Holder(StrEnum):
    """Who moves the lock."""

    STATION = "station"
    CAR = "car"
    PLUG = "plug"
    NOBODY = "nobody"
    NOT_KNOWN = "not_known"


class Hope(StrEnum):
    """What an Unlock can be expected to do. It is never refused for it."""

    CAN_FREE = "can_free"
    MAY_FREE = "may_free"
    CANNOT_FREE = "cannot_free"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True)
class StuckAdvice:
    """``expect`` is for the operator before the Unlock, ``tell`` are the sentences for the User, in order."""

    holder: Holder
    hope: Hope
    expect: str
    tell: tuple[str, ...]


_CAR_TELLS = (
    "Please end charging in the car.",
    "Unlock the car with the key, the door handle, the charge-port button or the app.",
    "Then pull the plug straight out.",
)
_SOCKET = StuckAdvice(
    Holder.STATION,
    Hope.CAN_FREE,
    "The lock is in the station's socket: an Unlock can free it.",
    ("Push the plug in and hold it.", "I unlock it now.", "Pull straight out when you hear the click."),
)
_CAR = StuckAdvice(
    Holder.CAR,
    Hope.CANNOT_FREE,
    "The car holds the plug: an Unlock cannot open it. Stop the session, then the car can.",
    _CAR_TELLS,
)
_ATTACHED = StuckAdvice(
    Holder.CAR,
    Hope.CANNOT_FREE,
    "The cable is attached, the car holds the plug. Expect 'not supported' from the station.",
    ("I stop the session first.", *_CAR_TELLS),
)
_TYPE1 = StuckAdvice(
    Holder.CAR,
    Hope.CANNOT_FREE,
    "The cable is attached, the car or the plug's lever holds it. Expect 'not supported' from the station.",
    ("I stop the session first.", "Unlock the car.", "Press the lever on the plug and pull straight out."),
)
_CCS = StuckAdvice(
    Holder.CAR,
    Hope.CANNOT_FREE,
    "The car opens only when the session has ended and the voltage is gone. Stop it first.",
    ("I stop the session.", "Please wait about a minute.", "Unlock the car. Do not pull or twist before."),
)
_CHADEMO = StuckAdvice(
    Holder.PLUG,
    Hope.MAY_FREE,
    "The lock is in the plug and the station drives it: an Unlock may open it. Stop the session first.",
    ("I stop the session.", "Wait for the click in the plug.", "Press the lever and pull straight out."),
)
_HOUSEHOLD = StuckAdvice(
    Holder.NOBODY,
    Hope.CANNOT_FREE,
    "A household socket has no lock. Expect 'not supported' from the station.",
    ("Nothing locks this plug.", "Please pull it straight out."),
)
_NOT_KNOWN = StuckAdvice(
    Holder.NOT_KNOWN,
    Hope.NOT_KNOWN,
    "The plug type is not known here. Ask first: own cable or attached, and which end is stuck?",
    ("Is it your own cable, or is it attached to the station?", "Which end does not come out?"),
)
_BY_PLUG: dict[str, StuckAdvice] = {
    Plug.TYPE2_SOCKET: _SOCKET,
    Plug.TYPE2_CABLE: _ATTACHED,
    Plug.TYPE1_CABLE: _TYPE1,
    Plug.CCS_CABLE: _CCS,
    Plug.CHADEMO_CABLE: _CHADEMO,
    Plug.HOUSEHOLD_SOCKET: _HOUSEHOLD,
}
_AT_THE_CAR = frozenset({Plug.TYPE2_SOCKET, Plug.HOUSEHOLD_SOCKET, Plug.UNKNOWN})


def stuck_advice(plug: str, end: End = End.NOT_KNOWN) -> StuckAdvice:
    """Whose lock it is. ``plug`` is a value of ``Plug``; anything else counts as not known."""
    if end is End.CAR and plug in _AT_THE_CAR:
        return _CAR
    if end is End.STATION and plug == Plug.UNKNOWN:
        return _SOCKET
    return _BY_PLUG.get(plug, _NOT_KNOWN)
