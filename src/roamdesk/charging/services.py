"""The verbs of charging: order a command, store what stations report, register and import, keep a verdict."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from roamdesk.charging.commanding import (
    CHANNEL,
    CommandRefused,
    command_answered,
    command_sent,
    expire_commands,
    queue_command,
)
from roamdesk.charging.directory import import_evses
from roamdesk.charging.matching import Match
from roamdesk.charging.models import MatchVerdict
from roamdesk.charging.recording import (
    evse_of,
    store_authorisation_ended,
    store_meter,
    store_session_ended,
    store_session_started,
    store_status,
)
from roamdesk.charging.registering import (
    RegistrationRefused,
    StationRefused,
    check_station,
    forget_connections,
    label_connector,
    refuse_station,
    register_station,
    set_password,
    station_connected,
    station_disconnected,
    station_seen,
)
from roamdesk.charging.roaming.reserving import reservation_over
from roamdesk.charging.roaming.tags import may_charge
from roamdesk.charging.tokens import import_tokens
from roamdesk.desks.models import Desk
from roamdesk.desks.prepared import insert

__all__ = [
    "CHANNEL",
    "CommandRefused",
    "RegistrationRefused",
    "StationRefused",
    "check_station",
    "command_answered",
    "command_sent",
    "decide_match",
    "evse_of",
    "expire_commands",
    "forget_connections",
    "import_evses",
    "import_tokens",
    "label_connector",
    "may_charge",
    "queue_command",
    "record_match",
    "refuse_station",
    "register_station",
    "reservation_over",
    "set_password",
    "station_connected",
    "station_disconnected",
    "station_seen",
    "store_authorisation_ended",
    "store_meter",
    "store_session_ended",
    "store_session_started",
    "store_status",
]


def record_match(desk: Desk, match: Match, *, about: str, at: datetime) -> MatchVerdict:
    """Keep what the operator was shown: verdict, reasons, sessions and the age of the data (A7)."""
    verdict = MatchVerdict(
        desk=desk, about=about, verdict=match.verdict, reasons=list(match.reasons),
        sessions=[session.pk for session in match.sessions], data_at=match.data_at, matched_at=at,
    )  # fmt: skip
    insert(verdict)
    return verdict


def decide_match(verdict: MatchVerdict, *, accepted: bool, by: str) -> MatchVerdict:
    """The operator's own verdict on a match that was shown (S9, S26); a second one replaces the first."""
    with transaction.atomic():
        stored: MatchVerdict = MatchVerdict.objects.select_for_update().get(pk=verdict.pk)
        stored.accepted, stored.accepted_by = accepted, by
        stored.save(update_fields=["accepted", "accepted_by"])
    return stored
