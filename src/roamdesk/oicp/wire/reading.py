"""Reading what others send: whatever is usable becomes a message, whatever is amiss becomes a finding."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar, cast

import msgspec

from roamdesk.oicp.wire.checks import check
from roamdesk.oicp.wire.findings import Finding, Findings, Grade
from roamdesk.oicp.wire.message import Answer, Message, Part
from roamdesk.oicp.wire.records import NOTIFICATIONS, ChargingNotification
from roamdesk.oicp.wire.shape import Member, Value, published_names, shape_of

M = TypeVar("M", bound=Part)

MISSING = "mandatory field missing or null"
LARGEST_BODY = 64 * 1024 * 1024
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class Unreadable(ValueError):
    """Nothing of the body can be used: no JSON, no object, or a notification of no known type."""


@dataclass(frozen=True)
class Reading(Generic[M]):
    """A message, what was amiss, and by JSON pointer the members that no document knows."""

    message: M
    findings: list[Finding]
    unknown: dict[str, Any] = field(default_factory=dict)

    @property
    def breaches(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.grade is Grade.BREACH]


def read(kind: type[M], body: bytes, *, now: datetime | None = None) -> Reading[M]:
    """Read a message of `kind`. With `now` (UTC), times that must not lie ahead are checked. Raises Unreadable."""
    return read_document(kind, document_of(body), now=now)


def read_notification(body: bytes) -> Reading[ChargingNotification]:
    """Read a charging notification of whichever type it says it is. Raises Unreadable."""
    document = document_of(body)
    kind = NOTIFICATIONS.get(str(document.get("Type")))
    if kind is None:
        raise Unreadable(f"Type {str(document.get('Type'))[:40]!r} is none of {', '.join(NOTIFICATIONS)}.")
    return cast("Reading[ChargingNotification]", read_document(kind, document))


def read_document(kind: type[M], document: dict[str, Any], *, now: datetime | None = None) -> Reading[M]:
    """As `read`, from an object whose decimals are Decimal."""
    walk = _Walk(Findings(), {}, {})
    message = walk.part(kind, document, "")
    if issubclass(kind, Message) and not issubclass(kind, Answer):
        walk.report_strays(document)
    check(message, walk.findings, now)
    return Reading(message, [walk.where_it_stands(finding) for finding in walk.findings], walk.unknown)


def document_of(body: bytes) -> dict[str, Any]:
    """The JSON object of a body, decimals as Decimal. Raises Unreadable."""
    if len(body) > LARGEST_BODY:
        raise Unreadable(f"The body has {len(body)} bytes, at most {LARGEST_BODY} are read.")
    try:
        document = _decoded(_utf8(body))
    except (msgspec.DecodeError, RecursionError, ValueError, ArithmeticError) as problem:
        raise Unreadable(f"The body is not JSON: {str(problem)[:200]}") from None
    if not isinstance(document, dict):
        raise Unreadable("The body is JSON, but not an object.")
    return document


def _decoded(body: bytes) -> Any:
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError:
        return _DECODER.decode(_HALF.sub(_whole, body))


# Cut in the middle of a character beyond the first plane; what else begins with a backslash is passed over whole.
_HALF = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)


def _whole(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape[1] else escape[0]


def _utf8(body: bytes) -> bytes:
    """Some errors of the hub come in ISO 8859-1, whatever their header says (section 2)."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1").encode()
    return body


