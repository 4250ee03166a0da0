"""OICP messages that break no rule, between Nordlade (DE*NDL) and VoltPass (DE-VPS)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from roamdesk.oicp.wire.charging import (
    AuthorizeRemoteStart,
    AuthorizeRemoteStop,
    AuthorizeStart,
    AuthorizeStop,
    RemoteReservationStart,
    RemoteReservationStop,
)
from roamdesk.oicp.wire.evse import (
    EvseStatusRecordType,
    OperatorEvseStatusType,
    PullEvseData,
    PullEvseStatusByID,
    PushEvseStatus,
)
from roamdesk.oicp.wire.parts import ContractIdentification, IdentificationType, MifareIdentification
from roamdesk.oicp.wire.records import (
    ChargeDetailRecord,
    ChargingNotificationStart,
    GetChargeDetailRecords,
)

OPERATOR = "DE*NDL"
PROVIDER = "DE-VPS"
EVSE = "DE*NDL*E0417*1"
UID = "04A1B2C3D4E5F6"
EVCO = "DE-VPS-C00012345-2"
SESSION = "7c1f0a52-3d0e-4b6a-9d41-2f6c0b8e5a10"
LAST_MONDAY = datetime(2026, 3, 9, tzinfo=UTC)

CARD = IdentificationType(RFIDMifareFamilyIdentification=MifareIdentification(UID=UID))
APP = IdentificationType(RemoteIdentification=ContractIdentification(EvcoID=EVCO))

AUTHORISE_START = AuthorizeStart(OperatorID=OPERATOR, Identification=CARD, EvseID=EVSE, SessionID=SESSION)
AUTHORISE_STOP = AuthorizeStop(OperatorID=OPERATOR, Identification=CARD, EvseID=EVSE, SessionID=SESSION)
REMOTE_START = AuthorizeRemoteStart(ProviderID=PROVIDER, EvseID=EVSE, Identification=APP)
REMOTE_START_OF_HUB = AuthorizeRemoteStart(ProviderID=PROVIDER, EvseID=EVSE, Identification=APP, SessionID=SESSION)
REMOTE_STOP = AuthorizeRemoteStop(SessionID=SESSION, ProviderID=PROVIDER, EvseID=EVSE)
RESERVE = RemoteReservationStart(ProviderID=PROVIDER, EvseID=EVSE, Identification=APP, Duration=30)
RESERVE_OF_HUB = RemoteReservationStart(
    ProviderID=PROVIDER, EvseID=EVSE, Identification=APP, Duration=30, SessionID=SESSION
)
END_RESERVATION = RemoteReservationStop(SessionID=SESSION, ProviderID=PROVIDER, EvseID=EVSE)
CDR = ChargeDetailRecord(
    SessionID=SESSION, EvseID=EVSE, Identification=CARD, SessionStart="2026-03-09T22:41:07+01:00",
    SessionEnd="2026-03-10T07:02:55+01:00", ChargingStart="2026-03-09T22:43:10+01:00",
    ChargingEnd="2026-03-10T00:58:31+01:00", ConsumedEnergy=Decimal("27.613"), HubOperatorID=OPERATOR,
    HubProviderID=PROVIDER,
)  # fmt: skip
STARTED = ChargingNotificationStart(
    Type="Start", SessionID=SESSION, EvseID=EVSE, OperatorID=OPERATOR, ChargingStart="2026-03-09T22:43:10+01:00"
)
PULL = PullEvseData(ProviderID=PROVIDER, GeoCoordinatesResponseFormat="Google")
PULL_BY_ID = PullEvseStatusByID(ProviderID=PROVIDER, EvseID=[EVSE])
GET_CDRS = GetChargeDetailRecords(ProviderID=PROVIDER, From="2026-03-09T00:00:00Z", To="2026-03-10T00:00:00Z")
STATUS_PUSH = PushEvseStatus(
    ActionType="update",
    OperatorEvseStatus=OperatorEvseStatusType(
        OperatorID=OPERATOR, EvseStatusRecord=[EvseStatusRecordType(EvseID=EVSE, EvseStatus="OutOfService")]
    ),
)
