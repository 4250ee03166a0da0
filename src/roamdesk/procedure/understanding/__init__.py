"""The template, understood from whatever arrives (S32, S33): our attachment, tables, lists, quotes, four languages.

What comes out is a proposal. It says from which part and which words each value was taken, and what is doubtful.
Words are not interpreted: a mail that reads like danger is a person's to judge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from roamdesk.procedure.exchange import Sent, read_sent
from roamdesk.procedure.model import Procedure, TemplateField
from roamdesk.procedure.template_words import fold, lines_of
from roamdesk.procedure.understanding.rows import Row, lines_of_html, rows
from roamdesk.procedure.understanding.values import ReadLine, read_line

_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")
_REFERENCE = re.compile(r"[A-Za-z0-9][\w./#-]{2,59}")


class Part(StrEnum):
    """Where in the mail something stands."""

    ATTACHMENT = "attachment"
    HTML = "html"
    TEXT = "text"
    QUOTE = "quote"


@dataclass(frozen=True)
class UnderstoodField:
    """A field of the template. ``values`` by fact, times as ISO 8601 in UTC; empty where nothing can be taken."""

    name: str
    title: str
    values: Mapping[str, str]
    raw: str
    part: Part
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Understanding:
    """``their_reference`` is the sender's own, ``our_reference`` the one that it gives as ours."""

    fields: tuple[UnderstoodField, ...] = ()
    problem: str = ""
    their_reference: str = ""
    our_reference: str = ""
    doubts: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, str]:
        return {name: value for each in self.fields for name, value in each.values.items()}


@dataclass(frozen=True)
class Parts:
    """A mail's texts, decoded. ``zone`` (IANA) is the sender's, for times that it calls local."""

    text: str = ""
    html: str = ""
    attachments: Sequence[bytes] = field(default_factory=tuple)
    zone: str = "UTC"


def understand(procedure: Procedure, parts: Parts) -> Understanding:
    """Never raises. The attachment counts first, a quote last. Where the HTML tells something, the text is its copy."""
    sent, doubts = _sent(procedure, parts)
    html = lines_of_html(parts.html)
    written = _written(procedure, html, Part.HTML, parts.zone)
    written = written or _written(procedure, parts.text, Part.TEXT, parts.zone)
    found = [_field(template, sent, written) for template in procedure.template]
    references = _references(procedure, html or parts.text)
    return Understanding(
        fields=tuple(each for each in found if each),
        problem=sent.problem,
        their_reference=sent.our_reference or references["ours"],
        our_reference=sent.your_reference or references["yours"],
        doubts=doubts,
    )


def _sent(procedure: Procedure, parts: Parts) -> tuple[Sent, tuple[str, ...]]:
    """The first attachment that holds; what was wrong with the others."""
    doubts = list[str]()
    for raw in parts.attachments:
        sent = read_sent(procedure, raw)
        if not sent.fault:
            return sent, tuple(doubts)
        doubts.append(sent.fault)
    return Sent(), tuple(doubts)


@dataclass(frozen=True)
class _Line:
    """A row of the mail that names a field, or one ``fact`` of it, and what was read in it."""

    template: TemplateField
    fact: str
    row: Row
    part: Part
    read: ReadLine


def _written(procedure: Procedure, text: str, part: Part, zone: str) -> list[_Line]:
    found = [
        _Line(template, fact, row, Part.QUOTE if row.quoted else part, read_line(procedure, template, fact, row, zone))
        for (template, fact), row in rows(text, _names(procedure))
    ]
    return [_joined(procedure, line, found, zone) for line in found]


@lru_cache(maxsize=16)
def _names(procedure: Procedure) -> dict[str, tuple[TemplateField, str]]:
    return {fold(name): (each, fact) for each in procedure.template for name, fact in lines_of(each)}


@lru_cache(maxsize=16)
def _reference_names(procedure: Procedure) -> dict[str, str]:
    told = {"ours": procedure.references.ours, "yours": procedure.references.yours}
    return {fold(name): whose for whose, words in told.items() for each in words.values() for name in each}


def _joined(procedure: Procedure, line: _Line, lines: list[_Line], zone: str) -> _Line:
    """A day in one row and the hour in another are one time."""
    same = [each for each in lines if (each.template, each.part, each.fact) == (line.template, line.part, line.fact)]
    if not line.template.time_format or line.read.values or len(same) < 2:
        return line
    row = replace(line.row, value=" ".join(each.row.value for each in same))
    return replace(line, row=row, read=read_line(procedure, line.template, line.fact, row, zone))


def _field(template: TemplateField, sent: Sent, written: list[_Line]) -> UnderstoodField | None:
    """The best of what stands in the mail: each fact from the first part that tells it."""
    lines = [line for line in written if line.template is template]
    best = _best(sorted(lines, key=lambda line: line.part is Part.QUOTE))
    told = sent.fields.get(template.name)
    if told is None:
        return best
    differs = best is not None and best.part is not Part.QUOTE and _differs(told.values, best.values)
    doubts = (*told.doubts, *([f"The mail itself says: {best.raw}"] if differs and best else []))
    return UnderstoodField(template.name, template.title, told.values, told.raw, Part.ATTACHMENT, doubts)


def _best(lines: list[_Line]) -> UnderstoodField | None:
    """The first line that tells something; lines of the same part add the facts that they hold alone."""
    if not lines:
        return None
    best = next((line for line in lines if line.read.values), lines[0])
    values, raws, doubts = dict(best.read.values), [best.read.raw], list(best.read.doubts)
    for line in lines:
        if line.part is not best.part or line.read.raw in raws:
            continue
        if line.fact and not values.keys() & line.read.values.keys():
            values |= line.read.values
            raws.append(line.read.raw)
            doubts += line.read.doubts
        elif _differs(values, line.read.values):
            doubts.append(f"It stands there twice; the other says: {line.read.raw}")
    if best.part is Part.QUOTE:
        doubts.append("It stands in a quote.")
    told = tuple(dict.fromkeys(doubts))
    return UnderstoodField(best.template.name, best.template.title, values, " · ".join(raws), best.part, told)


def _differs(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return any(fold(one[name]) != fold(other[name]) for name in one.keys() & other.keys())


def _references(procedure: Procedure, text: str) -> dict[str, str]:
    """From rows outside of quotes: what a quote calls "ours" is the other one's."""
    found = {"ours": "", "yours": ""}
    for whose, row in rows(text, _reference_names(procedure)):
        value = row.value.split(" ")[0].strip("[]#,;")
        if not row.quoted and not found[whose] and is_reference(value):
            found[whose] = value
    return found


def is_reference(text: str) -> bool:
    """Whether it looks like one: letters and digits without blanks, a digit among them, and no date."""
    has_digit = any(character.isdigit() for character in text)
    return has_digit and bool(_REFERENCE.fullmatch(text)) and not _DATE.fullmatch(text)
