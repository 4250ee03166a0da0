"""Addresses as people say them: case, accents and `Str.` do not matter."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from roamdesk.identifiers.errors import IdentifierError

LONGEST_ADDRESS = 1000
STREET = "str"
_SHORTEST_NAME = 3
_STREET = re.compile(r"stra(?:ss|ß)e\b")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_JOINED_STREET = re.compile(r"(?<=[a-z])str\b")
_BETWEEN_WORDS = {code: " " for code in range(128) if not chr(code).isalnum()}


def address_words(text: str) -> tuple[str, ...]:
    """The words of an address, folded: `Warschauer Straße 58` and `warschauerstr. 58` give the same.

    Raises IdentifierError above 1000 characters.
    """
    if len(text) > LONGEST_ADDRESS:
        raise IdentifierError(
            f"Too long for an address: {len(text)} characters, at most {LONGEST_ADDRESS}. Type street, town."
        )
    short = _STREET.sub(STREET, unicodedata.normalize("NFKC", text).casefold())
    plain = _BEYOND_ASCII.sub(_without_accents, unicodedata.normalize("NFKD", short))
    return tuple(re.findall(r"[^\W_]+", _JOINED_STREET.sub(f" {STREET}", plain)))


def _without_accents(run: re.Match[str]) -> str:
    return "".join(c for c in run[0] if not unicodedata.combining(c))


def address_key(text: str) -> str:
    """The folded words with a blank between them, to be stored beside an address and indexed word by word.

    Raises IdentifierError above 1000 characters.
    """
    plain = text.replace("·", " ").replace("ß", "ss")
    if plain.isascii() and len(text) <= LONGEST_ADDRESS:  # the same, several times faster: a directory has a million
        lower = plain.lower()
        short = _JOINED_STREET.sub(f" {STREET}", _STREET.sub(STREET, lower)) if STREET in lower else lower
        return " ".join(short.translate(_BETWEEN_WORDS).split())
    return " ".join(address_words(text))


def begins_word(word: str, parts: Sequence[str]) -> bool:
    """Whether the word, as far as it was typed, begins one of an address's words: `warschauerst` does, too."""
    joined = (name + then for name, then in pairwise(parts) if then == STREET)
    return any(part.startswith(word) for part in (*parts, *joined))


def before_street(word: str) -> str:
    """The name before a street that is not typed to its end: `warschauer` of `warschauerst`; else empty."""
    return next((word.removesuffix(end) for end in (STREET[:2], STREET[:1]) if word.endswith(end)), "")


def names_place(text: str) -> bool:
    """Whether any word is long enough to be part of a street or a town."""
    return any(len(word) >= _SHORTEST_NAME and word.isalpha() for word in address_words(text))
