"""What a driver reads from a card, or any other token, as a key to look it up by."""

from collections.abc import Callable

from roamdesk.identifiers.contract import ContractId
from roamdesk.identifiers.errors import IdentifierError
from roamdesk.identifiers.letters import refuse_strangers
from roamdesk.identifiers.rfid import RfidUid

_LONGEST = 150
_MARKS = "-*:./_# "


def printed_number(text: str) -> str:
    """Comparison key of the number printed on a card: upper case, without blanks and marks.

    At most 150 characters (OICP 2.3 section 6.2, PrintedNumber). Raises IdentifierError.
    """
    refuse_strangers(text, "a card number", _MARKS, _LONGEST)
    key = "".join(filter(str.isalnum, text)).upper()
    if not key:
        raise IdentifierError("The card number has no digit or letter: type it as printed on the card.")
    return key


def token_key(text: str) -> str:
    """Comparison key of a token of any kind: RFID UID, contract id, else as a printed number.

    Raises IdentifierError when it can be none of them.
    """
    readers: tuple[Callable[[str], str], ...] = (_rfid_key, _contract_key)
    for read in readers:
        try:
            return read(text)
        except IdentifierError:
            continue
    return printed_number(text)


def _rfid_key(text: str) -> str:
    return RfidUid.parse(text).key


def _contract_key(text: str) -> str:
    return ContractId.parse(text).key
