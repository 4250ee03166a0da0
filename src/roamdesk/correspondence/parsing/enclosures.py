"""The files in a mail, read from its bytes when they are asked for: there is no second copy."""

from __future__ import annotations

from dataclasses import dataclass

from roamdesk.correspondence.parsing.bodies import attached
from roamdesk.correspondence.parsing.kinds import Kind, kind_of
from roamdesk.correspondence.parsing.mail import message_of


@dataclass(frozen=True)
class Enclosure:
    """``number`` counts from 0 in the order of the mail; name and ``declared`` type are what the sender claims."""

    number: int
    name: str
    declared: str
    kind: Kind
    content_id: str
    content: bytes

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content)


def enclosures(raw: bytes) -> tuple[Enclosure, ...]:
    """None of a mail that cannot be taken apart."""
    message = message_of(raw)
    if message is None:
        return ()
    return tuple(
        Enclosure(number, name, declared, kind_of(content, name, declared), content_id, content)
        for number, (name, declared, content_id, content) in enumerate(attached(message))
    )
