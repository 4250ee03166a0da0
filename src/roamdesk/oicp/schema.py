"""What the hub may send us and what we answer, as OpenAPI 3.1: worked out from the types of the wire and the routes."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Any, get_args

from roamdesk.oicp.operations import Role
from roamdesk.oicp.routes import ROUTES, Route
from roamdesk.oicp.wire.message import Part
from roamdesk.oicp.wire.rules import Flag, Number, OneOf, Rule, Text, Time
from roamdesk.oicp.wire.shape import Member, Value, shape_of
from roamdesk.oicp.wire.vocabulary import OPERATOR_ID, PROVIDER_ID

Schema = dict[str, Any]


def openapi() -> Schema:
    """Of every path that the hub calls, below `/oicp/<desk>`. Every answer has HTTP 200; the verdict is in the body."""
    parts: dict[str, type[Part]] = {}
    for route in ROUTES:
        for kind in (*_requests(route), route.operation.answer):
            _collect(kind, parts)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Roamdesk for a roaming hub", "version": "OICP 2.3"},
        "paths": {route.path: {"post": _post(route)} for route in ROUTES},
        "components": {"schemas": {name: _object(part) for name, part in sorted(parts.items())}},
    }


def _post(route: Route) -> Schema:
    said = {"oneOf": [_ref(kind) for kind in _requests(route)]}
    post: Schema = {
        "operationId": f"{route.operation.name} {route.path}",
        "requestBody": {"required": True, "content": {"application/json": {"schema": said}}},
        "responses": {
            "200": {
                "description": "Accepted or refused, as the body says",
                "content": {"application/json": {"schema": _ref(route.operation.answer)}},
            }
        },
    }
    if "{party}" in route.path:
        post["parameters"] = [{"name": "party", "in": "path", "required": True, "schema": _party(route)}]
    return post


def _party(route: Route) -> Schema:
    return _rule(OPERATOR_ID if route.operation.caller is Role.CPO else PROVIDER_ID)


def _requests(route: Route) -> tuple[type[Part], ...]:
    request = route.operation.request
    return get_args(request) if isinstance(request, UnionType) else (request,)


def _collect(kind: type[Part], parts: dict[str, type[Part]]) -> None:
    if kind.__name__ not in parts:
        parts[kind.__name__] = kind
        for inner in _inner(kind):
            _collect(inner, parts)


def _inner(kind: type[Part]) -> Iterator[type[Part]]:
    for member in shape_of(kind).members:
        if member.value.part:
            yield member.value.part


def _object(part: type[Part]) -> Schema:
    members = shape_of(part).members
    schema: Schema = {"type": "object", "properties": {member.name: _member(member) for member in members}}
    if required := [member.name for member in members if member.mandatory]:
        schema["required"] = required
    return schema


def _member(member: Member) -> Schema:
    one = _value(member.value)
    if not member.value.many:
        return one
    return _without_none(type="array", items=one, minItems=1 if member.filled else None, maxItems=member.most)


def _value(value: Value) -> Schema:
    return _ref(value.part) if value.part else _rule(value.rule)


def _rule(rule: Rule) -> Schema:
    match rule:
        case OneOf():
            return {"type": "string", "enum": sorted(rule.values)}
        case Number():
            kind = "number" if rule.places else "integer"
            least, most = (None if bound is None else float(bound) for bound in (rule.least, rule.most))
            return _without_none(type=kind, minimum=least, maximum=most)
        case Time():
            return {"type": "string", "format": "date-time"}
        case Flag():
            return {"type": "boolean"}
        case Text():
            pattern = f"^(?:{rule.pattern})$" if rule.pattern else None
            return _without_none(
                type="string", pattern=pattern, minLength=rule.least or None, maxLength=rule.most or None
            )
        case _:
            return {}


def _ref(part: type[Part]) -> Schema:
    return {"$ref": f"#/components/schemas/{part.__name__}"}


def _without_none(**values: Any) -> Schema:
    return {name: value for name, value in values.items() if value is not None}
