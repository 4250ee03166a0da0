"""From the hub's messages about sessions to what the business hears."""

from __future__ import annotations

from roamdesk.charging.roaming.said import (
    Authorisation,
    ChargeRecord,
    Happening,
    Notification,
    Origin,
    Refusal,
    SessionIds,
    Step,
    TimeSaid,
    TokenSaid,
)
from roamdesk.oicp.codes import Code
from roamdesk.oicp.wire.charging import (
    AuthorizeRemoteStart,
    AuthorizeRemoteStop,
    AuthorizeStart,
    AuthorizeStop,
    RemoteReservationStart,
    RemoteReservationStop,
)
from roamdesk.oicp.wire.instants import read_time
from roamdesk.oicp.wire.parts import IdentificationType
from roamdesk.oicp.wire.records import (
    ChargeDetailRecord,
    ChargingNotification,
    ChargingNotificationEnd,
    ChargingNotificationError,
    ChargingNotificationProgress,
    ChargingNotificationStart,
)

SessionMessage = (
    AuthorizeStart
    | AuthorizeStop
    | AuthorizeRemoteStart
    | AuthorizeRemoteStop
    | RemoteReservationStart
    | RemoteReservationStop
    | ChargeDetailRecord
    | ChargingNotification
)

_STEPS: dict[type, Step] = {
    AuthorizeStart: Step.START,
    AuthorizeStop: Step.STOP,
    AuthorizeRemoteStart: Step.REMOTE_START,
    AuthorizeRemoteStop: Step.REMOTE_STOP,
    RemoteReservationStart: Step.RESERVATION,
}
_HAPPENINGS: dict[type, Happening] = {
    ChargingNotificationStart: Happening.STARTED,
    ChargingNotificationProgress: Happening.PROGRESS,
    ChargingNotificationEnd: Happening.ENDED,
    ChargingNotificationError: Happening.ERROR,
}


def token_of(identification: IdentificationType | None) -> TokenSaid:
    """Card or contract, whichever was sent; never a PIN."""
    if identification is None:
        return TokenSaid()
    if identification.RFIDMifareFamilyIdentification:
        return TokenSaid(uid=identification.RFIDMifareFamilyIdentification.UID or "")
    if card := identification.RFIDIdentification:
        return TokenSaid(card.UID or "", card.EvcoID or "", card.PrintedNumber or "")
    contract = (
        identification.RemoteIdentification
        or identification.PlugAndChargeIdentification
        or identification.QRCodeIdentification
    )
    return TokenSaid(contract_id=(contract.EvcoID if contract else None) or "")


def refusal_code(identification: IdentificationType, reason: Refusal) -> Code:
    """The code that fits the way in which the User identified (section 9)."""
    if reason is Refusal.BLOCKED:
        return Code.CONTRACT_LOCKED
    if identification.QRCodeIdentification:
        return Code.QR_INVALID
    if identification.PlugAndChargeIdentification:
        return Code.PLUG_AND_CHARGE_INVALID
    return Code.RFID_INVALID


def ids_of(message: SessionMessage) -> SessionIds:
    return SessionIds(message.SessionID or "", message.CPOPartnerSessionID or "", message.EMPPartnerSessionID or "")


def authorisation_of(
    message: AuthorizeStart | AuthorizeStop | AuthorizeRemoteStart | AuthorizeRemoteStop | RemoteReservationStart,
    origin: Origin,
    ids: SessionIds | None = None,
    provider_id: str = "",
) -> Authorisation:
    """`ids` where the answer gave the session its id."""
    return Authorisation(
        ids=ids or ids_of(message),
        step=_STEPS[type(message)],
        origin=origin,
        token=token_of(getattr(message, "Identification", None)),
        evse_id=message.EvseID or "",
        operator_id=getattr(message, "OperatorID", None) or "",
        provider_id=getattr(message, "ProviderID", None) or provider_id,
        product=getattr(message, "PartnerProductID", None) or "",
    )


def notification_of(message: ChargingNotification, origin: Origin) -> Notification:
    energy = getattr(message, "ConsumedEnergyProgress", None)
    return Notification(
        ids=ids_of(message),
        happening=_HAPPENINGS[type(message)],
        origin=origin,
        evse_id=message.EvseID or "",
        token=token_of(message.Identification),
        operator_id=message.OperatorID or "",
        session_start=_time(getattr(message, "SessionStart", None)),
        session_end=_time(getattr(message, "SessionEnd", None)),
        charging_start=_time(getattr(message, "ChargingStart", None)),
        charging_end=_time(getattr(message, "ChargingEnd", None)),
        occurred=_time(getattr(message, "EventOccurred", None)),
        energy_kwh=energy if energy is not None else getattr(message, "ConsumedEnergy", None),
        meter_start_kwh=getattr(message, "MeterValueStart", None),
        meter_end_kwh=getattr(message, "MeterValueEnd", None),
        error=_error(message),
        product=getattr(message, "PartnerProductID", None) or "",
    )


def charge_record_of(record: ChargeDetailRecord, origin: Origin) -> ChargeRecord:
    return ChargeRecord(
        ids=ids_of(record),
        origin=origin,
        evse_id=record.EvseID or "",
        token=token_of(record.Identification),
        operator_id=record.HubOperatorID or "",
        provider_id=record.HubProviderID or "",
        session_start=_time(record.SessionStart),
        session_end=_time(record.SessionEnd),
        charging_start=_time(record.ChargingStart),
        charging_end=_time(record.ChargingEnd),
        energy_kwh=record.ConsumedEnergy,
        meter_start_kwh=record.MeterValueStart,
        meter_end_kwh=record.MeterValueEnd,
        product=record.PartnerProductID or "",
    )


def _time(raw: str | None) -> TimeSaid | None:
    if not raw:
        return None
    time = read_time(raw)
    return TimeSaid(raw, time.at if time else None)


def _error(message: ChargingNotification) -> str:
    if not isinstance(message, ChargingNotificationError):
        return ""
    return ": ".join(filter(None, [message.ErrorType, message.ErrorAdditionalInfo]))
