"""Operator and provider ids: the company part of an EVSE id or of a contract id (OICP 2.3 section 8)."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from roamdesk.identifiers.errors import IdentifierError
from roamdesk.identifiers.letters import quote, refuse_strangers

_ISO_OPERATOR = re.compile(r"([A-Z]{2})\*?([A-Z0-9]{3})")
_DIN_OPERATOR = re.compile(r"\+?([0-9]{1,3})\*([0-9]{3})")
_PROVIDER = re.compile(r"([A-Z]{2})[*-]?([A-Z0-9]{3})")
_LONGEST = 8


class Standard(StrEnum):
    """Which grammar an identifier follows."""

    ISO = "ISO"
    DIN = "DIN"


@dataclass(frozen=True)
class OperatorId:
    """A CPO, as `DE*TSC` (ISO 15118) or `+49*999` (DIN SPEC 91286). Equal when the keys are equal."""

    as_given: str = field(compare=False)
    standard: Standard
    country: str
    operator: str
    key: str

    @classmethod
    def parse(cls, text: str) -> "OperatorId":
        """Read an operator id, stars optional in the ISO form; raises IdentifierError."""
        refuse_strangers(text, "an operator id", "*+", _LONGEST)
        if iso := _ISO_OPERATOR.fullmatch(text.upper()):
            return cls(text, Standard.ISO, iso[1], iso[2], iso[1] + iso[2])
        if din := _DIN_OPERATOR.fullmatch(text):
            return cls(text, Standard.DIN, f"+{din[1]}", din[2], f"{din[1]}*{din[2]}")
        raise IdentifierError(
            f"{quote(text)} is not an operator id: type two letters and three letters or digits like DE*TSC, "
            "or a country prefix and three digits like +49*999."
        )

    def __str__(self) -> str:
        return self.as_given


@dataclass(frozen=True)
class ProviderId:
    """An MSP, as `DE-VPS` or `DE*VPS`. Equal when the keys are equal."""

    as_given: str = field(compare=False)
    country: str
    provider: str
    key: str

    @classmethod
    def parse(cls, text: str) -> "ProviderId":
        """Read a provider id, separator optional; raises IdentifierError."""
        refuse_strangers(text, "a provider id", "-*", _LONGEST)
        if match := _PROVIDER.fullmatch(text.upper()):
            return cls(text, match[1], match[2], match[1] + match[2])
        raise IdentifierError(
            f"{quote(text)} is not a provider id: type two letters and three letters or digits like DE-VPS."
        )

    def __str__(self) -> str:
        return self.as_given
