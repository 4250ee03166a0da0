"""One line of a template, as facts: a value, a time, or the reason why there is none (A10, A20)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from roamdesk.identifiers import EvseId, IdentifierError, label_key, token_key
from roamdesk.procedure.model import Kind, Procedure, TemplateField
from roamdesk.procedure.template import exactness
from roamdesk.procedure.understanding.rows import Row
from roamdesk.procedure.understanding.times import read_time
from roamdesk.procedure.wording import on_one_line

LONGEST_TEXT = 10_000
LONGEST_IDENTIFIER = 100
LONGEST_ABSENCE = 2_000

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_REMARK = re.compile(r"\s+\([^()]*\)$")
_ABSENT_WITHOUT_REASON = "It says that there is none, and not why."
EVSE_ID, EVSE_LABEL = "evse_id", "evse_label"


@dataclass(frozen=True)
class ReadLine:
    """``values`` by fact as the verbs take them, times as ISO 8601 in UTC. ``raw`` is what was read."""

    values: Mapping[str, str] = field(default_factory=dict)
    raw: str = ""
    doubts: tuple[str, ...] = ()


def read_line(procedure: Procedure, template: TemplateField, fact: str, row: Row, zone: str) -> ReadLine:
    """What a row says. ``fact`` where its name holds that fact alone; ``zone`` is meant by "local time"."""
    of_time = procedure.facts[fact or template.sources[0]].kind is Kind.TIME
    if of_time:
        return _time(procedure, template, fact or template.sources[0], row, zone)
    whole = on_one_line(" ".join((row.value, *row.more)))
    # A reason may go on in the next line; an identifier does not.
    for text in dict.fromkeys((whole, on_one_line(row.value))):
        if (absent := _absent(template, text)) is not None:
            return ReadLine(absent, text, () if absent else (_ABSENT_WITHOUT_REASON,))
    of_text = procedure.facts[fact or template.sources[0]].kind is Kind.TEXT
    return _value(procedure, template, fact, whole if of_text else on_one_line(row.value))


def _time(procedure: Procedure, template: TemplateField, fact: str, row: Row, zone: str) -> ReadLine:
    marks = [mark for words in template.words.values() for mark in words.indicative]
    marked = exactness(procedure, template)
    text = on_one_line(f"{row.value} ({row.hint})" if row.hint else row.value)
    read = read_time(text, marks or ([marked.mark] if marked else []), template.time_format, zone)
    if read.instant is None:
        return ReadLine({}, row.value, read.doubts)
    values = {fact: f"{read.instant:%Y-%m-%dT%H:%M:%SZ}"}
    if marked:
        values[marked.fact] = marked.indicative if read.marked else marked.exact
    return ReadLine(values, row.value, read.doubts)


def _absent(template: TemplateField, text: str) -> dict[str, str] | None:
    """What the wording of an absence names; None where the text is no such wording."""
    bare = text[:LONGEST_ABSENCE].rstrip(" .")
    for pattern, names in _absences(template):
        if found := pattern.fullmatch(bare):
            return {name: value.strip(" ,;:)") for name, value in zip(names, found.groups(), strict=True)}
    return None


def _absences(template: TemplateField) -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    words = template.words.values()
    return _patterns((*template.absent, *(one for each in words for one in (*each.absent, *each.absent_aliases))))


@lru_cache(maxsize=200)
def _patterns(wordings: tuple[str, ...]) -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    """Those that name most come first, and of these the longest."""
    ordered = sorted(dict.fromkeys(wordings), key=lambda one: (-one.count("{"), -len(_PLACEHOLDER.sub("", one))))
    return tuple((_pattern(wording), tuple(_PLACEHOLDER.findall(wording))) for wording in ordered)


def _pattern(wording: str) -> re.Pattern[str]:
    """The wording in any spelling of its signs: ``none: x`` is also ``None (x)`` and ``none - x``."""
    parts = _PLACEHOLDER.split(wording)
    told = [_literal(part) if number % 2 == 0 else "(.+?)" for number, part in enumerate(parts)]
    return re.compile("".join(told), re.IGNORECASE)


def _literal(text: str) -> str:
    signs = {":": r"\s?[:,;=(–—-]+\s?", ",": r"\s?[,;]?\s?", "": r"\s"}
    parts = re.findall(r"[:,]\s?|\s|[^:,\s]+", text)
    return "".join(signs.get(part.strip(), re.escape(part)) for part in parts)


def _value(procedure: Procedure, template: TemplateField, fact: str, text: str) -> ReadLine:
    name = fact or template.sources[0]
    kind = procedure.facts[name].kind
    if kind is Kind.TEXT:
        return ReadLine({name: text[:LONGEST_TEXT]}, text) if text else ReadLine({}, text)
    bare = _REMARK.sub("", text)
    try:
        (token_key if procedure.facts[name].personal else label_key)(bare)
    except IdentifierError as error:
        return ReadLine({}, text, (str(error),))
    if len(bare) > LONGEST_IDENTIFIER:
        return ReadLine({}, text, ("It is too long to be an identifier.",))
    if name == EVSE_ID and EVSE_LABEL in template.carries and not _is_evse_id(bare):
        return ReadLine({EVSE_LABEL: bare}, text, ("It has not the form of an EVSE id: read as the label.",))
    return ReadLine({name: bare}, text)


def _is_evse_id(text: str) -> bool:
    try:
        EvseId.parse(text)
    except IdentifierError:
        return False
    return True
