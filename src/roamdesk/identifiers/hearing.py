"""Find the EVSE that someone means from what an operator types while listening.

Kept cautious on purpose: when two answers are equally good, or sound the same, none is chosen.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

from roamdesk.identifiers.address import LONGEST_ADDRESS, address_words, begins_word, names_place
from roamdesk.identifiers.ear import Ear, Match, Span
from roamdesk.identifiers.evse import LONGEST_LABEL, label_key, sounds_key


class Grade(IntEnum):
    """How well a label fits what was heard; lower is better."""

    EXACT = 1
    MATCH = 2
    SOUNDS_ALIKE = 3
    ADDRESS = 4


@dataclass(frozen=True)
class Label:
    """Something printed on an EVSE, with its comparison key and its address.

    of names the EVSE it belongs to: where label and EVSE id of one EVSE are both candidates, only the better
    one is a hit. Left empty, every label stands for an EVSE of its own.
    """

    key: str
    text: str
    address: str = ""
    of: str = ""


@dataclass(frozen=True)
class Hit:
    """A candidate that fits. spans are (start, end) in the printed text; note says what was read how.

    as_heard is True when the letters fit just as typed, without reading an O as zero or an I as one.
    """

    candidate: Label
    grade: Grade
    spans: tuple[Span, ...] = ()
    note: str = ""
    as_heard: bool = True
    gap: int = field(default=0, repr=False)


@dataclass(frozen=True)
class SearchPatterns:
    """What a database must keep for rank() to see every hit; all three come in the order heard.

    A row is worth ranking when its sounds_key contains all sounds_parts one after the other
    (`LIKE '%a%b%'`), or each word begins one of its address_key's, see begins_word().
    Of each of sounds_runs it contains one, too: longer than the parts, so better for an index.
    Empty tuples match nothing.
    """

    sounds_parts: tuple[str, ...]
    sounds_runs: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]


def rank(heard: str, candidates: Iterable[Label]) -> list[Hit]:
    """The candidates that fit, best first, one for each EVSE; raises IdentifierError above 255 letters.

    Accepts part of a label, missing stars, a missing E after the operator, parts in order divided by blanks,
    0 for O and 1 for I, or words of the address.
    """
    ear = Ear.of(heard)
    matches = [(label, ear.match(label.text[:LONGEST_LABEL])) for label in candidates]
    zero_fits = any(match and match.read_as_digits for _, match in matches)
    words = address_words(heard) if names_place(heard) else ()
    hits = [hit for label, match in matches if (hit := _hit(ear, label, match, zero_fits, words))]
    return _best_of_each(sorted(hits, key=_order))


def chosen(hits: list[Hit]) -> Hit | None:
    """The one hit that may be taken without asking; None when there is none or a second could be meant.

    A second one could be meant when it has the same grade, when the labels sound the same in full, or when it
    fits the letters as typed while the best does not. Give it all hits of rank(), not a shortened list.
    """
    if not hits:
        return None
    best, rivals = hits[0], hits[1:]
    return None if any(_rivals(best, other) for other in rivals) else best


def search_patterns(heard: str) -> SearchPatterns:
    """What to filter by in a database before rank(); raises IdentifierError above 255 characters."""
    ear = Ear.of(heard)
    words = address_words(heard) if names_place(heard) else ()
    return SearchPatterns(ear.sounds_pieces, ear.sounds_runs, words)


def _hit(ear: Ear, label: Label, match: Match | None, zero_fits: bool, words: tuple[str, ...]) -> Hit | None:
    if ear.key and ear.key in map(_key, (label.text, label.key)):
        return Hit(label, Grade.EXACT, ((0, len(label.text)),))
    if match is not None:
        return _label_hit(ear, label, match, zero_fits)
    return Hit(label, Grade.ADDRESS) if words and _at_address(words, label.address) else None


def _label_hit(ear: Ear, label: Label, match: Match, zero_fits: bool) -> Hit:
    if match.read_as_digits:
        return Hit(label, Grade.MATCH, match.spans, ear.correction, as_heard=False, gap=match.gap)
    if match.as_typed and not zero_fits:
        return Hit(label, Grade.MATCH, match.spans, gap=match.gap)
    return Hit(label, Grade.SOUNDS_ALIKE, match.spans, match.insist, as_heard=match.as_typed, gap=match.gap)


def _at_address(words: tuple[str, ...], address: str) -> bool:
    parts = address_words(address[:LONGEST_ADDRESS])
    return all(begins_word(word, parts) for word in words)


def _key(text: str) -> str:
    # One row that is too long must not stop the search for everyone.
    return label_key(text[:LONGEST_LABEL])


def _order(hit: Hit) -> tuple[int, int, int, str]:
    return hit.grade, hit.gap, len(hit.candidate.text), hit.candidate.text


def _best_of_each(hits: list[Hit]) -> list[Hit]:
    seen: set[str] = set()
    kept: list[Hit] = []
    for hit in hits:
        if hit.candidate.of not in seen:
            kept.append(hit)
        if hit.candidate.of:
            seen.add(hit.candidate.of)
    return kept


def _rivals(best: Hit, other: Hit) -> bool:
    if other.grade is best.grade:
        return True
    if other.grade is Grade.ADDRESS:
        return False
    best_sound, other_sound = (sounds_key(_key(hit.candidate.text)) for hit in (best, other))
    return best_sound == other_sound or (other.as_heard and not best.as_heard)
