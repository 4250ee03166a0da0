"""A remote start at an EVSE of ours, which an MSP asks for through a hub: ordered once, and taken back or kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django_scopes import scope

from roamdesk.charging.commanding import queue_command
from roamdesk.charging.models import Command, Evse, RemoteStart, Session, Station
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.recording import record_authorisation, session_key, token_of
from roamdesk.charging.roaming.said import Authorisation
from roamdesk.charging.roaming.tags import new_tag
from roamdesk.desks.models import Desk
from roamdesk.partners.models.partner import provider_key

HELD_FOR = timedelta(minutes=5)  # an EVSE for a start that was accepted, until its transaction begins


class Hindrance(StrEnum):
    """Why nothing can be started or reserved."""

    NO_TOKEN = "nothing says whose session it is to be"
    OTHER_SESSION = "the session id is another session's, or the session is closed"
    NOT_CONNECTED = "the station is not connected"
    OUT_OF_SERVICE = "the EVSE is out of service"
    IN_USE = "the EVSE is in use"


class StartRefused(ValueError):
    """Nothing was ordered, nothing was stored."""

    def __init__(self, hindrance: Hindrance) -> None:
        super().__init__(hindrance.value)
        self.hindrance = hindrance


def order_start(desk: Desk, evse: Evse, said: Authorisation) -> RemoteStart:
    """Have the station of the EVSE start; one session id is ordered once. ``said`` is what the hub asked.

    Raises StartRefused, EvidenceRefused without a usable session id.
    """
    key = session_key(said.ids.hub)
    with scope(desk=desk), transaction.atomic():
        station = Station.objects.select_for_update(of=("self",), no_key=True).get(evses=evse)
        token = token_of(desk, said.token.uid_key, said.token.stem_key)
        known = RemoteStart.objects.filter(desk=desk, hub_key=key).first()
        if known is not None:
            _refuse_another(known, evse, token, said.provider_id)
            return known
        _refuse_unfit(station, evse, key, token, said.origin.at)
        return _ordered(desk, evse, key, token, said)


def settle_start(desk: Desk, start: RemoteStart, outcome: str, said: Authorisation, at: datetime) -> bool:
    """Whether the hub may be told that it starts, which is evidence of its session; else the start is withdrawn.

    Of a withdrawn start the station is told, when it presents its tag, that this one may not charge.
    """
    with scope(desk=desk), transaction.atomic():
        now = RemoteStart.objects.select_for_update(of=("self",)).get(pk=start.pk)
        if now.withdrawn_at is not None:
            return False
        if outcome != Outcome.ACCEPTED and now.session_id is None:
            RemoteStart.objects.filter(pk=now.pk).update(withdrawn_at=at)
            return False
    record_authorisation(desk, said)
    return True


def _ordered(desk: Desk, evse: Evse, key: str, token: str, said: Authorisation) -> RemoteStart:
    command = queue_command(
        desk, evse, Command.Kind.REMOTE_START, about="", key=f"hub-start:{key}",
        requested_by=f"{said.provider_id} through the hub"[:80], at=said.origin.at, token=token,
    )  # fmt: skip
    start: RemoteStart = RemoteStart.objects.create(
        desk=desk, evse=evse, command=command, hub_session_id=said.ids.hub.strip()[:64], hub_key=key,
        tag=new_tag(key), token_key=token, contract_id=said.token.contract_id[:64],
        provider_id=said.provider_id[:24], asked_at=said.origin.at,
    )  # fmt: skip
    return start


def _refuse_another(known: RemoteStart, evse: Evse, token: str, provider_id: str) -> None:
    same_provider = provider_key(known.provider_id) == provider_key(provider_id)
    if (known.evse_id, known.token_key) != (evse.pk, token) or not same_provider:
        raise StartRefused(Hindrance.OTHER_SESSION)


def _refuse_unfit(station: Station, evse: Evse, key: str, token: str, at: datetime) -> None:
    checks = {
        Hindrance.NO_TOKEN: not token,
        Hindrance.OTHER_SESSION: Session.objects.filter(desk=station.desk_id, hub_key=key).exists(),
        Hindrance.NOT_CONNECTED: not station.is_connected,
        Hindrance.OUT_OF_SERVICE: evse.status in ("Faulted", "Unavailable"),
        Hindrance.IN_USE: _is_in_use(evse, at),
    }
    for hindrance, holds in checks.items():
        if holds:
            raise StartRefused(hindrance)


def _is_in_use(evse: Evse, at: datetime) -> bool:
    """By a session, unless its station says that the place is free, or by a start that was accepted just now."""
    started = Session.objects.filter(evse=evse, station__isnull=False, ended_at__isnull=True)
    if evse.status != "Available" and started.exists():
        return True
    waiting = RemoteStart.objects.filter(evse=evse, session__isnull=True, withdrawn_at__isnull=True)
    return waiting.filter(asked_at__gt=at - HELD_FOR).exists()
