"""RFID UIDs as cards, readers and people give them."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from roamdesk.identifiers.errors import IdentifierError
from roamdesk.identifiers.letters import quote, refuse_strangers

_LENGTHS = (4, 7, 10)
_LONGEST = 40
_NOT_HEX = re.compile(r"[G-Z]")
_ODD_PLACE = re.compile(r"^[ :-]|[ :-]{2}|[ :-]$")
_HEARD_DIGITS = {"O": "the digit 0", "I": "the digit 1", "L": "the digit 1"}


class SameCard(StrEnum):
    """How two UIDs compare. REVERSED is a hint for a person, never a proof."""

    SAME = "same"
    REVERSED = "reversed"
    DIFFERENT = "different"


@dataclass(frozen=True)
class RfidUid:
    """A card's UID of 4, 7 or 10 bytes; key is upper-case hex. Equal when the keys are equal."""

    as_given: str = field(compare=False)
    key: str

    @classmethod
    def parse(cls, text: str) -> "RfidUid":
        """Read a UID, colons, hyphens or blanks optional between bytes, any case; raises IdentifierError."""
        refuse_strangers(text, "an RFID UID", ":- ", _LONGEST)
        if _ODD_PLACE.search(text):
            raise IdentifierError(f"{quote(text)} has a separator too many: type it between two bytes only.")
        if stranger := _NOT_HEX.search(text.upper()):
            raise IdentifierError(_mend(stranger[0], stranger.start() + 1))
        key = re.sub(r"[ :-]", "", text).upper()
        if len(key) not in {2 * length for length in _LENGTHS}:
            raise IdentifierError(
                f"An RFID UID has 8, 14 or 20 digits 0-9 and A-F, here are {len(key)}: read the card again."
            )
        return cls(text, key)

    @property
    def octets(self) -> bytes:
        """The UID as 4, 7 or 10 bytes, in the order given."""
        return bytes.fromhex(self.key)

    def reversed(self) -> "RfidUid":
        """The same bytes in the other order, as some readers report them."""
        other_way = self.octets[::-1].hex().upper()
        return RfidUid(other_way, other_way)

    def same_card(self, other: "RfidUid") -> SameCard:
        """Compare with another reading of a card."""
        if self.key == other.key:
            return SameCard.SAME
        return SameCard.REVERSED if self.reversed().key == other.key else SameCard.DIFFERENT

    def __str__(self) -> str:
        return self.as_given


def _mend(letter: str, position: int) -> str:
    wanted = _HEARD_DIGITS.get(letter, "a digit 0-9 or a letter A-F")
    return f"'{letter}' at position {position} is no part of an RFID UID: type {wanted}."
