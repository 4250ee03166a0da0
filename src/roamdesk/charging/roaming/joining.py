"""A hub's session and a station's transaction that are one: one row, whichever was heard of first."""

from __future__ import annotations

from roamdesk.charging.models import Command, RemoteStart, Session
from roamdesk.desks.prepared import insert_first
from roamdesk.partners.selectors import partner_of_provider

_COURSE = (
    "station_id", "transaction_id", "started_at", "ended_at", "stop_reason", "meter_start_kwh", "energy_kwh",
    "charging",
)  # fmt: skip


def become_session_of(start: RemoteStart, transaction: Session) -> Session:
    """The hub's session with the course of the transaction that followed from its start; runs in a transaction.

    The transaction itself where the start was withdrawn or has its transaction: one start is one session. The hub's
    row stays, for evidence may be on its way to it; that of a transaction that was heard of before goes.
    """
    start = RemoteStart.objects.select_for_update(of=("self",)).get(pk=start.pk)
    if start.withdrawn_at is not None or start.session_id is not None or transaction.hub_key:
        return transaction
    session = _session_of_hub(start, transaction)
    if session.station_id is not None:
        return transaction
    if transaction.pk is not None:
        Command.objects.filter(session=transaction).update(session=session)
        transaction.delete()
    for name in _COURSE:
        setattr(session, name, getattr(transaction, name))
    session.evse = transaction.evse or session.evse
    session.token_key = start.token_key
    session.partner = partner_of_provider(session.desk, start.provider_id)
    session.save()
    RemoteStart.objects.filter(pk=start.pk).update(session=session)
    return session


def _session_of_hub(start: RemoteStart, transaction: Session) -> Session:
    insert_first(
        Session(
            desk=transaction.desk, hub_key=start.hub_key, session_id=start.hub_session_id,
            started_at=transaction.started_at, observed_at=transaction.observed_at,
        )
    )  # fmt: skip
    found: Session = Session.objects.select_for_update(of=("self",)).get(desk=transaction.desk, hub_key=start.hub_key)
    found.observed_at = max(found.observed_at, transaction.observed_at)
    return found
