"""The field's identifiers: parse, normalise, compare, find by what someone says, and spell aloud."""

from roamdesk.identifiers.address import STREET, address_key, address_words, before_street
from roamdesk.identifiers.card import printed_number, token_key
from roamdesk.identifiers.contract import CheckDigit, ContractId, iso_check_character
from roamdesk.identifiers.errors import IdentifierError
from roamdesk.identifiers.evse import EvseId, label_key, sounds_key
from roamdesk.identifiers.hearing import Grade, Hit, Label, SearchPatterns, chosen, rank, search_patterns
from roamdesk.identifiers.kinds import Kind, Reading, understand
from roamdesk.identifiers.party import OperatorId, ProviderId, Standard
from roamdesk.identifiers.rfid import RfidUid, SameCard
from roamdesk.identifiers.session import SessionId
from roamdesk.identifiers.spelling import Spoken, spell, spoken

__all__ = [
    "STREET",
    "CheckDigit",
    "ContractId",
    "EvseId",
    "Grade",
    "Hit",
    "IdentifierError",
    "Kind",
    "Label",
    "OperatorId",
    "ProviderId",
    "Reading",
    "RfidUid",
    "SameCard",
    "SearchPatterns",
    "SessionId",
    "Spoken",
    "Standard",
    "address_key",
    "address_words",
    "before_street",
    "chosen",
    "iso_check_character",
    "label_key",
    "printed_number",
    "rank",
    "search_patterns",
    "sounds_key",
    "spell",
    "spoken",
    "token_key",
    "understand",
]
