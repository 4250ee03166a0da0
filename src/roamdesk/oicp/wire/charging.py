"""Authorisation, remote start and stop, reservation, and the acknowledgement (sections 5.1 to 5.5, 5.8)."""

from __future__ import annotations

from typing import Annotated

from roamdesk.oicp.wire.message import Answer, Message, Must, Part
from roamdesk.oicp.wire.parts import IdentificationType, StatusCodeType
from roamdesk.oicp.wire.rules import Also
from roamdesk.oicp.wire.vocabulary import (
    AuthorizationText,
    Boolean,
    EvseIDText,
    OperatorIDText,
    PartnerSessionText,
    ProductText,
    ProviderIDText,
    SessionIDText,
    whole,
)

CPOSession = Annotated[PartnerSessionText, Also("CPOPartnerSessionId")]
EMPSession = Annotated[PartnerSessionText, Also("EMPPartnerSessionId")]


class Acknowledgement(Answer):
    """`Result` is the verdict, whatever the status code says."""

    Result: Must[Boolean] = None
    StatusCode: Must[StatusCodeType | None] = None
    SessionID: SessionIDText = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


class AuthorizeStart(Message):
    OperatorID: Must[OperatorIDText] = None
    Identification: Must[IdentificationType | None] = None
    EvseID: EvseIDText = None
    PartnerProductID: ProductText = None
    SessionID: SessionIDText = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


class AuthorizationStart(Answer):
    AuthorizationStatus: Must[AuthorizationText] = None
    StatusCode: Must[StatusCodeType | None] = None
    ProviderID: ProviderIDText = None
    SessionID: SessionIDText = None
    AuthorizationStopIdentifications: list[IdentificationType | None] | None = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


class AuthorizeStop(Message):
    SessionID: Must[SessionIDText] = None
    OperatorID: Must[OperatorIDText] = None
    Identification: Must[IdentificationType | None] = None
    EvseID: EvseIDText = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


class AuthorizationStop(Answer):
    AuthorizationStatus: Must[AuthorizationText] = None
    StatusCode: Must[StatusCodeType | None] = None
    ProviderID: ProviderIDText = None
    SessionID: SessionIDText = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


class AuthorizeRemoteStart(Message):
    """An EMP leaves out `SessionID`; the hub fills it for the CPO."""

    ProviderID: Must[ProviderIDText] = None
    EvseID: Must[EvseIDText] = None
    Identification: Must[IdentificationType | None] = None
    PartnerProductID: ProductText = None
    SessionID: SessionIDText = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


class AuthorizeRemoteStop(Message):
    SessionID: Must[SessionIDText] = None
    ProviderID: Must[ProviderIDText] = None
    EvseID: Must[EvseIDText] = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


class RemoteReservationStart(Message):
    """`Duration` in minutes."""

    ProviderID: Must[ProviderIDText] = None
    EvseID: Must[EvseIDText] = None
    Identification: Must[IdentificationType | None] = None
    Duration: Annotated[int | None, whole(99, 1)] = None
    PartnerProductID: ProductText = None
    SessionID: SessionIDText = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


class RemoteReservationStop(Message):
    SessionID: Must[SessionIDText] = None
    ProviderID: Must[ProviderIDText] = None
    EvseID: Must[EvseIDText] = None
    CPOPartnerSessionID: CPOSession = None
    EMPPartnerSessionID: EMPSession = None


class StatusOnly(Answer):
    """How the hub refuses with an HTTP error: no verdict, just the code."""

    StatusCode: Must[StatusCodeType | None] = None


class ValidationErrorType(Part):
    fieldReference: str | None = None
    errorMessage: str | None = None


class FaultBody(Answer):
    """HTTP 400 of the hub: it could not read what we sent. No status code."""

    message: str | None = None
    validationErrors: list[ValidationErrorType | None] | None = None
    extendedInfo: str | None = None
