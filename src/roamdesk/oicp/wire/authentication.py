"""The tokens that an offline EMP leaves with the hub (section 5.11)."""

from __future__ import annotations

from roamdesk.oicp.wire.message import Message, Must, Part
from roamdesk.oicp.wire.parts import IdentificationType
from roamdesk.oicp.wire.vocabulary import ActionText, ProviderIDText


class AuthenticationDataRecordType(Part):
    Identification: Must[IdentificationType | None] = None


class ProviderAuthenticationDataType(Part):
    ProviderID: Must[ProviderIDText] = None
    AuthenticationDataRecord: Must[list[AuthenticationDataRecordType | None] | None] = None


class PushAuthenticationData(Message):
    ActionType: Must[ActionText] = None
    ProviderAuthenticationData: Must[ProviderAuthenticationDataType | None] = None
