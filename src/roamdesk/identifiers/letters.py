"""Refuse letters that only look right, before a pattern calls the whole text wrong."""

import unicodedata

from roamdesk.identifiers.errors import IdentifierError

LETTERS_AND_DIGITS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
LONGEST_QUOTE = 40

_CYRILLIC = dict(zip("АВЕЅІӀЈКМНОРСТУХҮԌԚԜ", "ABESIIJKMHOPCTYXYGQW", strict=True))
_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))
_LOOKALIKE_LETTERS = _CYRILLIC | _GREEK
_LOOKALIKE_MARKS = dict.fromkeys("‐‑‒–—−", "-") | dict.fromkeys("∗✱⁎٭", "*")


def refuse_strangers(text: str, noun: str, marks: str, longest: int) -> None:
    """Raise IdentifierError unless text is 1..longest ASCII letters, digits and the given marks.

    noun reads with its article, as in "an EVSE id". Positions in messages count from 1.
    """
    if not text:
        raise IdentifierError(f"Nothing was typed: type {noun}.")
    if len(text) > longest:
        raise IdentifierError(
            f"Too long for {noun}: {len(text)} characters, at most {longest}. Paste only the identifier."
        )
    allowed = LETTERS_AND_DIGITS | set(marks)
    for position, character in enumerate(text, start=1):
        if character not in allowed:
            raise IdentifierError(_mend(character, position, noun, marks))


def quote(text: str) -> str:
    """The text in quotation marks, shortened, for a message."""
    return f"'{text}'" if len(text) <= LONGEST_QUOTE else f"'{text[:LONGEST_QUOTE]}…'"


def _mend(character: str, position: int, noun: str, marks: str) -> str:
    if unicodedata.category(character)[0] == "C":
        return f"Control character U+{ord(character):04X} at position {position}: take it away."
    if character.isspace():
        return f"Blank at position {position}: take it away."
    if latin := _LOOKALIKE_LETTERS.get(character.upper()):
        script = unicodedata.name(character).split()[0].title()
        return f"{script} letter '{character}' at position {position}: type the Latin letter {latin}."
    if plain := _plain(character):
        return f"Special form '{character}' at position {position}: type the plain {plain}."
    usable = "letters A-Z, digits" + "".join(f" and {mark}" for mark in marks)
    return f"'{character}' at position {position} cannot stand in {noun}: use only {usable}."


def _plain(character: str) -> str | None:
    if mark := _LOOKALIKE_MARKS.get(character):
        return mark
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    folded = unicodedata.normalize("NFKC", character)
    return folded if not character.isascii() and folded in LETTERS_AND_DIGITS | {"*", "-", "+"} else None
