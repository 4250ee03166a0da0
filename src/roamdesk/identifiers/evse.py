"""EVSE ids (ISO 15118 and DIN SPEC 91286) and the comparison keys of EVSE labels."""

import re
import unicodedata
from dataclasses import dataclass, field

from roamdesk.identifiers.errors import IdentifierError
from roamdesk.identifiers.letters import quote, refuse_strangers
from roamdesk.identifiers.party import OperatorId, Standard

LONGEST_LABEL = 255

_ISO = re.compile(r"([A-Z]{2})\*?([A-Z0-9]{3})\*?E([A-Z0-9*]{1,30})")
_ISO_HEAD = re.compile(r"([A-Z]{2})\*?([A-Z0-9]{3})\*?(.*)")
_DIN = re.compile(r"\+?([0-9]{1,3})\*([0-9]{3})\*([0-9*]{1,32})")
_LONGEST_ID = 64
_NOT_IN_ASCII_KEY = {code: None for code in range(128) if not chr(code).isalnum()}
_SOUNDS = str.maketrans("OI", "01")


@dataclass(frozen=True)
class EvseId:
    """One EVSE, as `DE*TSC*E0417*1` or `+49*999*000*438`. Equal when the keys are equal.

    as_given is the text as printed or received and must be what is sent on. The ISO key has no separators;
    the DIN key keeps its stars, which carry meaning there (OICP 2.3 section 8, comparison key).
    """

    as_given: str = field(compare=False)
    standard: Standard
    country: str
    operator: str
    outlet: str = field(compare=False)
    key: str
    operator_key: str

    @classmethod
    def parse(cls, text: str) -> "EvseId":
        """Read an EVSE id, stars optional in the ISO form, any case; raises IdentifierError."""
        refuse_strangers(text, "an EVSE id", "*+", _LONGEST_ID)
        upper = text.upper()
        if (iso := _ISO.fullmatch(upper)) and iso[3].strip("*"):
            key = upper.replace("*", "")
            return cls(text, Standard.ISO, iso[1], iso[2], iso[3], key, key[:5])
        if (din := _DIN.fullmatch(upper)) and din[3].strip("*"):
            operator_key = f"{din[1]}*{din[2]}"
            return cls(text, Standard.DIN, f"+{din[1]}", din[2], din[3], f"{operator_key}*{din[3]}", operator_key)
        raise IdentifierError(_mend(text))

    @property
    def operator_id(self) -> OperatorId:
        """The operator whose EVSE this is, by its id; a sub-operator may answer for it."""
        return OperatorId.parse(f"{self.country}*{self.operator}")

    def __str__(self) -> str:
        return self.as_given


def label_key(text: str) -> str:
    """Comparison key of anything printed on an EVSE: NFKC, upper case, only letters and digits.

    Works for any label (`DEMO-0417-A`), not only for EVSE ids. Raises IdentifierError above 255 characters.
    """
    if len(text) > LONGEST_LABEL:
        raise IdentifierError(
            f"Too long for an EVSE label: {len(text)} characters, at most {LONGEST_LABEL}. Type the label."
        )
    if text.isascii():
        return text.upper().translate(_NOT_IN_ASCII_KEY)
    key, before = _folded(text), text
    while key != before:
        key, before = _folded(key), key
    return key


def sounds_key(text: str) -> str:
    """label_key with the letters O and I read as 0 and 1, as they are confused on the phone."""
    return label_key(text).translate(_SOUNDS)


def _folded(text: str) -> str:
    upper = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    return "".join(filter(str.isalnum, upper))


def _mend(text: str) -> str:
    if not text[0].isalpha():
        return (
            f"{quote(text)} is not a DIN EVSE id: type country prefix, operator and number with stars "
            "between them, like +49*999*000*438."
        )
    head = _ISO_HEAD.fullmatch(text.upper())
    if head is None:
        return (
            f"{quote(text)} is not an EVSE id: begin with two letters for the country and three letters or "
            "digits for the operator, like DE*TSC*E0417*1."
        )
    return _mend_rest(f"{head[1]}*{head[2]}", head[3])


def _mend_rest(operator: str, rest: str) -> str:
    if rest.startswith("E") and not rest.strip("E*"):
        return f"The number after {operator}*E is missing: type it as printed on the EVSE."
    if rest.startswith("E") and "+" not in rest:
        return f"After E come at most 30 characters, here are {len(rest) - 1}: type only one EVSE id."
    if rest.startswith("P"):
        return f"{operator}*{quote(rest)[1:-1]} names a charging pool: type the EVSE id, with E in place of P."
    return f"After {operator} comes the letter E: type {operator}*E and then the number as printed."
