"""Phone numbers: stored as E.164, shown as people read them."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

SHORTEST = 7  # digits with the country prefix: anything shorter is an extension or a slip


class NumberRefused(ValueError):
    """No phone number; the text says what to mend."""


def phone_number(text: str, country: str) -> str:
    """The number as E.164; ``country`` (ISO 3166-1 alpha-2) is that of one without prefix. Raises NumberRefused."""
    mend = f"{text[:40]!r} is no phone number. Write it with the country prefix, like +49 30 5550 142."
    if len(text) > 40 or not text.isascii():
        raise NumberRefused(mend)
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        raise NumberRefused(mend) from None
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    digits = len(f"{number.country_code}{number.national_number}")
    if number.extension or not possible or digits < SHORTEST:
        raise NumberRefused(mend)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@lru_cache(maxsize=16384)
def shown(number: str) -> str:
    """A stored number in groups, to be read aloud; as it stands when it cannot be read."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return number
