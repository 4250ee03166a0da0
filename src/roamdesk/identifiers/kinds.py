"""What a half-typed text could be: an EVSE label, a token, a phone number, a case reference or an address."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from roamdesk.identifiers.address import names_place
from roamdesk.identifiers.contract import ContractId
from roamdesk.identifiers.ear import Ear
from roamdesk.identifiers.errors import IdentifierError
from roamdesk.identifiers.evse import EvseId
from roamdesk.identifiers.rfid import RfidUid

_CASE = re.compile(r"[A-Z]{1,5}-[0-9]{1,4}(-[0-9]{0,8})?")
_WHOLE_CASE = re.compile(r"[A-Z]{2,5}-[0-9]{4}-[0-9]{3,8}")
_PHONE = re.compile(r"\+?[0-9]{4,17}")
_PHONE_MARKS = str.maketrans("", "", " ()/.-")
_SURE_PHONE = re.compile(r"\+[0-9]{4,15}|0[0-9]{8,16}")
_TOKEN_PART = re.compile(r"[0-9A-F]{4,20}")
_TOKEN_MARKS = str.maketrans("", "", " :-")
_CONTRACT_PART = re.compile(r"[A-Z]{2}-[A-Z0-9]{3}(-?C?[A-Z0-9]{0,8})?")
_SOME_LABEL = re.compile(r"[^\W_]")
_STREET_LIKE = re.compile(r"[^\W\d_]{4,}\.?,?\s+\S|[^\W\d_]{6,}")


class Kind(StrEnum):
    """The things that a caller may name first."""

    EVSE_LABEL = "evse_label"
    TOKEN = "token"
    PHONE = "phone"
    CASE_REFERENCE = "case_reference"
    ADDRESS = "address"


@dataclass(frozen=True)
class Reading:
    """One thing that the text could be. text is what to look up; why is a sentence for the operator."""

    kind: Kind
    text: str
    why: str


_Scored = tuple[int, Reading]
_SURE, _LIKELY, _POSSIBLE = 0, 1, 2


def understand(heard: str) -> list[Reading]:
    """Everything the typed text could be, likeliest first; empty for nothing typed.

    Raises IdentifierError above 255 characters.
    """
    text = " ".join(heard.split()) if len(heard) <= 255 else heard
    ear = Ear.of(text)
    readers: tuple[Callable[[str, Ear], _Scored | None], ...] = (_label, _token, _phone, _case, _address)
    scored = [found for read in readers if (found := read(text, ear))]
    return [reading for _, reading in sorted(scored, key=lambda found: found[0])]


def _label(text: str, ear: Ear) -> _Scored | None:
    if not _SOME_LABEL.search(text):
        return None
    likely = "".join(ear.likely)
    if _reads(EvseId.parse, text):
        return _SURE, Reading(Kind.EVSE_LABEL, likely, ear.correction or "A whole EVSE id")
    return _LIKELY, Reading(Kind.EVSE_LABEL, likely, ear.correction or "Part of an EVSE label")


def _token(text: str, ear: Ear) -> _Scored | None:
    if _reads(ContractId.parse, text):
        return _SURE, Reading(Kind.TOKEN, ContractId.parse(text).key, "A contract id (EVCO id)")
    if _reads(RfidUid.parse, text):
        uid = RfidUid.parse(text)
        return _SURE, Reading(Kind.TOKEN, uid.key, f"An RFID UID of {len(uid.octets)} bytes")
    if _CONTRACT_PART.fullmatch(text.upper()):
        return _POSSIBLE, Reading(Kind.TOKEN, ear.key, "Part of a contract id")
    part = text.upper().translate(_TOKEN_MARKS).replace("O", "0")
    if _TOKEN_PART.fullmatch(part):
        return _POSSIBLE, Reading(Kind.TOKEN, part, 'Heard "o", read as zero' if "O" in ear.key else "Part of a token")
    return None


def _phone(text: str, ear: Ear) -> _Scored | None:
    number = text.translate(_PHONE_MARKS)
    if not _PHONE.fullmatch(number):
        return None
    dialled = re.sub(r"^00", "+", number)
    if _SURE_PHONE.fullmatch(dialled):
        return (_SURE if dialled[0] == "+" else _LIKELY), Reading(Kind.PHONE, dialled, "A phone number")
    return _POSSIBLE, Reading(Kind.PHONE, dialled, "Part of a phone number")


def _case(text: str, ear: Ear) -> _Scored | None:
    reference = text.upper()
    if _WHOLE_CASE.fullmatch(reference):
        return _SURE, Reading(Kind.CASE_REFERENCE, reference, "A case reference")
    if _CASE.fullmatch(reference) or re.fullmatch(r"[0-9]{4}(-[0-9]{4})?", reference):
        return _POSSIBLE, Reading(Kind.CASE_REFERENCE, reference, "Part of a case reference")
    return None


def _address(text: str, ear: Ear) -> _Scored | None:
    if not names_place(text):
        return None
    likeness = _SURE if _STREET_LIKE.match(text) and not _reads(ContractId.parse, text) else _POSSIBLE
    return likeness, Reading(Kind.ADDRESS, text, "A street, place or town")


def _reads(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except IdentifierError:
        return False
    return True
