"""Fit what was typed to one printed label: as typed, with letters read as digits, or by sound."""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise, product

from roamdesk.identifiers.evse import label_key

Span = tuple[int, int]
MOST_PIECES = 4

# An O or I beside a digit is nearly always a zero or a one.
_DIGIT_MEANT = re.compile(r"[OI]+(?=[0-9])|(?<=[0-9])[OI]+")
_NUMBER_BEGINS = re.compile(r"(?<=[A-Z])(?=[0-9])")
_PARTS = re.compile(r"[^\W_]+")
_SOUNDS = str.maketrans("OI", "01")
_MEANT_AS = {"O": 'Heard "o", read as zero', "I": 'Heard "i", read as one'}
_MARKS = {"O": "letter O", "I": "letter I", "0": "digit 0", "1": "digit 1"}


@dataclass(frozen=True)
class Match:
    """Where the heard parts stand in the printed text; gap counts what stands between and after them.

    insist names the letters that the caller must insist on for this label to be meant.
    """

    spans: tuple[Span, ...]
    gap: int
    as_typed: bool
    read_as_digits: bool
    insist: str


@dataclass(frozen=True)
class _Form:
    """One way to read the parts, as patterns; an E may have been left out where a number begins."""

    whole: re.Pattern[str]
    parts: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, parts: tuple[str, ...]) -> "_Form":
        return cls(_pattern("".join(parts)), tuple(map(_pattern, parts)))

    def find(self, key: str) -> list[Span]:
        """The parts as one piece, nearest to the end, else one after the other; empty when none fit."""
        together = [_spans(found) for found in self.whole.finditer(key)]
        return together[-1] if together else self._in_order(key)

    def _in_order(self, key: str) -> list[Span]:
        spans: list[Span] = []
        for part in self.parts:
            found = part.search(key, spans[-1][1] if spans else 0)
            if found is None:
                return []
            spans += _spans(found)
        return spans


@dataclass(frozen=True)
class Ear:
    """What was typed, in parts: as typed, with O and I beside digits read as digits, and by sound."""

    key: str
    typed: tuple[str, ...]
    likely: tuple[str, ...]
    sounds: tuple[str, ...]
    forms: tuple[_Form, _Form, _Form]

    @classmethod
    def of(cls, heard: str) -> "Ear":
        """Split at blanks and marks; raises IdentifierError above 255 characters."""
        key = label_key(heard)
        typed = tuple(_PARTS.findall(_upper(heard)))
        likely = tuple(_DIGIT_MEANT.sub(lambda found: found[0].translate(_SOUNDS), part) for part in typed)
        sounds = tuple(part.translate(_SOUNDS) for part in typed)
        return cls(key, typed, likely, sounds, (_Form.of(typed), _Form.of(likely), _Form.of(sounds)))

    @property
    def corrected(self) -> bool:
        """Whether an O or I was read as a digit."""
        return self.likely != self.typed

    @property
    def correction(self) -> str:
        """What was read otherwise than typed, in words; empty when nothing was."""
        pairs = zip("".join(self.typed), "".join(self.likely), strict=True)
        changed = {letter for letter, meant in pairs if letter != meant}
        return "; ".join(words for letter, words in _MEANT_AS.items() if letter in changed)

    @property
    def sounds_pieces(self) -> tuple[str, ...]:
        """The parts by sound, cut where a number begins, since an E may have been left out there."""
        return tuple(piece for part in self.sounds for piece in _NUMBER_BEGINS.split(part))

    @property
    def sounds_runs(self) -> tuple[tuple[str, ...], ...]:
        """Of each part by sound the runs of which a label has one: with and without a left-out E."""
        cut = (_NUMBER_BEGINS.split(part) for part in self.sounds)
        return tuple(_with_and_without_e(pieces) for pieces in cut if len(pieces) <= MOST_PIECES)

    def match(self, text: str) -> Match | None:
        """How the parts fit a printed label, or None. Every fit is also a fit by sound."""
        key = label_key(text)
        typed, likely, sounds = self.forms
        by_sound = sounds.find(key.translate(_SOUNDS)) if self.typed else []
        if not by_sound:
            return None
        as_digits = likely.find(key) if self.corrected else []
        as_typed = typed.find(key)
        spans = as_digits or as_typed or by_sound
        return Match(
            spans=_printed(text, key, spans),
            gap=_gap(spans, len(key)),
            as_typed=bool(as_typed),
            read_as_digits=bool(as_digits),
            insist=self._insist("".join(key[start:end] for start, end in spans)),
        )

    def _insist(self, matched: str) -> str:
        likely = "".join(self.likely)
        unlike = [name for mark, name in _MARKS.items() if matched.count(mark) > likely.count(mark)]
        return f"Only if they insist on the {' and the '.join(unlike)}" if unlike else ""


def _with_and_without_e(pieces: list[str]) -> tuple[str, ...]:
    first, *rest = pieces
    return tuple(first + "".join(way) for way in product(*((piece, f"E{piece}") for piece in rest)))


def _upper(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())


def _pattern(part: str) -> re.Pattern[str]:
    # Cut by sound, so that all three forms allow the left-out E at the same places.
    cuts = [0, *(found.start() for found in _NUMBER_BEGINS.finditer(part.translate(_SOUNDS))), len(part)]
    return re.compile("E?".join(f"({part[start:end]})" for start, end in pairwise(cuts)))


def _spans(found: re.Match[str]) -> list[Span]:
    return [found.span(piece) for piece in range(1, (found.lastindex or 0) + 1)]


def _gap(spans: list[Span], length: int) -> int:
    return length - spans[0][0] - sum(end - start for start, end in spans)


def _printed(text: str, key: str, spans: list[Span]) -> tuple[Span, ...]:
    """Spans of the key as spans of the printed text; all of it where letters do not correspond one to one."""
    places = [place for place, letter in enumerate(text) for _ in label_key(letter)]
    if len(places) != len(key):
        return ((0, len(text)),)
    return tuple((places[start], places[end - 1] + 1) for start, end in spans)
