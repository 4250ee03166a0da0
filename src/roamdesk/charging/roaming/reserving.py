"""A reservation at an EVSE of ours, which an MSP asks for through a hub: ordered once, given up, used, or run out."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import Q
from django_scopes import scope

from roamdesk.charging.commanding import queue_command
from roamdesk.charging.models import Command, Evse, RemoteStart, Reservation, Session, Station
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.asking import (
    STANDING,
    Hindrance,
    OrderRefused,
    is_in_use,
    is_out_of_service,
    is_same,
    locked_station,
    refuse,
    reservation_at,
)
from roamdesk.charging.roaming.recording import session_key, token_of
from roamdesk.charging.roaming.said import Authorisation
from roamdesk.charging.roaming.tags import new_tag
from roamdesk.desks.models import Desk
from roamdesk.partners.models.partner import provider_key

State = Reservation.State


def order_reservation(desk: Desk, evse: Evse, said: Authorisation, lasting: timedelta) -> Reservation:
    """Have the station keep the EVSE; one session id is ordered once, a repeat does not make it longer.

    Raises OrderRefused, EvidenceRefused without a usable session id.
    """
    key = session_key(said.ids.hub)
    with scope(desk=desk), transaction.atomic():
        station = locked_station(evse)
        token = token_of(desk, said.token.uid_key, said.token.stem_key)
        known = Reservation.objects.filter(desk=desk, hub_key=key).first()
        if known is not None:
            same = is_same(known, evse, said)
            stands = known.state == State.REFUSED or _stands(known, said.origin.at)
            refuse({Hindrance.OTHER_SESSION: not same, Hindrance.NO_RESERVATION: not stands})
            return known
        _check(station, evse, key, token, said.origin.at)
        return _ordered(desk, evse, key, token, said, said.origin.at + lasting)


def settle_reservation(desk: Desk, reservation: Reservation, at: datetime) -> bool:
    """Whether the EVSE is kept, as the station said by now; a reservation without its word is refused."""
    with scope(desk=desk), transaction.atomic():
        now = _locked(reservation.pk)
        if now.state == State.ASKED:
            now.state = State.HELD if now.command.outcome == Outcome.ACCEPTED else State.REFUSED
            now.save(update_fields=["state"])
        return _stands(now, at)


def order_cancellation(desk: Desk, evse: Evse, hub_session_id: str, provider_id: str, at: datetime) -> Reservation:
    """Have the station give the EVSE free, unless that was done. Raises OrderRefused, EvidenceRefused."""
    key = session_key(hub_session_id)
    with scope(desk=desk), transaction.atomic():
        station = locked_station(evse)
        known = Reservation.objects.filter(desk=desk, hub_key=key, evse=evse).first()
        if known is None or provider_key(known.provider_id) != provider_key(provider_id):
            raise OrderRefused(Hindrance.NO_RESERVATION)
        if known.state != State.CANCELLED:
            refuse(
                {Hindrance.NO_RESERVATION: not _stands(known, at), Hindrance.NOT_CONNECTED: not station.is_connected}
            )
            _cancel(known, f"{provider_id} through the hub", at)
        return known


def settle_cancellation(desk: Desk, reservation: Reservation) -> bool:
    """Whether the EVSE is free of it: the station said so, or that it knows no such reservation."""
    with scope(desk=desk), transaction.atomic():
        now = _locked(reservation.pk)
        said = now.cancellation.outcome if now.cancellation else ""
        if now.state in STANDING and said in (Outcome.ACCEPTED, Outcome.REJECTED):
            now.state = State.CANCELLED
            now.save(update_fields=["state"])
        return now.state == State.CANCELLED


def give_up_late_reservation(command: Command) -> None:
    """A station that reserves after the hub was told that it does not is told to give up (listener of commands)."""
    if command.kind != Command.Kind.RESERVE or command.outcome != Outcome.ACCEPTED:
        return
    refused = Reservation.objects.select_for_update(of=("self",)).filter(command=command, state=State.REFUSED)
    for reservation in refused.select_related("desk", "evse"):
        _cancel(reservation, "the desk: the station answered too late", command.answered_at or command.queued_at)


def reservation_over(station: Station, number: int) -> None:
    """The station says that the reservation, which it has by our number, ran out or is gone."""
    Reservation.objects.filter(evse__station=station, pk=number, state__in=STANDING).update(state=State.OVER)


def reservation_used(station: Station, number: int | None, tag: str) -> None:
    """A transaction names the reservation, or is under its tag."""
    if number is not None or tag:
        named = Q(pk=number) | Q(tag=tag)
        Reservation.objects.filter(named, evse__station=station, state__in=STANDING).update(state=State.USED)


def _cancel(reservation: Reservation, requested_by: str, at: datetime) -> None:
    """An order that is on its way serves for a repeated one."""
    given = reservation.cancellation
    if given is not None and given.state in (Command.State.QUEUED, Command.State.SENT):
        return
    reservation.cancellation = queue_command(
        reservation.desk, reservation.evse, Command.Kind.CANCEL_RESERVATION, about="",
        key=f"hub-unreserve:{uuid4().hex}", requested_by=requested_by[:80], at=at,
    )  # fmt: skip
    reservation.save(update_fields=["cancellation"])


def _ordered(desk: Desk, evse: Evse, key: str, token: str, said: Authorisation, until: datetime) -> Reservation:
    command = queue_command(
        desk, evse, Command.Kind.RESERVE, about="", key=f"hub-reserve:{key}",
        requested_by=f"{said.provider_id} through the hub"[:80], at=said.origin.at, token=token,
    )  # fmt: skip
    reservation: Reservation = Reservation.objects.create(
        desk=desk, evse=evse, command=command, hub_session_id=said.ids.hub.strip()[:64], hub_key=key,
        tag=new_tag(key), token_key=token, contract_id=said.token.contract_id[:64],
        provider_id=said.provider_id[:24], asked_at=said.origin.at, until=until,
    )  # fmt: skip
    return reservation


def _check(station: Station, evse: Evse, key: str, token: str, at: datetime) -> None:
    """Raises OrderRefused."""
    known = (model.objects.filter(desk=station.desk_id, hub_key=key).exists() for model in (Session, RemoteStart))
    refuse({
        Hindrance.NO_TOKEN: not token,
        Hindrance.OTHER_SESSION: any(known),
        Hindrance.NOT_CONNECTED: not station.is_connected,
        Hindrance.OUT_OF_SERVICE: is_out_of_service(evse),
        Hindrance.RESERVED: reservation_at(evse, at) is not None,
        Hindrance.IN_USE: is_in_use(evse, at),
    })  # fmt: skip


def _stands(reservation: Reservation, at: datetime) -> bool:
    return reservation.state in STANDING and reservation.until > at


def _locked(pk: int) -> Reservation:
    found: Reservation = Reservation.objects.select_for_update(of=("self",)).get(pk=pk)
    return found
