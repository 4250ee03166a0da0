"""The fields of a mail as a small JSON document, so that two installations need no guessing.

The published schema is ``schemas/roamdesk-template-1.json``; docs/reference/mail-attachment.md describes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema

from roamdesk.identifiers import IdentifierError, label_key, token_key
from roamdesk.procedure.model import Kind, Procedure, Side, TemplateField
from roamdesk.procedure.template import FilledField, exactness
from roamdesk.procedure.wording import on_one_line

SCHEMA = Path(__file__).parent / "schemas" / "roamdesk-template-1.json"
FILE_NAME = "roamdesk-template.json"
CONTENT_TYPE = "application/json"
FORMAT, VERSION = "roamdesk-template", 1
LARGEST = 64 * 1024
MOST_DIGITS = 20


@dataclass(frozen=True)
class SentField:
    """A field as the document gives it, as far as our procedure knows it."""

    values: Mapping[str, str]
    raw: str
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sent:
    """A document, checked. References are the sender's: ``our_reference`` is its own. ``fault`` says why it is none."""

    fields: Mapping[str, SentField] = field(default_factory=dict)
    problem: str = ""
    our_reference: str = ""
    your_reference: str = ""
    fault: str = ""


def write_sent(
    procedure: Procedure,
    fields: Iterable[FilledField],
    *,
    desk: str,
    side: Side,
    our_reference: str,
    your_reference: str = "",
    problem: str = "",
) -> bytes:
    """The document that goes with a mail: what stands in its lines, and nothing else. UTF-8."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "procedure": procedure.id,
        "desk": desk[:120],
        "side": side.value,
        "our_reference": our_reference[:60],
        "your_reference": your_reference[:60],
        "problem": problem,
        "fields": [
            {"name": each.name, "title": each.title, "text": each.text, "values": dict(each.values)} for each in fields
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def read_sent(procedure: Procedure, raw: bytes) -> Sent:
    """What such a document says in terms of our procedure. Whatever it is, this never raises.

    Only facts that a line of the template carries are taken, so that a mail cannot tell anything else.
    """
    document = _document(raw)
    if isinstance(document, str):
        return Sent(fault=document)
    known = {each.name: each for each in procedure.template}
    problems = procedure.facts["problem"].options if "problem" in procedure.facts else {}
    told = {each["name"]: _field(procedure, known[each["name"]], each) for each in document["fields"]
            if each["name"] in known}  # fmt: skip
    return Sent(
        fields=told,
        problem=document["problem"] if document.get("problem") in problems else "",
        our_reference=on_one_line(document["our_reference"]),
        your_reference=on_one_line(document.get("your_reference", "")),
    )


def _document(raw: bytes) -> Any:
    """The document, or in words why it is none."""
    if len(raw) > LARGEST:
        return f"The attached {FILE_NAME} is larger than {LARGEST // 1024} KB: it was not read."
    try:
        document = json.loads(raw.decode("utf-8-sig"), parse_int=_whole_number)
        _check()(document)
    except fastjsonschema.JsonSchemaValueException as wrong:
        return f"The attached {FILE_NAME} does not keep to the schema: {wrong.message[:200]}."
    except (ValueError, RecursionError):
        return f"The attached {FILE_NAME} is no JSON."
    return document


def _whole_number(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError("too long")
    return int(digits)


@cache
def _check() -> Callable[[Any], Any]:
    compiled: Callable[[Any], Any] = fastjsonschema.compile(json.loads(SCHEMA.read_text("utf-8")), use_default=False)
    return compiled


def _field(procedure: Procedure, template: TemplateField, told: Mapping[str, Any]) -> SentField:
    marked = exactness(procedure, template)
    allowed = {*template.carries, *([marked.fact] if marked else [])}
    values, doubts = dict[str, str](), list[str]()
    for name, value in told["values"].items():
        text = on_one_line(value)
        if name not in allowed or name not in procedure.facts:
            doubts.append(f"'{name}' is no part of this field: left out.")
        elif (problem := _why_not(procedure, name, text)) or not text:
            doubts.append(problem or f"'{name}' is empty: left out.")
        else:
            values[name] = text
    return SentField(values, on_one_line(told["text"]), tuple(doubts))


def _why_not(procedure: Procedure, name: str, value: str) -> str:
    fact = procedure.facts[name]
    if fact.kind is Kind.CHOICE and value not in fact.options:
        return f"{fact.title} is never '{value[:40]}': left out."
    if fact.kind is Kind.TIME and not _is_instant(value):
        return f"'{value[:40]}' is no time with a zone: left out."
    if fact.kind is Kind.IDENTIFIER:
        try:
            (token_key if fact.personal else label_key)(value)
        except IdentifierError as error:
            return str(error)
    return ""


def _is_instant(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).utcoffset() is not None
    except ValueError:
        return False
