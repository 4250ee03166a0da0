"""Nordlade's backend as far as the hub is concerned: its stations' sessions are authorised and accounted there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django_scopes import scope

from roamdesk.charging.models import Session
from roamdesk.charging.roaming.said import Origin, SessionIds
from roamdesk.charging.roaming.services import name_session, record_authorisation
from roamdesk.desks.models import Desk
from roamdesk.identifiers import IdentifierError, RfidUid
from roamdesk.oicp.client import HubClient
from roamdesk.oicp.mapping import authorisation_of
from roamdesk.oicp.wire.charging import AuthorizeStart
from roamdesk.oicp.wire.instants import written
from roamdesk.oicp.wire.parts import IdentificationType, MifareIdentification
from roamdesk.oicp.wire.records import ChargeDetailRecord, ChargingNotificationStart
from roamdesk.oicp.wire.writing import encode


class Relay:
    """`step` brings the hub up to date with the stations. `say` hears what happened, a sentence each."""

    def __init__(self, cpo: Desk, client: HubClient, say: Callable[[str], None]) -> None:
        self._cpo = cpo
        self._client = client
        self._say = say
        self._announced: dict[int, str] = {}  # our session to the hub's
        self._refused: set[int] = set()

    def step(self, now: datetime) -> None:
        """Announce each session that began, account for each that ended."""
        with scope(desk=self._cpo):
            ours = Session.objects.filter(desk=self._cpo, station__isnull=False).select_related("evse")
            # What the hub itself had us start, it knows.
            by_us = ours.filter(ended_at__isnull=True, evse__isnull=False, remote_start__isnull=True)
            begun = list(by_us.exclude(token_key=""))
            ended = list(ours.filter(pk__in=self._announced, ended_at__isnull=False))
        for session in begun:
            if session.pk not in self._announced and session.pk not in self._refused:
                self._announce(session, now)
        for session in ended:
            self._account(session)

    def _announce(self, session: Session, now: datetime) -> None:
        message = _start(session, self._client.operator_id)
        said = self._client.authorize_start(message) if message else None
        hub_id = said.answer.SessionID if said and said.accepted and said.answer else None
        if message is None or said is None or not hub_id:
            self._refused.add(session.pk)
            self._say(f"{session.evse}: not authorised. {said.says if said else 'The token is no card.'}")
            return
        name_session(self._cpo, session, hub_id)
        ids = SessionIds(hub_id, cpo=message.CPOPartnerSessionID or "")
        origin = Origin(now, encode(message).decode(), said.process_id, sent_by_us=True)
        provider = (said.answer.ProviderID if said.answer else None) or ""
        record_authorisation(self._cpo, authorisation_of(message, origin, ids, provider))
        self._announced[session.pk] = hub_id
        self._client.notify(
            ChargingNotificationStart(
                Type="Start", SessionID=hub_id, EvseID=message.EvseID, OperatorID=message.OperatorID,
                ChargingStart=self._local(session.started_at), CPOPartnerSessionID=message.CPOPartnerSessionID,
            )
        )  # fmt: skip
        self._say(f"{session.evse}: authorised by {provider} through the hub, session {hub_id}")

    def _account(self, session: Session) -> None:
        hub_id = self._announced.pop(session.pk)
        start = _start(session, self._client.operator_id)
        if start is None or session.ended_at is None:
            return
        began, ended = self._local(session.started_at), self._local(session.ended_at)
        record = ChargeDetailRecord(
            SessionID=hub_id, EvseID=start.EvseID, Identification=start.Identification, SessionStart=began,
            SessionEnd=ended, ChargingStart=began, ChargingEnd=ended, ConsumedEnergy=session.energy_kwh or Decimal(),
            HubOperatorID=self._client.operator_id, CPOPartnerSessionID=start.CPOPartnerSessionID,
        )  # fmt: skip
        said = self._client.send_charge_detail_record(record)
        self._say(f"{session.evse}: charge detail record of session {hub_id}: {said.says}")

    def _local(self, at: datetime) -> str:
        """With the offset that holds at the station at that moment (section 3)."""
        return written(at.astimezone(ZoneInfo(self._cpo.zone)))


def _start(session: Session, operator_id: str) -> AuthorizeStart | None:
    """None where the token is no card."""
    try:
        uid = RfidUid.parse(session.token_key).key
    except IdentifierError:
        return None
    return AuthorizeStart(
        OperatorID=operator_id,
        Identification=IdentificationType(RFIDMifareFamilyIdentification=MifareIdentification(UID=uid)),
        EvseID=session.evse.evse_id if session.evse else None,
        CPOPartnerSessionID=f"NDL-{session.pk}",
    )
