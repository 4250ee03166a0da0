"""What a station told, into the session store and onto the station's row. Synchronous: runs in a database thread."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Concatenate, ParamSpec, TypeVar

from django.db import transaction
from django_scopes import scope, scopes_disabled

from roamdesk.charging.models import Station
from roamdesk.charging.services import (
    evse_of,
    may_charge,
    reservation_over,
    station_seen,
    store_authorisation_ended,
    store_meter,
    store_session_ended,
    store_session_started,
    store_status,
)
from roamdesk.ocpp import events
from roamdesk.ocpp.events import Fault, MeterSample, Reply, StationEvent, TokenStatus

logger = logging.getLogger(__name__)

Values = ParamSpec("Values")
Result = TypeVar("Result")

LOCK_FAILURE = "ConnectorLockFailure"


def on_station(
    station_id: int,
    work: Callable[Concatenate[Station, Values], Result],
    *args: Values.args,
    **kwargs: Values.kwargs,
) -> Result:
    """Calls `work` with the station, in the scope of its desk. Raises Station.DoesNotExist."""
    # This process serves every desk: the station's row says which.
    with scopes_disabled():
        station = Station.objects.select_related("desk").get(pk=station_id)
    with scope(desk=station.desk):
        return work(station, *args, **kwargs)


def store(station: Station, event: StationEvent, at: datetime) -> Reply:
    """Stores one event, all of it or nothing, and says what to answer. `at` (UTC) is when we heard."""
    with transaction.atomic():
        reply = _store(station, event, at)
        made = {"vendor": event.vendor, "model": event.model} if isinstance(event, events.Booted) else {}
        station_seen(station, at, **made)
    return reply


def _store(station: Station, event: StationEvent, at: datetime) -> Reply:
    match event:
        case events.StatusReported():
            _store_status(station, event, at)
        case events.FaultReported():
            _store_fault(station, event, at)
        case events.Authorize():
            return Reply(token=_word_on(station, event.id_token, at))
        case events.ReservationOver():
            reservation_over(station, event.number)
        case events.TransactionStarted():
            return _store_start(station, event, at)
        case events.TransactionUpdated():
            return _store_update(station, event, at)
        case events.TransactionEnded():
            return _store_end(station, event, at)
        case events.MeterSampled(transaction_id=str(transaction_id)):
            _store_samples(station, transaction_id, event.samples, at)
        case events.SecurityEvent():
            logger.warning("station %s: security event %s %s", station.identity, event.kind, event.info)
        case events.Unhandled():
            logger.info("station %s: %s %s", station.identity, event.action or "message", event.reason)
            # Raw frames may name a User's token: only who turns debugging on sees them.
            logger.debug("station %s: %s", station.identity, event.raw)
    return Reply()


def _store_status(station: Station, event: events.StatusReported, at: datetime) -> None:
    # By our clock: a station whose clock jumps would otherwise keep its newest word from being believed.
    store_status(
        station,
        evse_number=event.evse,
        connector_number=event.connector,
        status=event.status.value,
        error_code=event.error_code or _standing_error(station, event.evse, event.connector),
        at=at,
    )


def _standing_error(station: Station, evse_number: int | None, connector_number: int | None) -> str:
    """A 2.x status says nothing of faults: what NotifyEvent reported stands until it is taken back."""
    evse = evse_of(station, evse_number, connector_number)
    return evse.error_code if evse is not None else ""


def _store_fault(station: Station, event: events.FaultReported, at: datetime) -> None:
    logger.warning("station %s: %s problem=%s", station.identity, event.component, event.active)
    evse = evse_of(station, event.evse, event.connector)
    if evse is None or event.fault is not Fault.LOCK:
        return
    store_status(
        station,
        evse_number=evse.evse_number,
        connector_number=evse.connector_number,
        status=evse.status,
        error_code=LOCK_FAILURE if event.active else "NoError",
        at=at,
    )


def _store_start(station: Station, event: events.TransactionStarted, at: datetime) -> Reply:
    session = store_session_started(
        station,
        evse_number=event.evse,
        connector_number=event.connector,
        token=event.id_token.value if event.id_token else "",
        transaction_id=event.transaction_id,
        started_at=event.started_at,
        meter_start_kwh=event.meter_start if event.meter_start is not None else _last(event.samples),
        remote_start=event.remote_start,
        reservation=event.reservation,
        at=at,
    )
    ours = int(session.transaction_id) if event.transaction_id is None else None
    return Reply(token=_word_on(station, event.id_token, at), transaction_id=ours)


def _store_update(station: Station, event: events.TransactionUpdated, at: datetime) -> Reply:
    # Also the first word of a transaction that began before the station was ours.
    store_session_started(
        station,
        evse_number=event.evse,
        connector_number=event.connector,
        token=event.id_token.value if event.id_token else "",
        transaction_id=event.transaction_id,
        started_at=event.updated_at,
        remote_start=event.remote_start,
        reservation=event.reservation,
        at=at,
    )
    _store_samples(station, event.transaction_id, event.samples, at)
    if event.authorisation_ended:
        store_authorisation_ended(station, event.transaction_id, at=at)
    return Reply(token=_word_on(station, event.id_token, at))


def _store_end(station: Station, event: events.TransactionEnded, at: datetime) -> Reply:
    word = _word_on(station, event.id_token, at)  # before the end: the token was good for it
    session = store_session_ended(
        station,
        event.transaction_id,
        ended_at=event.ended_at,
        stop_reason=event.reason,
        meter_stop_kwh=event.meter_stop if event.meter_stop is not None else _last(event.samples),
        token=event.id_token.value if event.id_token else "",
        at=at,
    )
    if session is None:
        logger.warning("station %s: end of an unknown transaction %r", station.identity, event.transaction_id)
    return Reply(token=word)


def _store_samples(station: Station, transaction_id: str, samples: Sequence[MeterSample], at: datetime) -> None:
    newest = _last(samples)
    if newest is not None:
        store_meter(station, transaction_id, register_kwh=newest, at=at)


def _last(samples: Sequence[MeterSample]) -> Decimal | None:
    return samples[-1].kwh if samples else None


def _word_on(station: Station, id_token: events.IdToken | None, at: datetime) -> TokenStatus | None:
    """The desk keeps no white list: but for the tags that it made itself, who may charge is not decided here."""
    if id_token is None:
        return None
    return TokenStatus.ACCEPTED if may_charge(station, id_token.value, at) else TokenStatus.INVALID
