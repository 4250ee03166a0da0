"""What the hub asks of an MSP (EMP): may this token charge, what happens at the EVSE, what was charged."""

from __future__ import annotations

from django_scopes import scope

from roamdesk.charging.models import Session
from roamdesk.charging.roaming.recording import session_key
from roamdesk.charging.roaming.said import Origin, Refusal
from roamdesk.charging.roaming.services import (
    EvidenceRefused,
    authorise,
    record_authorisation,
    record_cdr,
    record_notification,
)
from roamdesk.desks.models import Desk
from roamdesk.oicp.codes import Code
from roamdesk.oicp.following import fold_due
from roamdesk.oicp.mapping import (
    authorisation_of,
    charge_record_of,
    notification_of,
    refusal_code,
    token_of,
)
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.refusing import CallRefused, status_of, the_identification
from roamdesk.oicp.wire.charging import (
    Acknowledgement,
    AuthorizationStart,
    AuthorizationStop,
    AuthorizeStart,
    AuthorizeStop,
)
from roamdesk.oicp.wire.parts import IdentificationType
from roamdesk.oicp.wire.records import ChargeDetailRecord, ChargingNotification


def authorise_start(desk: Desk, hub: HubConnection, message: AuthorizeStart, origin: Origin) -> AuthorizationStart:
    """Yes for a token of ours that is not blocked. Of any other nothing is kept. Raises CallRefused.

    The session follows after the answer (``following``): here it is only seen that it can. Raises EvidenceRefused.
    """
    _check_token(desk, the_identification(message.Identification))
    if message.SessionID:
        session_key(message.SessionID)
    return AuthorizationStart(
        AuthorizationStatus="Authorized", StatusCode=status_of(Code.SUCCESS), ProviderID=hub.provider_id,
        SessionID=message.SessionID, CPOPartnerSessionID=message.CPOPartnerSessionID,
        EMPPartnerSessionID=message.EMPPartnerSessionID,
    )  # fmt: skip


def authorise_stop(desk: Desk, hub: HubConnection, message: AuthorizeStop, origin: Origin) -> AuthorizationStop:
    """Yes for a token of ours and a session that we know and that is open. Raises CallRefused."""
    _check_token(desk, the_identification(message.Identification))
    _check_open(desk, message.SessionID or "")
    record_authorisation(desk, authorisation_of(message, origin, provider_id=hub.provider_id))
    return AuthorizationStop(
        AuthorizationStatus="Authorized", StatusCode=status_of(Code.SUCCESS), ProviderID=hub.provider_id,
        SessionID=message.SessionID, CPOPartnerSessionID=message.CPOPartnerSessionID,
        EMPPartnerSessionID=message.EMPPartnerSessionID,
    )  # fmt: skip


def take_notification(desk: Desk, hub: HubConnection, message: ChargingNotification, origin: Origin) -> Acknowledgement:
    """Raises EvidenceRefused where the session has no usable id."""
    record_notification(desk, notification_of(message, origin))
    return _taken(message)


def take_record(desk: Desk, hub: HubConnection, message: ChargeDetailRecord, origin: Origin) -> Acknowledgement:
    """A second, different record for the session is kept, flagged, and acknowledged. Raises EvidenceRefused."""
    record_cdr(desk, charge_record_of(message, origin))
    return _taken(message)


def _taken(message: ChargeDetailRecord | ChargingNotification) -> Acknowledgement:
    return Acknowledgement(
        Result=True, StatusCode=status_of(Code.SUCCESS), SessionID=message.SessionID,
        CPOPartnerSessionID=message.CPOPartnerSessionID, EMPPartnerSessionID=message.EMPPartnerSessionID,
    )  # fmt: skip


def _check_token(desk: Desk, identification: IdentificationType) -> None:
    if identification.QRCodeIdentification:
        # No PIN is kept here, so none can be checked.
        raise CallRefused(Code.QR_INVALID)
    decision = authorise(desk, token_of(identification))
    if decision.reason is not None:
        raise CallRefused(refusal_code(identification, decision.reason or Refusal.UNKNOWN_TOKEN))


def _check_open(desk: Desk, session_id: str) -> None:
    try:
        key = session_key(session_id)
    except EvidenceRefused as problem:
        raise CallRefused(Code.SESSION_INVALID, str(problem)) from None
    with scope(desk=desk):
        session = Session.objects.filter(desk=desk, hub_key=key).first()
        if session is None and fold_due(session_id):
            session = Session.objects.filter(desk=desk, hub_key=key).first()
    if session is None:
        raise CallRefused(Code.SESSION_INVALID, "No such session is known here.")
    if session.ended_at is not None:
        raise CallRefused(Code.SESSION_INVALID, "The session is closed.")
