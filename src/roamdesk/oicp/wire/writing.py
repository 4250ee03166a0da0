"""Writing what we send: a message that breaks a published rule does not leave."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from roamdesk.oicp.wire.checks import FOREIGN_CONTRACT, FOREIGN_EVSE
from roamdesk.oicp.wire.findings import Finding, Grade
from roamdesk.oicp.wire.message import Message
from roamdesk.oicp.wire.reading import read

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class RefusedToWrite(ValueError):
    """The message breaks rules; nothing was sent. `findings` says where and which."""

    def __init__(self, message: Message, findings: list[Finding]) -> None:
        self.findings = findings
        told = "; ".join(str(finding) for finding in findings[:5])
        super().__init__(f"{type(message).__name__} was not sent: {told}")


def encode(message: Message) -> bytes:
    """The body as JSON, absent members left out. Not checked: for what is kept, not for what is sent."""
    return _ENCODER.encode(message)


def write(message: Message, *, now: datetime | None = None, with_subs: bool = False) -> bytes:
    """The body to send. Raises RefusedToWrite for any breach of a published rule, or what the hub would refuse.

    `with_subs` says that the partner is registered with sub-operators or sub-providers, whose ids differ from its own.
    """
    body = encode(message)
    findings = [
        finding
        for finding in read(type(message), body, now=now).findings
        if finding.grade is not Grade.NOTE and not (with_subs and finding.says in _SUBS)
    ]
    if findings:
        raise RefusedToWrite(message, findings)
    return body


_SUBS: Collection[str] = (FOREIGN_EVSE, FOREIGN_CONTRACT)