@dataclass
class _Walk:
    findings: Findings
    unknown: dict[str, Any]
    spelled: dict[str, str]  # by pointer with our names: how the member is called there

    def part(self, kind: type[M], document: dict[str, Any], at: str) -> M:
        shape = shape_of(kind)
        strange = document.keys() - shape.known
        for name in strange:
            self.unknown[f"{at}/{name}"] = document[name]
        cased = {name.lower(): name for name in strange}
        return kind(**{member.name: self._member(member, document, cased, at) for member in shape.members})

    def report_strays(self, document: dict[str, Any]) -> None:
        """Members that other messages have, and this one has not. Those that no document knows are only kept."""
        for at in list(self.unknown):
            if at[1:] in document and at[1:] in published_names() and self.unknown[at] is not None:
                self.findings.breach(at, "not a field of this message")

    def _member(self, member: Member, document: dict[str, Any], cased: dict[str, str], at: str) -> Any:
        here = f"{at}/{member.name}"
        value = document.get(member.name)
        if value is None:
            given = _otherwise_spelled(member, document, cased)
            if given is not None:
                value = document[given]
                self.spelled[here] = given
                self.findings.note(here, f"read from {given}")
            if member.mandatory and given not in member.either:
                self.findings.breach(here, MISSING)
        if value is None:
            return None
        return self._many(member, value, here) if member.value.many else self._one(member.value, value, here)

    def where_it_stands(self, finding: Finding) -> Finding:
        """With the names of this document; that a member is missing is told with its right name."""
        if not self.spelled:
            return finding
        ours, theirs = "", ""
        named_right = finding.at if finding.says == MISSING or finding.grade is Grade.NOTE else None
        for name in finding.at.split("/")[1:]:
            ours += f"/{name}"
            theirs += f"/{name if ours == named_right else self.spelled.get(ours, name)}"
        return replace(finding, at=theirs)

    def _many(self, member: Member, value: Any, at: str) -> list[Any]:
        if not isinstance(value, list):
            (self.findings.note if member.one_is_enough else self.findings.breach)(at, "one value in place of a list")
            value = [value]
        if member.filled and not value:
            self.findings.breach(at, "must not be empty")
        if member.most is not None and len(value) > member.most:
            self.findings.breach(at, f"at most {member.most} entries allowed, found {len(value)}")
        return [self._entry(member.value, entry, f"{at}/{number}") for number, entry in enumerate(value)]

    def _entry(self, value: Value, entry: Any, at: str) -> Any:
        if entry is None:
            self.findings.breach(at, "entry of a list is null")
            return None
        return self._one(value, entry, at)

    def _one(self, value: Value, given: Any, at: str) -> Any:
        if value.part is None:
            return value.rule.read(given, at, self.findings)
        if isinstance(given, dict):
            return self.part(value.part, given, at)
        shorthand = SHORTHANDS.get(value.part.__name__)
        if shorthand and isinstance(given, shorthand.written_as):
            (self.findings.note if shorthand.published else self.findings.breach)(at, shorthand.says)
            return self.part(value.part, shorthand.unfold(given), at)
        self.findings.breach(at, "is not an object")
        return None


def _otherwise_spelled(member: Member, document: dict[str, Any], cased: dict[str, str]) -> str | None:
    spelled = (*member.names[1:], *(cased[low] for name in member.names if (low := name.lower()) in cased))
    return next((name for name in spelled if document.get(name) is not None), None)


@dataclass(frozen=True)
class _Shorthand:
    """A simpler way in which some write a part."""

    written_as: type
    inside: tuple[str, ...]
    says: str
    published: bool

    def unfold(self, given: Any) -> dict[str, Any]:
        for name in reversed(self.inside):
            given = {name: given}
        return cast("dict[str, Any]", given)


SHORTHANDS = {
    "MeterValues": _Shorthand(list, ("meterValues",), "a list in place of an object with meterValues", True),
    "EvseStatusesType": _Shorthand(list, ("OperatorEvseStatus",), "a list in place of an object", True),
    "EvseStatusRecordsType": _Shorthand(list, ("EvseStatusRecord",), "a list in place of an object", True),
    "GeoCoordinatesType": _Shorthand(str, ("Google", "Coordinates"), "a text in place of an object", False),
    "GoogleCoordinates": _Shorthand(str, ("Coordinates",), "a text in place of an object", False),
    "InfoText": _Shorthand(str, ("value",), "a text in place of an object", False),
}
