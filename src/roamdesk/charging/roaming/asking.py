"""What an MSP asks of an EVSE of ours through a hub: whether it can be done now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from roamdesk.charging.keys import contract_stem
from roamdesk.charging.models import Evse, RemoteStart, Reservation, Session, Station
from roamdesk.charging.roaming.said import Authorisation
from roamdesk.partners.models.partner import provider_key

HELD_FOR = timedelta(minutes=5)  # an EVSE for a start that was accepted, until its transaction begins
STANDING = (Reservation.State.ASKED, Reservation.State.HELD)


class Hindrance(StrEnum):
    """Why it cannot be done."""

    NO_TOKEN = "nothing says whose session it is to be"
    OTHER_SESSION = "the session id is another session's, or the session is closed"
    NO_RESERVATION = "no such reservation stands here"
    NOT_CONNECTED = "the station is not connected"
    OUT_OF_SERVICE = "the EVSE is out of service"
    RESERVED = "the EVSE is reserved already"
    IN_USE = "the EVSE is in use, or kept for somebody else"


class OrderRefused(ValueError):
    """Nothing was ordered, nothing was stored."""

    def __init__(self, hindrance: Hindrance) -> None:
        super().__init__(hindrance.value)
        self.hindrance = hindrance


def refuse(checks: Mapping[Hindrance, bool]) -> None:
    """Raises OrderRefused for the first that holds."""
    for hindrance, holds in checks.items():
        if holds:
            raise OrderRefused(hindrance)


def locked_station(evse: Evse) -> Station:
    """One order or transaction of a station at a time."""
    station: Station = Station.objects.select_for_update(of=("self",), no_key=True).get(evses=evse)
    return station


def is_same(known: RemoteStart | Reservation, evse: Evse, said: Authorisation) -> bool:
    """Whether that is asked for the same User of the same MSP at the same EVSE.

    By contract, where one was named: the card that it is known by here may come meanwhile.
    """
    same_provider = provider_key(known.provider_id) == provider_key(said.provider_id)
    if known.contract_id or said.token.contract_id:
        same_user = contract_stem(known.contract_id) == said.token.stem_key
    else:
        same_user = known.token_key == said.token.uid_key
    return same_provider and same_user and known.evse_id == evse.pk


def is_out_of_service(evse: Evse) -> bool:
    return evse.status in ("Faulted", "Unavailable")


def is_in_use(evse: Evse, at: datetime) -> bool:
    """By a session, unless its station says that the place is free, or by a start that was accepted just now."""
    running = Session.objects.filter(evse=evse, station__isnull=False, ended_at__isnull=True)
    if evse.status != "Available" and running.exists():
        return True
    waiting = RemoteStart.objects.filter(evse=evse, session__isnull=True, withdrawn_at__isnull=True)
    return waiting.filter(asked_at__gt=at - HELD_FOR).exists()


def reservation_at(evse: Evse, at: datetime) -> Reservation | None:
    """The one that stands there."""
    return Reservation.objects.filter(evse=evse, state__in=STANDING, until__gt=at).order_by("-pk").first()
