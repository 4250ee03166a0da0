"""Contract ids: EVCO id (OICP), EMAID (OCPI, ISO 15118), in the ISO and the DIN form."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from roamdesk.identifiers.errors import IdentifierError
from roamdesk.identifiers.letters import quote, refuse_strangers
from roamdesk.identifiers.party import Standard

_ISO = re.compile(r"([A-Z]{2})[*-]?([A-Z0-9]{3})[*-]?(C[A-Z0-9]{8})(?:[*-]?([A-Z0-9]))?")
_DIN = re.compile(r"([A-Z]{2})[*-]?([A-Z0-9]{3})[*-]?([A-Z0-9]{6})[*-]?([0-9X])")
_LONGEST = 24
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CHECK_PLACE = 15

Pair = tuple[int, int]


class CheckDigit(StrEnum):
    """What the check character says. WRONG hints at a misheard letter; it never refuses a contract."""

    CORRECT = "correct"
    WRONG = "wrong"
    ABSENT = "absent"
    NOT_VERIFIED = "not verified"


@dataclass(frozen=True)
class ContractId:
    """A driver's contract, as `DE-VPS-C00012345-2` or `DE*VPS*012345*6`. Equal when the keys are equal.

    stem_key leaves out the ISO check character, which some systems never store.
    """

    as_given: str = field(compare=False)
    standard: Standard
    country: str
    provider: str
    instance: str
    key: str
    provider_key: str
    stem_key: str
    check_digit: CheckDigit

    @classmethod
    def parse(cls, text: str) -> "ContractId":
        """Read a contract id, separators optional, ISO check character optional; raises IdentifierError."""
        refuse_strangers(text, "a contract id", "-*", _LONGEST)
        if iso := _ISO.fullmatch(text.upper()):
            stem = iso[1] + iso[2] + iso[3]
            key = stem + (iso[4] or "")
            verdict = _verdict(stem, iso[4])
            return cls(text, Standard.ISO, iso[1], iso[2], iso[3], key, key[:5], stem, verdict)
        if din := _DIN.fullmatch(text.upper()):
            key = "".join(din.groups())
            unknown = CheckDigit.NOT_VERIFIED
            return cls(text, Standard.DIN, din[1], din[2], din[3], key, key[:5], key, unknown)
        raise IdentifierError(
            f"{quote(text)} is not a contract id: type provider, C and eight letters or digits like "
            "DE-VPS-C00012345, or the older form with six and a check digit like DE*VPS*012345*6."
        )

    def same_contract(self, other: "ContractId") -> bool:
        """True when both name one contract, with or without the ISO check character."""
        return self.stem_key == other.stem_key

    def __str__(self) -> str:
        return self.as_given


def iso_check_character(stem: str) -> str:
    """The check character of 14 ISO characters such as `DEVPSC00012345` (eMI3 check digit paper).

    Each character is a pair over GF(2) and one over GF(3); weighted by matrix powers, all places sum to zero.
    """
    binary, ternary = _weighted_sum(stem)
    return next(
        letter
        for letter in _ALPHABET
        if _weighted(letter, _CHECK_PLACE) == ((-binary[0] % 2, -binary[1] % 2), (-ternary[0] % 3, -ternary[1] % 3))
    )


def _verdict(stem: str, given: str | None) -> CheckDigit:
    if given is None:
        return CheckDigit.ABSENT
    return CheckDigit.CORRECT if given == iso_check_character(stem) else CheckDigit.WRONG


def _weighted_sum(stem: str) -> tuple[Pair, Pair]:
    weighted = [_weighted(letter, place) for place, letter in enumerate(stem, start=1)]
    binary = (sum(b[0] for b, _ in weighted) % 2, sum(b[1] for b, _ in weighted) % 2)
    ternary = (sum(t[0] for _, t in weighted) % 3, sum(t[1] for _, t in weighted) % 3)
    return binary, ternary


@cache
def _weighted(letter: str, place: int) -> tuple[Pair, Pair]:
    quarter, ninth = divmod(_ALPHABET.index(letter), 9)
    binary, ternary = divmod(quarter, 2), divmod(ninth, 3)
    for _ in range(place):
        binary = (binary[1], (binary[0] + binary[1]) % 2)
        ternary = (ternary[1], (ternary[0] + 2 * ternary[1]) % 3)
    return binary, ternary
