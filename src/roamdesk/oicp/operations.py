"""The twenty operations: path, messages, pace, and whether one may be repeated (sections 4, 9, 11)."""

from dataclasses import dataclass
from enum import StrEnum
from types import UnionType
from typing import Any
from urllib.parse import quote

from roamdesk.oicp.wire import Reading, read
from roamdesk.oicp.wire.authentication import PushAuthenticationData
from roamdesk.oicp.wire.charging import (
    Acknowledgement,
    AuthorizationStart,
    AuthorizationStop,
    AuthorizeRemoteStart,
    AuthorizeRemoteStop,
    AuthorizeStart,
    AuthorizeStop,
    RemoteReservationStart,
    RemoteReservationStop,
)
from roamdesk.oicp.wire.evse import (
    EvseDataPage,
    EvseStatus,
    EvseStatusByID,
    PullEvseData,
    PullEvseStatus,
    PullEvseStatusByID,
    PullEvseStatusByOperatorID,
    PushEvseData,
    PushEvseStatus,
)
from roamdesk.oicp.wire.message import Answer, Message
from roamdesk.oicp.wire.pricing import (
    EVSEPricing,
    PricingProductDataResponse,
    PullEVSEPricing,
    PullPricingProductData,
    PushEVSEPricing,
    PushPricingProductData,
)
from roamdesk.oicp.wire.reading import read_notification
from roamdesk.oicp.wire.records import (
    ChargeDetailRecord,
    ChargeDetailRecordPage,
    ChargingNotification,
    GetChargeDetailRecords,
)

PREFIX = "/api/oicp"


class Role(StrEnum):
    EMP = "emp"
    CPO = "cpo"


class Again(StrEnum):
    """What to do when it is not known whether a call arrived."""

    BY_ITSELF = "by itself"  # repeated a few times, with growing pauses
    BY_A_PERSON = "by a person"  # a repeat does no harm, but somebody has to want it
    NEVER = "never"  # each call opens a session


@dataclass(frozen=True)
class Operation:
    """`per_minute` is the hub's limit for one partner, `patience` how many seconds an answer may take."""

    name: str
    caller: Role
    path: str
    request: type[Message] | UnionType
    answer: type[Answer]
    per_minute: int
    again: Again = Again.BY_ITSELF
    patience: float = 35.0
    one_after_the_other: bool = False

    def path_for(self, party: str) -> str:
        """The path with the partner's id, verbatim: a hub may not take `%2A` for `*` (section 2)."""
        return PREFIX + self.path.format(party=quote(party, safe="*+"))

    def read_request(self, body: bytes) -> Reading[Any]:
        """Raises Unreadable."""
        return read(self.request, body) if isinstance(self.request, type) else read_notification(body)


