"""A remote start at an EVSE of ours, which an MSP asks for through a hub: ordered once, and taken back or kept."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django_scopes import scope

from roamdesk.charging.commanding import queue_command
from roamdesk.charging.models import Command, Evse, RemoteStart, Reservation, Session, Station
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.asking import (
    Hindrance,
    is_in_use,
    is_out_of_service,
    is_same,
    locked_station,
    refuse,
    reservation_at,
)
from roamdesk.charging.roaming.recording import record_authorisation, session_key, token_of
from roamdesk.charging.roaming.said import Authorisation
from roamdesk.charging.roaming.tags import new_tag
from roamdesk.desks.models import Desk


def order_start(desk: Desk, evse: Evse, said: Authorisation) -> RemoteStart:
    """Have the station of the EVSE start; one session id is ordered once. ``said`` is what the hub asked.

    Raises OrderRefused, EvidenceRefused without a usable session id.
    """
    key = session_key(said.ids.hub)
    with scope(desk=desk), transaction.atomic():
        station = locked_station(evse)
        token = token_of(desk, said.token.uid_key, said.token.stem_key)
        known = RemoteStart.objects.filter(desk=desk, hub_key=key).first()
        if known is not None:
            same = is_same(known, evse, said)
            refuse({Hindrance.OTHER_SESSION: not same or _was_stopped(known)})
            return known
        kept = _check(station, evse, key, token, said)
        return _ordered(desk, evse, key, token, said, kept.tag if kept else new_tag(key))


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


def withdraw_start(desk: Desk, session: Session, at: datetime) -> bool:
    """Take back the start of a hub's session whose transaction has not begun; False where there is none such."""
    with scope(desk=desk):
        waiting = RemoteStart.objects.filter(desk=desk, hub_key=session.hub_key, session__isnull=True)
        return bool(waiting.filter(withdrawn_at__isnull=True).update(withdrawn_at=at))


def _ordered(desk: Desk, evse: Evse, key: str, token: str, said: Authorisation, tag: str) -> RemoteStart:
    command = queue_command(
        desk, evse, Command.Kind.REMOTE_START, about="", key=f"hub-start:{key}",
        requested_by=f"{said.provider_id} through the hub"[:80], at=said.origin.at, token=token,
    )  # fmt: skip
    start: RemoteStart = RemoteStart.objects.create(
        desk=desk, evse=evse, command=command, hub_session_id=said.ids.hub.strip()[:64], hub_key=key,
        tag=tag, token_key=token, contract_id=said.token.contract_id[:64],
        provider_id=said.provider_id[:24], asked_at=said.origin.at,
    )  # fmt: skip
    return start


def _check(station: Station, evse: Evse, key: str, token: str, said: Authorisation) -> Reservation | None:
    """The User's own reservation there. Raises OrderRefused."""
    kept = reservation_at(evse, said.origin.at)
    theirs = kept is None or is_same(kept, evse, said)
    others = Reservation.objects.filter(desk=station.desk_id, hub_key=key).exclude(pk=kept.pk if kept else 0)
    known = Session.objects.filter(desk=station.desk_id, hub_key=key)
    refuse({
        Hindrance.NO_TOKEN: not token,
        Hindrance.OTHER_SESSION: others.exists() or known.exists(),
        Hindrance.NOT_CONNECTED: not station.is_connected,
        Hindrance.OUT_OF_SERVICE: is_out_of_service(evse),
        Hindrance.IN_USE: not theirs or is_in_use(evse, said.origin.at) or _is_being_used(kept),
    })  # fmt: skip
    return kept


def _was_stopped(start: RemoteStart) -> bool:
    """Before it began: the station had accepted, in time, and still it is withdrawn."""
    return start.withdrawn_at is not None and start.command.outcome == Outcome.ACCEPTED and not start.command.late


def _is_being_used(kept: Reservation | None) -> bool:
    """One tag is one start: a station could not say which of two its transaction follows from."""
    if kept is None:
        return False
    return RemoteStart.objects.filter(evse=kept.evse_id, tag=kept.tag, withdrawn_at__isnull=True).exists()
