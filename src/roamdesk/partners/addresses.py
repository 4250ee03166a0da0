"""E-mail addresses: one address, no display name, domains in ASCII form."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LONGEST = 254


class AddressRefused(ValueError):
    """No e-mail address; the text says what to mend."""


def mail_address(text: str) -> str:
    """The address as it is kept, its domain in ASCII form (RFC 5890). Raises AddressRefused."""
    refusal = AddressRefused(f"{text[:80]!r} is no e-mail address. Write one, like support@partner.example.")
    local, at, domain = text.rpartition("@")
    try:
        address = local + at + domain.encode("idna").decode("ascii")
        validate_email(address)
    except (UnicodeError, ValidationError):
        raise refusal from None
    if len(address) > LONGEST or not address.isascii() or not address.isprintable():
        raise refusal
    return address
