"""What a hub is still to hear of the sessions that it had us start: begun, ended, accounted for."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet
from django_scopes import scope, scopes_disabled

from roamdesk.charging.models import RemoteStart, Session
from roamdesk.desks.models import Desk

AGAIN_AFTER = timedelta(minutes=2)
GIVEN_UP_AFTER = timedelta(days=1)
Told = RemoteStart.Told


def desks_with_news(at: datetime) -> list[Desk]:
    """A clock serves every desk."""
    with scopes_disabled():
        return list(Desk.objects.filter(pk__in=_due(at).values("desk")).order_by("pk"))


def news_of(desk: Desk, at: datetime) -> list[tuple[RemoteStart, RemoteStart.Told]]:
    """Each start with the next thing that the hub is to hear of its session, oldest first."""
    with scope(desk=desk):
        starts = _due(at).filter(desk=desk).select_related("session", "evse", "desk").order_by("pk")[:100]
        return [(start, _NEXT[Told(start.told)]) for start in starts]


def meter_of(session: Session) -> tuple[Decimal, Decimal] | None:
    """Register at the start and at the end (kWh, three places); None where the station did not tell both."""
    if session.meter_start_kwh is None or session.energy_kwh is None:
        return None
    begin = round(session.meter_start_kwh, 3)
    return begin, begin + session.energy_kwh


def note_told(start: RemoteStart, told: RemoteStart.Told) -> None:
    """The hub has it, or does not want it. Without meter values no record follows an end."""
    session = start.session
    nothing_follows = told is Told.ENDED and (session is None or meter_of(session) is None)
    _note(start, told=Told.GIVEN_UP if nothing_follows else told, tell_at=None)


def give_up_telling(start: RemoteStart) -> None:
    """The hub does not take it, or took it without saying so."""
    _note(start, told=Told.GIVEN_UP)


def tell_later(start: RemoteStart, at: datetime) -> None:
    """The hub was not reached: again, for a day at most after the end of the session."""
    over = start.session.ended_at if start.session else None
    if over is not None and over < at - GIVEN_UP_AFTER:
        give_up_telling(start)
    else:
        _note(start, tell_at=at + AGAIN_AFTER)


_NEXT = {Told.NOTHING: Told.BEGUN, Told.BEGUN: Told.ENDED, Told.ENDED: Told.RECORD}


def _due(at: datetime) -> QuerySet[RemoteStart]:
    not_too_soon = Q(tell_at__isnull=True) | Q(tell_at__lte=at)
    begun = Q(told=Told.NOTHING, session__isnull=False)
    ended = Q(told__in=(Told.BEGUN, Told.ENDED), session__ended_at__isnull=False)
    return RemoteStart.objects.filter(not_too_soon, begun | ended)


def _note(start: RemoteStart, **values: object) -> None:
    """Unless somebody else told it meanwhile."""
    with scope(desk=start.desk):
        RemoteStart.objects.filter(pk=start.pk, told=start.told).update(**values)
