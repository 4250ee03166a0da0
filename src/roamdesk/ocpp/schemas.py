"""Compiled checks of payloads against the JSON schemas that the `ocpp` package carries.

Compiled once per version, direction and action on first use (about 10 ms), then about 11 µs for a
TransactionEvent where the package's own validation takes 300 to 400 µs.
"""

import json
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

import fastjsonschema

from roamdesk.ocpp.frames import ErrorCode
from roamdesk.ocpp.versions import OcppVersion

Check = Callable[[dict[str, Any]], object]


class UnknownAction(LookupError):
    """The version has no such action."""


class WrongPayload(ValueError):
    """A payload that breaks its schema or says the impossible; `code` is the CALLERROR to answer."""

    def __init__(self, reason: str, code: ErrorCode = ErrorCode.PROPERTY) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


def check_request(version: OcppVersion, action: str, payload: dict[str, Any]) -> None:
    """Raises UnknownAction or WrongPayload."""
    _run(_check_for(version, _request_schema(version, action)), payload)


def check_response(version: OcppVersion, action: str, payload: dict[str, Any]) -> None:
    """Raises UnknownAction or WrongPayload."""
    _run(_check_for(version, f"{action}Response"), payload)


def _request_schema(version: OcppVersion, action: str) -> str:
    if action.endswith(("Request", "Response")):
        raise UnknownAction(f"{version} has no action {action!r:.60}")
    return f"{action}Request" if version.is_2x else action


@cache
def _schema_names(version: OcppVersion) -> frozenset[str]:
    folder = resources.files("ocpp") / version.schema_folder / "schemas"
    return frozenset(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))


def _check_for(version: OcppVersion, schema_name: str) -> Check:
    if schema_name not in _schema_names(version):
        raise UnknownAction(f"{version} has no message {schema_name!r:.60}")
    return compiled(version, schema_name)


@cache
def compiled(version: OcppVersion, schema_name: str) -> Check:
    path = resources.files("ocpp") / version.schema_folder / "schemas" / f"{schema_name}.json"
    schema = json.loads(path.read_text(encoding="utf-8-sig"))
    check: Check = fastjsonschema.compile(schema, use_default=False, use_formats=False)
    return check


def _run(check: Check, payload: dict[str, Any]) -> None:
    try:
        check(payload)
    except fastjsonschema.JsonSchemaValueException as broken:
        code = _CODE_BY_RULE.get(str(broken.rule), ErrorCode.PROPERTY)
        raise WrongPayload(str(broken.message)[:200], code) from None


_CODE_BY_RULE = {
    "type": ErrorCode.TYPE,
    "required": ErrorCode.OCCURRENCE,
    "minItems": ErrorCode.OCCURRENCE,
    "maxItems": ErrorCode.OCCURRENCE,
    "additionalProperties": ErrorCode.FORMAT,
}
