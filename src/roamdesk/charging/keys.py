"""The keys under which EVSEs and tokens are stored, and found again."""

from __future__ import annotations

from roamdesk.identifiers import ContractId, IdentifierError, printed_number, token_key


def fitting(key: str, longest: int) -> str:
    """The beginning of a key that fits its column; normalising may have made it longer than the text."""
    return key[:longest]


def contract_stem(text: str) -> str:
    """A contract id's key without the check character; empty when the text is none."""
    try:
        return ContractId.parse(text).stem_key
    except IdentifierError:
        return ""


def token_keys(value: str, contract_id: str, printed: str) -> tuple[str, str, str]:
    """Keys of a token: of its value, of its contract, of the printed number. Raises IdentifierError."""
    contract = contract_stem(contract_id or value)
    return token_key(value), contract, printed_number(printed) if printed else ""
