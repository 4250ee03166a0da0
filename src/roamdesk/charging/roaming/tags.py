"""The tags by which stations know what a hub asked for: ours, one for each session, presented like a card."""

from __future__ import annotations

import re
from base64 import b32encode
from datetime import datetime
from hashlib import blake2b

from django.db.models import F

from roamdesk.charging.models import RemoteStart, Reservation, Station

PREFIX = "HUB"
_TAG = re.compile(PREFIX + "[A-Z2-7]{16}")  # longer than any contract id, one of a HU-B… provider included


def new_tag(hub_key: str) -> str:
    """The tag of a hub's session: 19 capitals and digits, for OCPP 1.6 takes 20 and does not regard case."""
    return PREFIX + b32encode(blake2b(hub_key.encode(), digest_size=10).digest()).decode()


def start_of(station: Station, token: str, number: int | None) -> RemoteStart | None:
    """The start that a transaction at this station follows from, by our tag; without a token by our number (2.x)."""
    starts = RemoteStart.objects.filter(desk=station.desk_id, evse__station=station)
    if token:
        standing_first = F("withdrawn_at").asc(nulls_first=True)
        return starts.filter(tag=_tag(token)).order_by(standing_first, "-asked_at").first() if _is_tag(token) else None
    return starts.filter(pk=number).first() if number is not None else None


def may_charge(station: Station, token: str, at: datetime) -> bool:
    """A tag of ours is good for one session at its own station, until it is withdrawn. Of other tokens: yes."""
    if not _is_tag(token):
        return True
    start = start_of(station, token, None)
    if start is not None:
        return start.withdrawn_at is None and (start.session is None or start.session.ended_at is None)
    kept = Reservation.objects.filter(desk=station.desk_id, evse__station=station, tag=_tag(token), until__gt=at)
    return kept.filter(state__in=(Reservation.State.ASKED, Reservation.State.HELD)).exists()


def _is_tag(token: str) -> bool:
    return _TAG.fullmatch(_tag(token)) is not None


def _tag(token: str) -> str:
    return token.strip().upper()
