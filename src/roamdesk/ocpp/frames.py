"""RPC frames of OCPP-J: text to typed frame and back (OCPP-J section 4)."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any, NoReturn

from roamdesk.ocpp.versions import OcppVersion

MAX_DEPTH = 64
MAX_MESSAGE_ID = 36


class MessageType(IntEnum):
    CALL = 2
    CALL_RESULT = 3
    CALL_ERROR = 4
    CALL_RESULT_ERROR = 5
    SEND = 6


class ErrorCode(StrEnum):
    """Codes that we send, in the spelling of OCPP 2.x; stations may send others."""

    FORMAT = "FormatViolation"
    NOT_IMPLEMENTED = "NotImplemented"
    INTERNAL = "InternalError"
    PROTOCOL = "ProtocolError"
    PROPERTY = "PropertyConstraintViolation"
    OCCURRENCE = "OccurrenceConstraintViolation"
    TYPE = "TypeConstraintViolation"
    MESSAGE_TYPE = "MessageTypeNotSupported"

    def spelled_for(self, version: OcppVersion) -> str:
        return self.value if version.is_2x else _SPELLING_16.get(self, self.value)


_SPELLING_16 = {
    ErrorCode.FORMAT: "FormationViolation",
    ErrorCode.OCCURRENCE: "OccurenceConstraintViolation",
    ErrorCode.MESSAGE_TYPE: "ProtocolError",
}


@dataclass(frozen=True, slots=True)
class Call:
    message_id: str
    action: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CallResult:
    message_id: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CallError:
    message_id: str
    code: str
    description: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CallResultError:
    """2.1: the station could not use our answer."""

    message_id: str
    code: str
    description: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Send:
    """2.1: a message without an answer."""

    message_id: str
    action: str
    payload: dict[str, Any]


Frame = Call | CallResult | CallError | CallResultError | Send


class UnreadableFrame(ValueError):
    """A frame that is no OCPP; `call_id` is set when a CALLERROR can be addressed to its sender."""

    def __init__(self, reason: str, code: ErrorCode = ErrorCode.FORMAT, call_id: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.call_id = call_id


def parse(text: str) -> Frame:
    """One frame from its JSON text; decimals stay exact. Raises UnreadableFrame."""
    fields = _fields(text)
    kind, message_id = fields[0], fields[1]
    build = _BUILDERS.get(kind) if type(kind) is int else None
    if not isinstance(message_id, str) or not message_id:
        raise UnreadableFrame("the message id is not a text")
    if build is None:
        raise UnreadableFrame(f"message type {kind!r:.20} is unknown", ErrorCode.MESSAGE_TYPE, message_id)
    try:
        return build(message_id, fields[2:])
    except _WrongShape as wrong:
        call_id = message_id if kind == MessageType.CALL else None
        raise UnreadableFrame(str(wrong), ErrorCode.FORMAT, call_id) from None


def refuse_oversized(text: str, limit: int) -> None:
    """Raises UnreadableFrame when the text has more than `limit` characters."""
    if len(text) > limit:
        reason = f"the message has {len(text)} characters, at most {limit} are read"
        raise UnreadableFrame(reason, call_id=_salvaged_call_id(text))


def format_call(message_id: str, action: str, payload: dict[str, Any]) -> str:
    return _dump([MessageType.CALL, message_id, action, payload])


def format_result(message_id: str, payload: dict[str, Any]) -> str:
    return _dump([MessageType.CALL_RESULT, message_id, payload])


def format_error(message_id: str, code: str, description: str) -> str:
    return _dump([MessageType.CALL_ERROR, message_id, code, description[:255], {}])


def _dump(fields: list[Any]) -> str:
    return json.dumps(fields, separators=(",", ":"), default=_plain_number)


def _plain_number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in a frame")


def _fields(text: str) -> list[Any]:
    try:
        fields = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError, ArithmeticError) as problem:
        reason = f"the message is not JSON that can be read ({type(problem).__name__})"
        raise UnreadableFrame(reason, call_id=_salvaged_call_id(text)) from None
    if not isinstance(fields, list) or len(fields) < 3:
        raise UnreadableFrame("the message is not a list of three or more elements")
    if _has_more_levels_than(MAX_DEPTH, fields, text):
        raise UnreadableFrame(f"the message is nested deeper than {MAX_DEPTH} levels", call_id=_salvaged_call_id(text))
    if _has_unstorable_text(fields, text):
        raise UnreadableFrame("the message holds characters that no text may hold", call_id=_salvaged_call_id(text))
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _has_more_levels_than(limit: int, fields: list[Any], text: str) -> bool:
    if text.count("[") + text.count("{") <= limit:
        return False
    level: list[Any] = [fields]
    for _ in range(limit):
        level = [child for node in level for child in _children(node) if isinstance(child, (list, dict))]
        if not level:
            return False
    return True


def _children(node: list[Any] | dict[str, Any]) -> list[Any]:
    return list(node.values()) if isinstance(node, dict) else node


_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_SURROGATE = re.compile("[\ud800-\udfff]")


def _has_unstorable_text(fields: list[Any], text: str) -> bool:
    """NUL and lone surrogates, which a database refuses."""
    if "\\u" not in text:
        return False
    decoded = json.dumps(fields, ensure_ascii=False, default=_plain_number)
    return _ESCAPED_NUL.search(text) is not None or _SURROGATE.search(decoded) is not None


_CALL_START = re.compile(r'\s*\[\s*2\s*,\s*"([^"\\]{1,36})"')


def _salvaged_call_id(text: str) -> str | None:
    match = _CALL_START.match(text)
    return match.group(1) if match else None


class _WrongShape(ValueError):
    pass


def _call(message_id: str, rest: list[Any]) -> Call:
    if len(message_id) > MAX_MESSAGE_ID:
        raise _WrongShape(f"the message id has more than {MAX_MESSAGE_ID} characters")
    return Call(message_id, _text(rest, 0, "the action"), _object(rest, 1))


def _send(message_id: str, rest: list[Any]) -> Send:
    return Send(message_id, _text(rest, 0, "the action"), _object(rest, 1))


def _result(message_id: str, rest: list[Any]) -> CallResult:
    return CallResult(message_id, _object(rest, 0))


def _error(message_id: str, rest: list[Any]) -> CallError:
    return CallError(message_id, *_error_fields(rest))


def _result_error(message_id: str, rest: list[Any]) -> CallResultError:
    return CallResultError(message_id, *_error_fields(rest))


def _error_fields(rest: list[Any]) -> tuple[str, str, dict[str, Any]]:
    """Lenient on purpose: a station that says "no" badly has still said no."""
    description = rest[1] if len(rest) > 1 and isinstance(rest[1], str) else ""
    details = rest[2] if len(rest) > 2 and isinstance(rest[2], dict) else {}
    return _text(rest, 0, "the error code"), description, details


def _text(rest: list[Any], index: int, name: str) -> str:
    if len(rest) <= index or not isinstance(rest[index], str):
        raise _WrongShape(f"{name} is not a text")
    return str(rest[index])


def _object(rest: list[Any], index: int) -> dict[str, Any]:
    if len(rest) <= index or not isinstance(rest[index], dict):
        raise _WrongShape("the payload is not an object")
    payload: dict[str, Any] = rest[index]
    return payload


_BUILDERS: dict[int, Callable[[str, list[Any]], Frame]] = {
    MessageType.CALL: _call,
    MessageType.CALL_RESULT: _result,
    MessageType.CALL_ERROR: _error,
    MessageType.CALL_RESULT_ERROR: _result_error,
    MessageType.SEND: _send,
}