AUTHORIZE_START = Operation(
    "AuthorizeStart", Role.CPO, "/charging/v21/operators/{party}/authorize/start",
    AuthorizeStart, AuthorizationStart, 200, Again.NEVER,
)  # fmt: skip
AUTHORIZE_STOP = Operation(
    "AuthorizeStop", Role.CPO, "/charging/v21/operators/{party}/authorize/stop",
    AuthorizeStop, AuthorizationStop, 50, Again.BY_A_PERSON,
)  # fmt: skip
# The hub waits 60 seconds for the CPO.
REMOTE_START = Operation(
    "AuthorizeRemoteStart", Role.EMP, "/charging/v21/providers/{party}/authorize-remote/start",
    AuthorizeRemoteStart, Acknowledgement, 100, Again.NEVER, 65.0,
)  # fmt: skip
REMOTE_STOP = Operation(
    "AuthorizeRemoteStop", Role.EMP, "/charging/v21/providers/{party}/authorize-remote/stop",
    AuthorizeRemoteStop, Acknowledgement, 200, Again.BY_A_PERSON, 65.0,
)  # fmt: skip
CHARGE_DETAIL_RECORD = Operation(
    "ChargeDetailRecord", Role.CPO, "/cdrmgmt/v22/operators/{party}/charge-detail-record",
    ChargeDetailRecord, Acknowledgement, 350,
)  # fmt: skip
GET_CHARGE_DETAIL_RECORDS = Operation(
    "GetChargeDetailRecords", Role.EMP, "/cdrmgmt/v22/providers/{party}/get-charge-detail-records-request",
    GetChargeDetailRecords, ChargeDetailRecordPage, 200, patience=120.0,
)  # fmt: skip
RESERVATION_START = Operation(
    "RemoteReservationStart", Role.EMP, "/reservation/v11/providers/{party}/reservation-start-request",
    RemoteReservationStart, Acknowledgement, 100, Again.NEVER, 65.0,
)  # fmt: skip
RESERVATION_STOP = Operation(
    "RemoteReservationStop", Role.EMP, "/reservation/v11/providers/{party}/reservation-stop-request",
    RemoteReservationStop, Acknowledgement, 200, Again.BY_A_PERSON, 65.0,
)  # fmt: skip
CHARGING_NOTIFICATIONS = Operation(
    "ChargingNotifications", Role.CPO, "/notificationmgmt/v11/charging-notifications",
    ChargingNotification, Acknowledgement, 100,
)  # fmt: skip
PUSH_EVSE_DATA = Operation(
    "PushEvseData", Role.CPO, "/evsepush/v23/operators/{party}/data-records",
    PushEvseData, Acknowledgement, 375, patience=120.0, one_after_the_other=True,
)  # fmt: skip
PUSH_EVSE_STATUS = Operation(
    "PushEvseStatus", Role.CPO, "/evsepush/v21/operators/{party}/status-records",
    PushEvseStatus, Acknowledgement, 2000, patience=120.0, one_after_the_other=True,
)  # fmt: skip
# One article allows 100 a minute, another 25.
PULL_EVSE_DATA = Operation(
    "PullEvseData", Role.EMP, "/evsepull/v23/providers/{party}/data-records",
    PullEvseData, EvseDataPage, 25, patience=120.0,
)  # fmt: skip
PULL_EVSE_STATUS = Operation(
    "PullEvseStatus", Role.EMP, "/evsepull/v21/providers/{party}/status-records",
    PullEvseStatus, EvseStatus, 6, patience=120.0,
)  # fmt: skip
PULL_EVSE_STATUS_BY_ID = Operation(
    "PullEvseStatusByID", Role.EMP, "/evsepull/v21/providers/{party}/status-records-by-id",
    PullEvseStatusByID, EvseStatusByID, 300,
)  # fmt: skip
PULL_EVSE_STATUS_BY_OPERATOR = Operation(
    "PullEvseStatusByOperatorID", Role.EMP, "/evsepull/v21/providers/{party}/status-records-by-operator-id",
    PullEvseStatusByOperatorID, EvseStatus, 75, patience=120.0,
)  # fmt: skip
PUSH_AUTHENTICATION_DATA = Operation(
    "PushAuthenticationData", Role.EMP, "/authdata/v21/providers/{party}/push-request",
    PushAuthenticationData, Acknowledgement, 50, patience=120.0, one_after_the_other=True,
)  # fmt: skip
PUSH_PRICING_PRODUCTS = Operation(
    "PushPricingProductData", Role.CPO, "/dynamicpricing/v10/operators/{party}/pricing-products",
    PushPricingProductData, Acknowledgement, 6, patience=120.0, one_after_the_other=True,
)  # fmt: skip
PUSH_EVSE_PRICING = Operation(
    "PushEVSEPricing", Role.CPO, "/dynamicpricing/v10/operators/{party}/evse-pricing",
    PushEVSEPricing, Acknowledgement, 6, patience=120.0, one_after_the_other=True,
)  # fmt: skip
PULL_PRICING_PRODUCTS = Operation(
    "PullPricingProductData", Role.EMP, "/dynamicpricing/v10/providers/{party}/pricing-products",
    PullPricingProductData, PricingProductDataResponse, 300, patience=120.0,
)  # fmt: skip
PULL_EVSE_PRICING = Operation(
    "PullEVSEPricing", Role.EMP, "/dynamicpricing/v10/providers/{party}/evse-pricing",
    PullEVSEPricing, EVSEPricing, 280, patience=120.0,
)  # fmt: skip

OPERATIONS: tuple[Operation, ...] = tuple(value for value in globals().values() if isinstance(value, Operation))
