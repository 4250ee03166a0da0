"""What the types of a message say about each of its members, worked out once per type."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from roamdesk.oicp.wire.message import Message, Part
from roamdesk.oicp.wire.rules import Also, Either, Mandatory, Mark, OneIsEnough, Rule, Size, Text


@dataclass(frozen=True)
class Value:
    """What one value is: a part with members of its own, or what its rule reads; `many` for a list of them."""

    part: type[Part] | None
    rule: Rule
    many: bool = False


@dataclass(frozen=True)
class Member:
    name: str
    value: Value
    mandatory: bool
    filled: bool
    also: tuple[str, ...]
    either: tuple[str, ...]
    one_is_enough: bool
    most: int | None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.either, *self.also)


@dataclass(frozen=True)
class Shape:
    part: type[Part]
    members: tuple[Member, ...]
    known: frozenset[str]


@cache
def shape_of(part: type[Part]) -> Shape:
    hints = get_type_hints(part, include_extras=True)
    members = tuple(_member(name, hints[name]) for name in part.__struct_fields__)
    return Shape(part, members, frozenset(name for member in members for name in member.names))


@cache
def published_names() -> frozenset[str]:
    """Every member that some message has at its top."""
    return frozenset(member.name for kind in _kinds(Message) for member in shape_of(kind).members)


def _kinds(kind: type[Message]) -> Iterator[type[Message]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _kinds(sub)


def _member(name: str, hint: Any) -> Member:
    marks = list(_marks(hint))
    mandatory = next((mark for mark in marks if isinstance(mark, Mandatory)), None)
    return Member(
        name=name,
        value=_value(hint),
        mandatory=mandatory is not None,
        filled=mandatory is not None and mandatory.filled,
        also=next((mark.names for mark in marks if isinstance(mark, Also)), ()),
        either=next((mark.names for mark in marks if isinstance(mark, Either)), ()),
        one_is_enough=any(isinstance(mark, OneIsEnough) for mark in marks),
        most=next((mark.most for mark in marks if isinstance(mark, Size)), None),
    )


def _marks(hint: Any) -> Iterator[Mark]:
    if get_origin(hint) is Annotated:
        yield from (mark for mark in hint.__metadata__ if isinstance(mark, Mark))


def _value(hint: Any) -> Value:
    rule: Rule = Text()
    if get_origin(hint) is Annotated:
        rule = next((extra for extra in hint.__metadata__ if isinstance(extra, Rule)), rule)
        hint = hint.__origin__
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (one for one in get_args(hint) if one is not type(None))
    if get_origin(hint) is list:
        inner = _value(get_args(hint)[0])
        return Value(inner.part, inner.rule, many=True)
    if isinstance(hint, type) and issubclass(hint, Part):
        return Value(hint, rule)
    return Value(None, rule)
