"""A wording of the procedure, filled for a person to read or say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from roamdesk.procedure.model import Procedure

NOT_KNOWN = "(not known yet)"
NO_NAMES: Mapping[str, str] = MappingProxyType({})
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SENTENCE = re.compile(r"(?:(?<=[.!?] )|^)\{(\w+)\}(?= [A-Z{]|$)")
_SECOND_OF_TWO = re.compile(r" / \{(\w+)\}")
_FIRST_OF_TWO = re.compile(r"\{(\w+)\} / ")


def say(text: str, names: Mapping[str, str]) -> str:
    """The text with each ``{name}`` filled; one that is not known reads as a gap.

    A gap that is a sentence of its own, or one of two references, is left out. A filled value is never read again
    for placeholders, and stays on one line.
    """
    known = {name: folded for name, value in names.items() if (folded := on_one_line(value))}
    for left_out in (_SECOND_OF_TWO, _FIRST_OF_TWO, _SENTENCE):
        text = left_out.sub(lambda match: match[0] if match[1] in known else "", text)
    sentences = {match.start() for match in _SENTENCE.finditer(text)}
    return on_one_line(_PLACEHOLDER.sub(lambda match: _filled(match, known, match.start() in sentences), text))


def plain(procedure: Procedure, text: str, names: Mapping[str, str] = NO_NAMES) -> str:
    """A wording that belongs to no case: what ``names`` do not fill stands as what it is called, in brackets."""
    return on_one_line(_PLACEHOLDER.sub(lambda match: names.get(match[1]) or _word(procedure, match[1]), text))


def on_one_line(value: object) -> str:
    """Without line ends, control characters and doubled blanks."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", str(value)).split())


def _filled(match: re.Match[str], known: Mapping[str, str], alone: bool) -> str:
    """The value; as a sentence of its own it ends like one, before a full stop it brings none of its own."""
    value = known.get(match[1], NOT_KNOWN)
    after = match.string[match.end() : match.end() + 1]
    if alone and after and value[-1] not in ".!?":
        return f"{value}."
    return value.rstrip(".") if after == "." else value


def _word(procedure: Procedure, name: str) -> str:
    fact = procedure.facts.get(name)
    return "the partner" if name == "partner" else f"[{fact.title if fact else name.replace('_', ' ')}]"
