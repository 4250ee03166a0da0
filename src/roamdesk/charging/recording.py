"""The session store: what stations report, kept once however often it is said."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from roamdesk.charging.keys import contract_stem
from roamdesk.charging.models import Evse, Session, Station, Token
from roamdesk.charging.roaming.joining import become_session_of
from roamdesk.charging.roaming.reserving import reservation_used
from roamdesk.charging.roaming.tags import start_of
from roamdesk.identifiers import ContractId, IdentifierError, token_key
from roamdesk.partners.models import Partner
from roamdesk.partners.selectors import partner_of_provider


def evse_of(station: Station, evse_number: int | None, connector_number: int | None) -> Evse | None:
    """The EVSE behind a station's own numbers; None when the mapping does not say exactly one."""
    if evse_number is None:
        return None
    found = Evse.objects.filter(station=station, evse_number=evse_number)
    if connector_number:
        found = found.filter(connector_number=connector_number)
    two = list(found[:2])
    return two[0] if len(two) == 1 else None


def store_session_started(
    station: Station,
    *,
    evse_number: int | None,
    connector_number: int | None,
    token: str,
    transaction_id: str | None,
    started_at: datetime,
    at: datetime,
    meter_start_kwh: Decimal | None = None,
    remote_start: int | None = None,
    reservation: int | None = None,
) -> Session:
    """A transaction began, or was heard of for the first time; ``at`` (UTC) is when we heard.

    Without ``transaction_id`` (1.6) the session gets one: its own number, the same when the message is repeated.
    What follows from a start that a hub asked for is the hub's session: ``token`` or ``remote_start`` name that start.
    """
    evse = evse_of(station, evse_number, connector_number)
    with transaction.atomic():
        Station.objects.select_for_update(no_key=True).get(pk=station.pk)
        start = start_of(station, token, remote_start)
        key = start.token_key if start else _key(token)
        session = _known(station, evse, key, transaction_id, started_at) or Session(
            desk=station.desk,
            station=station,
            evse=evse,
            transaction_id=transaction_id or "",
            started_at=started_at,
            observed_at=at,
        )
        if start is not None:
            session = become_session_of(start, session)
        reservation_used(station, reservation, start.tag if start else "")
        session.evse = session.evse or evse
        session.started_at = min(session.started_at, started_at)
        session.meter_start_kwh = _first(session.meter_start_kwh, meter_start_kwh)
        _note_token(session, key)
        return _seen(session, at)


def store_session_ended(
    station: Station,
    transaction_id: str,
    *,
    ended_at: datetime,
    stop_reason: str,
    at: datetime,
    meter_stop_kwh: Decimal | None = None,
    token: str = "",
) -> Session | None:
    """The transaction is over; the first end counts. None when no such transaction was ever heard of."""
    with transaction.atomic():
        session = _locked(station, transaction_id)
        if session is None:
            return None
        if session.ended_at is None:
            session.ended_at = max(ended_at, session.started_at)
            session.stop_reason = stop_reason[:32]
        session.charging = False
        _note_token(session, _key(token))
        _note_meter(session, meter_stop_kwh)
        return _seen(session, at)


def store_authorisation_ended(station: Station, transaction_id: str, *, at: datetime) -> Session | None:
    """The User may no longer charge there, though the transaction may stay open until unplugging (2.x, F03)."""
    with transaction.atomic():
        session = _locked(station, transaction_id)
        if session is None:
            return None
        session.charging = False
        return _seen(session, at)


def store_meter(station: Station, transaction_id: str, *, register_kwh: Decimal, at: datetime) -> Session | None:
    """A reading of the import register; the session's energy is what came on top of its first reading."""
    with transaction.atomic():
        session = _locked(station, transaction_id)
        if session is None:
            return None
        _note_meter(session, register_kwh)
        return _seen(session, at)


def store_status(
    station: Station,
    *,
    evse_number: int,
    connector_number: int | None,
    status: str,
    error_code: str = "",
    at: datetime,
) -> Evse | None:
    """What the station says of a connector; older news never replaces newer. None without a mapping."""
    evse = evse_of(station, evse_number, connector_number)
    if evse is None:
        return None
    newer = Q(status_at__isnull=True) | Q(status_at__lte=at)
    Evse.objects.filter(newer, pk=evse.pk).update(
        status=status[:24], error_code="" if error_code == "NoError" else error_code[:48], status_at=at
    )
    evse.refresh_from_db()
    return evse


def _known(
    station: Station, evse: Evse | None, key: str, transaction_id: str | None, started_at: datetime
) -> Session | None:
    sessions = Session.objects.select_for_update(of=("self",)).filter(station=station)
    if transaction_id:
        return sessions.filter(transaction_id=transaction_id).first()
    return sessions.filter(evse=evse, token_key=key, started_at=started_at).first()


def _locked(station: Station, transaction_id: str) -> Session | None:
    sessions = Session.objects.select_for_update(of=("self",))
    return sessions.filter(station=station, transaction_id=transaction_id).first()


def _seen(session: Session, at: datetime) -> Session:
    session.observed_at = max(session.observed_at, at)
    session.save()
    if not session.transaction_id:
        session.transaction_id = str(session.pk)
        session.save(update_fields=["transaction_id"])
    return session


def _note_token(session: Session, key: str) -> None:
    if key and not session.token_key:
        session.token_key = key
        session.partner = _provider_of(session, key)


def _provider_of(session: Session, key: str) -> Partner | None:
    """The MSP, where the token or what we know of it names a contract."""
    known = Token.objects.filter(desk=session.desk, key=key).first()
    stem = known.contract_key if known else contract_stem(key)
    try:
        return partner_of_provider(session.desk, ContractId.parse(stem).provider_key) if stem else None
    except IdentifierError:
        return None


def _note_meter(session: Session, register_kwh: Decimal | None) -> None:
    if register_kwh is None:
        return
    session.meter_start_kwh = _first(session.meter_start_kwh, register_kwh)
    charged = register_kwh - (session.meter_start_kwh or Decimal())
    if charged >= (session.energy_kwh or Decimal()):
        session.energy_kwh = charged


def _first(known: Decimal | None, said: Decimal | None) -> Decimal | None:
    return said if known is None else known


def _key(token: str) -> str:
    try:
        return token_key(token)[:64] if token else ""
    except IdentifierError:
        return token.strip().upper()[:64]
