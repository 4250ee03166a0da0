"""What every message and part of a message has in common."""

from typing import Annotated, TypeVar

import msgspec

from roamdesk.oicp.wire.rules import Mandatory

T = TypeVar("T")

MUST = Mandatory()
Must = Annotated[T, MUST]
Filled = Annotated[T, Mandatory(filled=True)]


class Part(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An object of the wire; its members carry the names of the wire. A member that was absent or null is None."""


class Message(Part, kw_only=True, omit_defaults=True):
    """The body of a request or of an answer."""


class Answer(Message, kw_only=True, omit_defaults=True):
    """The body of an answer; what it holds too much is nobody's concern."""
