"""How EVSEs are found by an index: by the words of their address, by any part of a label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db.models import BooleanField, F, Func, Q, TextField, Value

from roamdesk.identifiers import STREET, before_street

PIECE, STEP = 3, 2  # characters: DEN, NDL, LE0 … of a key; ``charging_pieces`` in the migration cuts alike


class AddressWords(Func):
    """The words of an ``address_key``, as they are indexed."""

    template = "array_to_tsvector(string_to_array(rtrim(%(expressions)s), ' '))"
    output_field = SearchVectorField()


class Pieces(Func):
    """Three characters from every second place of a key on, as they are indexed: half as many as all."""

    function = "charging_pieces"
    output_field = ArrayField(TextField())


class _Holds(Func):
    template = "%(expressions)s"
    output_field = BooleanField()


def other_label() -> Q:
    """Those whose label is not their EVSE id: few, since roaming data know of ids only."""
    return ~Q(label_key=F("id_key"))


def at_address(words: Sequence[str]) -> Q:
    """Those with each word at the beginning of one of their address's."""
    return Q(_Holds(AddressWords("address_key"), _AsQuery(" & ".join(map(_begun, words))), arg_joiner=" @@ "))


def in_label(parts: Sequence[str]) -> Q:
    """Those with all parts, in any order, in the label or EVSE id by sound, or that stand at a station called so.

    Parts of less than four characters have no index of their own: without a longer one the directory is read.
    """
    named, other = _contains("sounds_key", parts), _contains("id_sounds_key", parts) & other_label()
    return named | other | Q(id_sounds_key__startswith="".join(parts))


def _contains(column: str, parts: Sequence[str]) -> Q:
    """``rank`` looks at the order, and plain LIKE is several times faster than it."""
    indexed = Q(*(_has_pieces(column, part) for part in parts if len(part) >= PIECE + STEP - 1))
    return indexed & Q(*((f"{column}__contains", part) for part in parts))


def _has_pieces(column: str, part: str) -> Q:
    """The part may stand at an even place or at an odd one."""
    which = Q()
    for first in range(STEP):
        pieces = [part[place : place + PIECE] for place in range(first, len(part) - PIECE + 1, STEP)]
        which |= Q(_Holds(Pieces(column), Value(pieces, ArrayField(TextField())), arg_joiner=" @> "))
    return which


class _AsQuery(Func):
    template = "%(expressions)s::tsquery"

    def __init__(self, text: str, **extra: Any) -> None:
        super().__init__(Value(text), **extra)


def _begun(word: str) -> str:
    """In PostgreSQL's words; ``to_tsquery`` would take them apart."""
    name = before_street(word)
    return f"('{word}':* | '{name}' & '{STREET}')" if name else f"'{word}':*"
