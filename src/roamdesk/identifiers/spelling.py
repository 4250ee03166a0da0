"""Read identifiers aloud: the ICAO alphabet, in groups as printed."""

import re
import unicodedata
from dataclasses import dataclass

from roamdesk.identifiers.errors import IdentifierError
from roamdesk.identifiers.rfid import RfidUid

_LETTERS = (
    "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa "
    "Quebec Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu"
)
_DIGITS = {
    "en": "Zero One Two Three Four Five Six Seven Eight Niner",
    "de": "Null Eins Zwo Drei Vier Fünf Sechs Sieben Acht Neun",
    "fr": "Zéro Un Deux Trois Quatre Cinq Six Sept Huit Neuf",
    "it": "Zero Uno Due Tre Quattro Cinque Sei Sette Otto Nove",
}
_UID_GROUP = 4


@dataclass(frozen=True)
class Spoken:
    """One character and the word that is said for it."""

    char: str
    word: str


def spell(text: str, language: str = "en") -> list[list[Spoken]]:
    """The characters of a label or token with their words, in groups as printed.

    Separators end a group and are not said; an RFID UID is grouped by two bytes. Letters are ICAO words in
    every language; digits follow the language, English where it is not known; other letters stay as they are.
    """
    words = _words(language)
    return [[Spoken(char, words.get(char, char)) for char in group] for group in _groups(text)]


def spoken(text: str, language: str = "en") -> str:
    """The words in one line, groups divided by commas: `Delta Echo, November Delta Lima`."""
    return ", ".join(" ".join(said.word for said in group) for group in spell(text, language))


def _words(language: str) -> dict[str, str]:
    digits = _DIGITS.get(language.lower().split("-")[0], _DIGITS["en"]).split()
    return {word[0]: word for word in _LETTERS.split()} | {str(value): word for value, word in enumerate(digits)}


def _groups(text: str) -> list[str]:
    try:
        uid = RfidUid.parse(text).key
    except IdentifierError:
        return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).upper())
    return [uid[start : start + _UID_GROUP] for start in range(0, len(uid), _UID_GROUP)]
