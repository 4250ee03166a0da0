"""Charge detail records, charging notifications, pages of records (sections 5.6, 5.7, 5.12)."""

from __future__ import annotations

from typing import Annotated

from roamdesk.oicp.wire.charging import CPOSession, EMPSession
from roamdesk.oicp.wire.message import Answer, Message, Must
from roamdesk.oicp.wire.parts import (
    CalibrationLawInfo,
    IdentificationType,
    MeterValues,
    SignedMeteringValueType,
    StatusCodeType,
)
from roamdesk.oicp.wire.rules import Also, OneIsEnough, Size
from roamdesk.oicp.wire.vocabulary import (
    Boolean,
    Energy,
    ErrorText,
    EvseIDText,
    OperatorIDText,
    ProductText,
    ProviderIDText,
    SessionIDText,
    Text250,
    TimeText,
    Whole,
    one_of,
)


class ChargeDetailRecord(Message):
    """Energies and meter values in kWh. There is one record per `SessionID`, and no other id."""

    SessionID: Must[SessionIDText] = None
    EvseID: Must[EvseIDText] = None
    Identification: Must[IdentificationType | None] = None
    SessionStart: Must[TimeText] = None
    SessionEnd: Must[TimeText] = None
    ChargingStart: Must[TimeText] = None
    ChargingEnd: Must[TimeText] = None
    ConsumedEnergy: Must[Energy] = None
    MeterValueStart: Energy = None
    MeterValueEnd: Energy = None
    MeterValueInBetween: MeterValues | None = None
    SignedMeteringValues: Annotated[list[SignedMeteringValueType | None] | None, Size(10)] = None
    CalibrationLawVerificationInfo: CalibrationLawInfo | None = None
    PartnerProductID: ProductText = None
    HubOperatorID: Annotated[OperatorIDText, Also("HubOperatorId")] = None
    HubProviderID: Annotated[ProviderIDText, Also("HubProviderId")] = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


class GetChargeDetailRecords(Message):
    """`From` and `To` are about when the hub got the record, not about when somebody charged."""

    ProviderID: Must[ProviderIDText] = None
    From: Must[TimeText] = None
    To: Must[TimeText] = None
    SessionID: list[SessionIDText] | None = None
    OperatorID: Annotated[list[OperatorIDText] | None, OneIsEnough(), Also("OperatorId")] = None
    CDRForwarded: Annotated[Boolean, Also("CDRForwarder")] = None


class Page(Answer):
    """The envelope. `last` ends a crawl, never the totals: they move while one crawls."""

    number: Must[Whole] = None
    size: Must[Whole] = None
    totalElements: Must[Whole] = None
    totalPages: Must[Whole] = None
    numberOfElements: Must[Whole] = None
    first: Must[Boolean] = None
    last: Must[Boolean] = None
    StatusCode: Must[StatusCodeType | None] = None


class ChargeDetailRecordPage(Page):
    content: Must[list[ChargeDetailRecord | None] | None] = None


class ChargingNotificationStart(Message):
    """Energy flows."""

    Type: Must[Annotated[str | None, one_of("Start")]] = None
    SessionID: Must[SessionIDText] = None
    EvseID: Must[EvseIDText] = None
    OperatorID: Must[OperatorIDText] = None
    ChargingStart: Must[TimeText] = None
    SessionStart: TimeText = None
    Identification: IdentificationType | None = None
    MeterValueStart: Energy = None
    PartnerProductID: ProductText = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


class ChargingNotificationProgress(Message):
    """`ChargingDuration` in ms from `ChargingStart` to `EventOccurred`."""

    Type: Must[Annotated[str | None, one_of("Progress")]] = None
    SessionID: Must[SessionIDText] = None
    EvseID: Must[EvseIDText] = None
    OperatorID: Must[OperatorIDText] = None
    ChargingStart: Must[TimeText] = None
    EventOccurred: Must[TimeText] = None
    ChargingDuration: Whole = None
    ConsumedEnergyProgress: Energy = None
    SessionStart: TimeText = None
    Identification: IdentificationType | None = None
    MeterValueStart: Energy = None
    MeterValueInBetween: MeterValues | None = None
    PartnerProductID: ProductText = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


class ChargingNotificationEnd(Message):
    """Energy has stopped; the vehicle is still connected and the session open."""

    Type: Must[Annotated[str | None, one_of("End")]] = None
    SessionID: Must[SessionIDText] = None
    EvseID: Must[EvseIDText] = None
    OperatorID: Must[OperatorIDText] = None
    ChargingEnd: Must[TimeText] = None
    ChargingStart: TimeText = None
    SessionStart: TimeText = None
    SessionEnd: TimeText = None
    ConsumedEnergy: Energy = None
    Identification: IdentificationType | None = None
    MeterValueStart: Energy = None
    MeterValueEnd: Energy = None
    MeterValueInBetween: MeterValues | None = None
    PenaltyTimeStart: TimeText = None
    PartnerProductID: ProductText = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


class ChargingNotificationError(Message):
    """A problem before or while charging. `ErrorAdditionalInfo` is the only free text that travels."""

    Type: Must[Annotated[str | None, one_of("Error")]] = None
    SessionID: Must[SessionIDText] = None
    EvseID: Must[EvseIDText] = None
    OperatorID: Must[OperatorIDText] = None
    ErrorType: Must[ErrorText] = None
    ErrorAdditionalInfo: Text250 = None
    Identification: IdentificationType | None = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


ChargingNotification = (
    ChargingNotificationStart | ChargingNotificationProgress | ChargingNotificationEnd | ChargingNotificationError
)
NOTIFICATIONS: dict[str, type[ChargingNotification]] = {
    "Start": ChargingNotificationStart,
    "Progress": ChargingNotificationProgress,
    "End": ChargingNotificationEnd,
    "Error": ChargingNotificationError,
}
