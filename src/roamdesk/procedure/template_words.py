"""How the lines of the template read in each language: written in English, understood in all of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping

from roamdesk.procedure.errors import Fault
from roamdesk.procedure.model import FieldWords, Procedure, References, TemplateField
from roamdesk.procedure.reading import Node

_LANGUAGE = re.compile(r"[a-z]{2}")


def fold(text: str) -> str:
    """What is compared of a line's name: letters and digits, without accents, in small letters."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if character.isalnum())


def field_words(node: Node, title: str, wordings: Callable[[Node], tuple[str, ...]]) -> Mapping[str, FieldWords]:
    """The words of a template field by language; a language without a title has the field's own."""
    found = {}
    for language, each in _languages(node):
        part = each.keys("title", "aliases", "facts", "absent", "absent_aliases", "indicative")
        found[language] = FieldWords(
            title=part["title"].text(title),
            aliases=part["aliases"].words(),
            facts={name: names.words() for name, names in part["facts"].items()},
            absent=wordings(part["absent"]),
            absent_aliases=wordings(part["absent_aliases"]),
            indicative=part["indicative"].words(),
        )
    return found


def references(node: Node) -> References:
    part = node.keys("ours", "yours")
    ours, yours = ({language: each.words() for language, each in _languages(part[key])} for key in ("ours", "yours"))
    return References(ours, yours)


def _languages(node: Node) -> Iterator[tuple[str, Node]]:
    for language, each in node.items():
        if not _LANGUAGE.fullmatch(language):
            each.fault(f"'{language}' is no language.", "Write its two letters, for instance de.")
        yield language, each


def lines_of(field: TemplateField) -> Iterator[tuple[str, str]]:
    """Each name that a line of this field may have, with the one fact that it holds; empty for the field itself."""
    yield field.title, ""
    for words in field.words.values():
        yield from ((name, "") for name in (words.title, *words.aliases))
        yield from ((name, fact) for fact, names in words.facts.items() for name in names)


def faults(procedure: Procedure) -> Iterator[Fault]:
    """A name that is read in two ways, and a fact that no line of the field can hold."""
    taken: dict[str, tuple[str, str]] = {}
    for words in (procedure.references.ours, procedure.references.yours):
        taken |= {fold(name): ("a reference", "") for names in words.values() for name in names}
    for field in procedure.template:
        for name, fact in lines_of(field):
            before = taken.setdefault(fold(name), (field.name, fact))
            if before != (field.name, fact):
                message = f"'{name}' names both {' '.join(filter(None, before))} and {field.name} {fact}".rstrip()
                yield Fault(procedure.file, field.line, f"{message}.", "Leave it to one of the two.")
        for fact in field.carries:
            if fact not in procedure.facts:
                yield Fault(procedure.file, field.line, f"There is no fact '{fact}'.", "Mend it under words.")
