"""What an answer of the hub says, read in the order of section 9: transport, HTTP, verdict."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec

from roamdesk.oicp.codes import Code, reading_of
from roamdesk.oicp.wire import Finding, Unreadable
from roamdesk.oicp.wire.charging import (
    Acknowledgement,
    AuthorizationStart,
    AuthorizationStop,
    FaultBody,
)
from roamdesk.oicp.wire.message import Answer
from roamdesk.oicp.wire.parts import StatusCodeType
from roamdesk.oicp.wire.reading import document_of, read_document

A = TypeVar("A", bound=Answer)


class Verdict(StrEnum):
    """What is known after a call. UNKNOWN is never taken for a no, nor for a yes."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    WRONG_DATA = "wrong data"  # the hub could not read what we sent
    TOO_MANY = "too many"  # over the limit: nothing was done
    NOT_SENT = "not sent"  # it did not reach the hub
    UNKNOWN = "unknown"  # it may have been carried out


@dataclass(frozen=True)
class Outcome(Generic[A]):
    """One call and what came of it. `says` is a sentence for a person; `process_id` names the call at the hub."""

    verdict: Verdict
    says: str
    code: str = ""
    http_status: int | None = None
    process_id: str = ""
    answer: A | None = None
    findings: tuple[Finding, ...] = ()
    raw: bytes = field(default=b"", repr=False)
    tries: int = 1

    @property
    def accepted(self) -> bool:
        return self.verdict is Verdict.ACCEPTED


TRANSIENT = frozenset({408, 500, 502, 503, 504})
TOO_MANY_REQUESTS = 429


def outcome_of(kind: type[A], http_status: int, body: bytes, process_id: str) -> Outcome[A]:
    """Read an HTTP answer; never raises."""
    try:
        document = document_of(body)
    except Unreadable:
        verdict, says = _without_body(http_status, body)
        return Outcome(verdict, says, http_status=http_status, process_id=process_id, raw=body)
    reading = read_document(kind, document)
    status = _status_of(document)
    code = (status.Code if status else None) or ""
    verdict, says = _judge(reading.message, http_status, document, code)
    if status and verdict is not Verdict.ACCEPTED:
        says = " ".join(filter(None, [says, _words(status)]))
    return Outcome(verdict, says, code, http_status, process_id, reading.message, tuple(reading.findings), body)


def quick_outcome_of(kind: type[A], http_status: int, body: bytes, process_id: str) -> Outcome[A]:
    """As `outcome_of`, for answers with very many records: where everything fits its type, no rule is checked."""
    if http_status != 200:
        return outcome_of(kind, http_status, body, process_id)
    try:
        answer = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError):
        return outcome_of(kind, http_status, body, process_id)
    status: StatusCodeType | None = getattr(answer, "StatusCode", None)
    if not _says_yes(answer, (status.Code if status else None) or ""):
        return outcome_of(kind, http_status, body, process_id)
    return Outcome(Verdict.ACCEPTED, "Accepted.", Code.SUCCESS, http_status, process_id, answer, raw=body)


def _judge(answer: Answer, http_status: int, document: dict[str, Any], code: str) -> tuple[Verdict, str]:
    if http_status >= 400:
        return _http_error(http_status, document, code)
    if code == Code.PARTNER_SILENT:
        return Verdict.UNKNOWN, reading_of(code)
    if isinstance(answer, Acknowledgement) and answer.Result is None and not code:
        return Verdict.UNKNOWN, "The hub's answer has neither a result nor a status code."
    if _says_yes(answer, code):
        return Verdict.ACCEPTED, "Accepted."
    return Verdict.REFUSED, reading_of(code) if code and code != Code.SUCCESS else "Refused without a reason."


def _says_yes(answer: Answer, code: str) -> bool:
    """The boolean, or the status, wins over the code; an authorisation without a status is a refusal."""
    match answer:
        case Acknowledgement():
            return answer.Result is True
        case AuthorizationStart() | AuthorizationStop():
            return answer.AuthorizationStatus == "Authorized"
        case _:
            return code in ("", Code.SUCCESS) and _has_content(answer)


def _has_content(answer: Answer) -> bool:
    return any(getattr(answer, name) is not None for name in answer.__struct_fields__ if name != "StatusCode")


def _http_error(http_status: int, document: dict[str, Any], code: str) -> tuple[Verdict, str]:
    if code == Code.PARTNER_SILENT:
        return Verdict.UNKNOWN, reading_of(code)
    if code:
        return Verdict.REFUSED, reading_of(code)
    fault = read_document(FaultBody, document).message
    if fault.validationErrors:
        errors = [error for error in fault.validationErrors if error]
        told = "; ".join(f"{error.fieldReference}: {error.errorMessage}" for error in errors[:5])
        return Verdict.WRONG_DATA, f"The hub could not read what we sent. {told}"[:1000]
    return _bare(http_status)


def _without_body(http_status: int, body: bytes) -> tuple[Verdict, str]:
    if http_status < 400:
        return Verdict.UNKNOWN, "The hub said 200, but what it sent is no OICP message."
    return _bare(http_status)


def _bare(http_status: int) -> tuple[Verdict, str]:
    if http_status == TOO_MANY_REQUESTS:
        return Verdict.TOO_MANY, "Too many calls a minute: the hub did not take this one."
    if http_status == 408 or http_status >= 500:
        return Verdict.UNKNOWN, f"The hub failed with HTTP {http_status}. Whether it did anything is not known."
    if http_status == 403:
        return Verdict.REFUSED, "The hub's proxy let us not through: is this machine's address registered there?"
    return Verdict.REFUSED, f"The hub refused the call with HTTP {http_status}."


def _status_of(document: dict[str, Any]) -> StatusCodeType | None:
    status = document.get("StatusCode")
    if not isinstance(status, dict):
        return None
    names = ("Code", "Description", "AdditionalInfo")
    texts = {name: str(status[name]) for name in names if status.get(name) is not None}
    if "Code" in texts:
        texts["Code"] = texts["Code"].zfill(3)[:3]
    return StatusCodeType(**texts)


def _words(status: StatusCodeType) -> str:
    said = " ".join(filter(None, [status.Description, status.AdditionalInfo]))
    return f"(The answer: {status.Code} {said})"[:600]
