"""What the hub answers with, in the shapes of section 9."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import uuid4

from roamdesk.demo.hub.faults import Fault
from roamdesk.oicp.codes import DESCRIPTIONS, Code
from roamdesk.oicp.wire import Finding
from roamdesk.oicp.wire.message import Message
from roamdesk.oicp.wire.writing import encode


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    content_type: str = "application/json;charset=utf-8"

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [
            ("Content-Type", self.content_type), ("Content-Length", str(len(self.body))), ("Process-ID", str(uuid4())),
        ]  # fmt: skip


def ok(message: Message) -> Reply:
    return Reply(200, encode(message))


def bare(http_status: int, code: Code) -> Reply:
    """An HTTP error with a status code and nothing else."""
    status = {"Code": code.value, "Description": DESCRIPTIONS[code], "AdditionalInfo": None}
    return Reply(http_status, json.dumps({"StatusCode": status}).encode())


def invalid(findings: list[Finding]) -> Reply:
    """HTTP 400: the field references have lower-camel names, not those of the wire."""
    errors = [{"fieldReference": _camel(finding.at), "errorMessage": finding.says} for finding in findings]
    body = {"extendedInfo": None, "message": "Error parsing/validating JSON.", "validationErrors": errors}
    return Reply(400, json.dumps(body).encode())


def _camel(pointer: str) -> str:
    steps = [f"[{step}]" if step.isdigit() else f".{step[:1].lower()}{step[1:]}" for step in pointer.split("/")[1:]]
    return "".join(steps).lstrip(".")


def failing(fault: Fault) -> Reply:
    match fault:
        case Fault.UNAUTHORIZED:
            return bare(401, Code.UNAUTHORIZED)
        case Fault.NOT_FOUND:
            return bare(404, Code.PARTNER_NOT_FOUND)
        case Fault.SYSTEM_ERROR:
            return bare(500, Code.HUB_SYSTEM_ERROR)
        case Fault.INVALID:
            return invalid([Finding("/SessionID", "told to say so")])
        case _:
            return Reply(int(fault.value), b"<html><body>%s</body></html>" % fault.value.encode(), "text/html")
