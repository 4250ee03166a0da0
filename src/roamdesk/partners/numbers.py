"""Phone numbers: stored as E.164, shown as people read them."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat


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
    if number.extension or not phonenumbers.is_possible_number(number):
        raise NumberRefused(mend)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def shown(number: str) -> str:
    """A stored number in groups, to be read aloud; as it stands when it cannot be read."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return number
