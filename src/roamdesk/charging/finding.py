"""How EVSEs are found by an index: by the words of their address, by any part of a label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, transaction
from django.db.models import BooleanField, F, Func, Q, TextField, Value
from django.db.models.functions import Concat
from django.db.models.lookups import Contains

from roamdesk.identifiers import STREET, SearchPatterns, before_street

PIECE, STEP = 3, 2  # characters: DEN, NDL, LE0 … of a key; ``charging_pieces`` in the migration cuts alike
LOOKED_UP = 2
SHORTEST_RUN = PIECE + STEP - 1  # that is sure to hold a piece


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
    """Those with each word at the beginning of one of their address's.

    The longest two are looked up; the beginnings `str` and `5` of a million words would be gathered for nothing.
    """
    telling = sorted(words, key=len, reverse=True)[:LOOKED_UP]
    found = Q(_Holds(AddressWords("address_key"), _AsQuery(" & ".join(map(_begun, telling))), arg_joiner=" @@ "))
    return found & Q(*(_has_begun(word) for word in words if word not in telling))


def in_label(patterns: SearchPatterns) -> Q:
    """Those with all parts, in any order, in the label or EVSE id by sound, or that stand at a station called so.

    Runs of less than four characters have no index: without a longer one the directory is read.
    """
    parts, runs = patterns.sounds_parts, _indexed(patterns)
    named, other = _contains("sounds_key", parts, runs), _contains("id_sounds_key", parts, runs) & other_label()
    return named | other | Q(id_sounds_key__startswith="".join(parts))


def has_index(patterns: SearchPatterns) -> bool:
    """Whether ``in_label`` of these needs not read the directory."""
    return bool(_indexed(patterns))


@contextmanager
def by_index() -> Iterator[None]:
    """The planner takes a beginning of a word to be frequent, and would look for the first few by reading."""
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        yield
        cursor.execute("SET LOCAL enable_seqscan TO DEFAULT")


def _indexed(patterns: SearchPatterns) -> list[tuple[str, ...]]:
    return [runs for runs in patterns.sounds_runs if all(len(run) >= SHORTEST_RUN for run in runs)]


def _contains(column: str, parts: Sequence[str], runs: Sequence[Sequence[str]]) -> Q:
    """``rank`` looks at the order, and plain LIKE is several times faster than it."""
    indexed = Q(*(reduce(or_, (_has_pieces(column, run) for run in ways)) for ways in runs))
    return indexed & Q(*((f"{column}__contains", part) for part in parts))


def _has_pieces(column: str, run: str) -> Q:
    """The run may stand at an even place or at an odd one."""
    cut = ([run[at : at + PIECE] for at in range(first, len(run) - PIECE + 1, STEP)] for first in range(STEP))
    return reduce(or_, (Q(_Holds(Pieces(column), _texts(pieces), arg_joiner=" @> ")) for pieces in cut))


def _texts(texts: list[str]) -> Value:
    return Value(texts, ArrayField(TextField()))


class _AsQuery(Func):
    template = "%(expressions)s::tsquery"

    def __init__(self, text: str, **extra: Any) -> None:
        super().__init__(Value(text), **extra)


def _has_begun(word: str) -> Q:
    """As ``_begun``, looked at in each row that was found otherwise."""
    key, name = Concat(Value(" "), "address_key"), before_street(word)
    begun = Q(Contains(key, f" {word}"))
    return begun | Q(Contains(key, f" {name} {STREET}")) if name else begun


def _begun(word: str) -> str:
    """In PostgreSQL's words; ``to_tsquery`` would take them apart."""
    name = before_street(word)
    return f"('{word}':* | '{name}' & '{STREET}')" if name else f"'{word}':*"
