"""The reference that a help desk gives to a matter: in the subject or the text of its "we have received" mail."""

from __future__ import annotations

import re
from functools import lru_cache

from roamdesk.procedure.model import Procedure
from roamdesk.procedure.understanding import is_reference

LONGEST_TEXT = 4_000
_BETWEEN = r"\W{1,3}(?:(?:number|no|nr|id|numero|numéro|nummer|is|lautet|è|est|the|de)\W{1,3}){0,3}"
_REFERENCE = r"([A-Za-z]{0,10}[-/]?\d[\w./-]{2,40})"


def reference_told(procedure: Procedure, text: str, ours: str) -> str:
    """The first one that a word for it introduces (``[Ticket#88551]``); empty for none, and for one that is ours.

    ``ours`` is how our own references begin.
    """
    for found in _pattern(procedure).finditer(" ".join(text[:LONGEST_TEXT].split())):
        reference = found[1].rstrip("./-_")
        if is_reference(reference) and not reference.upper().startswith(f"{ours.upper()}-"):
            return reference
    return ""


@lru_cache(maxsize=16)
def _pattern(procedure: Procedure) -> re.Pattern[str]:
    told = [word for words in procedure.references.ours.values() for word in words]
    words = "|".join(re.escape(word) for word in sorted(told, key=len, reverse=True)) or r"(?!)"
    return re.compile(rf"(?<!\w)(?:{words}){_BETWEEN}{_REFERENCE}", re.IGNORECASE)
