"""Whose token it was goes by retention; that somebody charged, when and where, stays."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from roamdesk.charging.models import Command, Evidence, RemoteStart, Reservation, Session
from roamdesk.desks.models import Desk

_TOLD = (RemoteStart.Told.RECORD, RemoteStart.Told.GIVEN_UP)


def erase_tokens(desk: Desk, before: datetime, at: datetime) -> int:
    """Erase tokens, contracts and raw texts of sessions, evidence and orders older than ``before``; how many sessions.

    Each piece of evidence goes by its own age, so news that comes late is kept as long as any; the session is folded
    from what is left. In the caller's transaction.
    """
    old = Evidence.objects.filter(desk=desk, received_at__lt=before, erased_at=None)
    old.update(uid_key="", contract_key="", raw="", erased_at=at)
    done = Command.objects.filter(desk=desk, queued_at__lt=before).exclude(
        state__in=[Command.State.QUEUED, Command.State.SENT]
    )
    done.exclude(token_key="", request="", response="").update(token_key="", request="", response="")
    # A start that nothing followed is over, too, and a reservation runs out by the clock.
    for orders in (
        RemoteStart.objects.filter(Q(told__in=_TOLD) | Q(session__isnull=True), desk=desk, asked_at__lt=before),
        Reservation.objects.filter(desk=desk, until__lt=before),
    ):
        orders.exclude(token_key="", contract_id="").update(token_key="", contract_id="")
    return Session.objects.filter(desk=desk, observed_at__lt=before).exclude(token_key="").update(token_key="")
