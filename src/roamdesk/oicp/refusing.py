"""Why a call of the hub is refused, as the code and the words that it is answered with."""

from __future__ import annotations

from roamdesk.oicp.codes import DESCRIPTIONS, Code
from roamdesk.oicp.operations import AUTHORIZE_START, AUTHORIZE_STOP, Operation
from roamdesk.oicp.wire.charging import Acknowledgement, AuthorizationStart, AuthorizationStop
from roamdesk.oicp.wire.message import Answer
from roamdesk.oicp.wire.parts import IdentificationType, StatusCodeType


class CallRefused(ValueError):
    """The call changed nothing. `code` and the text go into the answer."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(detail or DESCRIPTIONS[code])
        self.code = code
        self.detail = detail


def the_identification(given: IdentificationType | None) -> IdentificationType:
    """The only one. Raises CallRefused."""
    if given is None or sum(getattr(given, name) is not None for name in given.__struct_fields__) != 1:
        raise CallRefused(Code.DATA_ERROR, "/Identification: exactly one identification variant allowed")
    return given


def status_of(code: Code, detail: str = "") -> StatusCodeType:
    return StatusCodeType(Code=code.value, Description=DESCRIPTIONS[code], AdditionalInfo=detail[:1000] or None)


def refusal(operation: Operation | None, code: Code, detail: str = "") -> Answer:
    """The body that says no, in the shape of the operation's answer."""
    status = status_of(code, detail)
    if operation is AUTHORIZE_START:
        return AuthorizationStart(AuthorizationStatus="NotAuthorized", StatusCode=status)
    if operation is AUTHORIZE_STOP:
        return AuthorizationStop(AuthorizationStatus="NotAuthorized", StatusCode=status)
    return Acknowledgement(Result=False, StatusCode=status)
