"""The lines of a template as people write them: tables, aligned columns, lists, in a quote or not.

Names are told by the procedure's words, not by the form: what is no name of a line is no row.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from roamdesk.procedure.template_words import fold

MOST_LINES = 5_000
LONGEST_LINE = 2_000
LONGEST_NAME = 80
LONGEST_INTRODUCTION = 300
MOST_CONTINUED = 20
MOST_CELLS = 30
MOST_ROWS = 200

Named = TypeVar("Named")

_QUOTE = re.compile(r"(?:[ \t]{0,3}>)+ ?")
_FORWARDED = re.compile(
    r"\s*-{3,}\s*(?:original message|forwarded message|begin forwarded message|ursprüngliche nachricht"
    r"|weitergeleitete nachricht|messaggio originale|messaggio inoltrato|message d'origine|message transféré)",
    re.IGNORECASE,
)
_WROTE = re.compile(r"\s*(?:on|am|il|le)\s.{5,200}(?:wrote|schrieb.{0,80}|ha scritto|a écrit)\s?:\s*$", re.IGNORECASE)
_HEADER = re.compile(r"\s*\*?(?:from|von|da|de)\s?:\*?\s.{0,200}@", re.IGNORECASE)
_RULE = re.compile(r"[\s|+:=_─│┼├┤-]+$")
_TAG = re.compile(r"<([^<>]*)>")
_TAG_NAME = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9]{0,19})")
_BULLET = re.compile(r"^\s*(?:[-*•–·]\s+|\d{1,2}[.)]\s+)")
_BRACKETS = re.compile(r"\(([^()]{0,60})\)")
_CELLS = (re.compile(r"\t+"), re.compile(r"[|│]"), re.compile(r"\s{2,}"))
_PAIRS = (re.compile(r"\t+"), re.compile(r"\s*[|│]\s*"), re.compile(r"\s*[:=]\s*"), re.compile(r"\s{2,}"))
_PAIRS_OF_LISTS = re.compile(r"\s+[-–—]\s+")


@dataclass(frozen=True)
class Row:
    """A line with a name. ``value`` as it stands, ``hint`` what its name has in brackets, ``more`` what follows it."""

    name: str
    value: str
    hint: str
    quoted: bool
    more: tuple[str, ...] = ()


def rows(text: str, names: Mapping[str, Named]) -> list[tuple[Named, Row]]:
    """Each row whose folded name is one of ``names``, in the order of the text, with what that name stands for."""
    return list(islice(_rows(_unquoted(text), names), MOST_ROWS))


def _unquoted(text: str) -> list[tuple[str, bool]]:
    """The lines without quote marks, and whether each is quoted; heads of forwarded mails are left out."""
    found, quoted, in_head = list[tuple[str, bool]](), False, False
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n", MOST_LINES)[:MOST_LINES]:
        line = line.replace("\xa0", " ")[:LONGEST_LINE]
        marks = _QUOTE.match(line)
        plain = line[marks.end() :] if marks else line
        quoted = quoted or bool(_FORWARDED.match(plain) or _says_wrote(plain) or _HEADER.match(plain))
        in_head = bool(plain.strip()) and (in_head or bool(_HEADER.match(plain)))
        found.append(("" if in_head else plain, quoted or marks is not None))
    return found


def _says_wrote(line: str) -> bool:
    return line.rstrip().endswith(":") and len(line) < LONGEST_INTRODUCTION and bool(_WROTE.match(line))


def _rows(lines: Sequence[tuple[str, bool]], names: Mapping[str, Named]) -> Iterator[tuple[Named, Row]]:
    at = 0
    while at < len(lines):
        line, quoted = lines[at]
        across = _across(lines, at, names)
        if across:
            yield from ((what, replace(row, quoted=quoted)) for what, row in across)
            at += 2
            continue
        found, last = _pair(line, names), at
        if found is None:
            found, last = _alone(lines, at, names)
        if found:
            what, row = found
            yield what, replace(row, quoted=quoted, more=_continued(lines, last + 1, quoted, names))
        at = last + 1


def _pair(line: str, names: Mapping[str, Named]) -> tuple[Named, Row] | None:
    """``Name: value``, or the two in columns."""
    bare = line.strip().strip("|│").strip()
    plain = _BULLET.sub("", bare)
    for separator in (*_PAIRS, _PAIRS_OF_LISTS):
        found = separator.search(plain, 0, LONGEST_NAME + 20)
        if found is None:
            continue
        name, value = plain[: found.start()], plain[found.end() :].strip()
        what = names.get(_key(name))
        if what is not None and value.lstrip("*_: "):
            return what, Row(name.strip(), _bare_value(value), _hint(name), quoted=False)
    return None


def _alone(
    lines: Sequence[tuple[str, bool]], at: int, names: Mapping[str, Named]
) -> tuple[tuple[Named, Row] | None, int]:
    """A name on a line of its own with its value on one of the next; and the last line that this took."""
    name = lines[at][0].strip().strip("|│").strip()
    what = names.get(_key(name))
    if what is None:
        return None, at
    for below in range(at + 1, min(at + 3, len(lines))):
        value = lines[below][0].strip().strip("|│").strip()
        if value and not _RULE.match(value):
            if names.get(_key(value)) is not None or _pair(value, names):
                break
            return (what, Row(name.rstrip(": "), value, _hint(name), quoted=False)), below
    return None, at


def _across(lines: Sequence[tuple[str, bool]], at: int, names: Mapping[str, Named]) -> list[tuple[Named, Row]]:
    """A table whose names stand in one line and the values below them."""
    for cells in _CELLS:
        heads = [cell.strip() for cell in cells.split(lines[at][0].strip().strip("|│").strip(), MOST_CELLS)]
        known = [names.get(_key(head)) for head in heads]
        if sum(each is not None for each in known) < 2:
            continue
        below = next((line for line, _ in lines[at + 1 : at + 4] if line.strip() and not _RULE.match(line)), "")
        values = [cell.strip() for cell in cells.split(below.strip().strip("|│").strip(), MOST_CELLS)]
        if len(values) != len(heads) or names.get(_key(values[0])) is not None:
            continue
        triples = zip(heads, known, values, strict=True)
        return [(what, Row(head, value, _hint(head), quoted=False)) for head, what, value in triples if what and value]
    return []


def _continued(lines: Sequence[tuple[str, bool]], at: int, quoted: bool, names: Mapping[str, Named]) -> tuple[str, ...]:
    """What goes on in the next lines, up to a blank one or another row."""
    found = list[str]()
    for line, same in lines[at : at + MOST_CONTINUED]:
        ends = not line.strip() or same != quoted or _RULE.match(line) or line.strip() == "--"
        if ends or names.get(_key(line)) is not None or _pair(line, names):
            break
        found.append(line.strip().strip("|│").strip())
    return tuple(found)


def _key(name: str) -> str:
    return fold(_BRACKETS.sub("", _BULLET.sub("", name))) if len(name) <= LONGEST_NAME else ""


def _hint(name: str) -> str:
    found = _BRACKETS.search(name)
    return found[1] if found else ""


def _bare_value(value: str) -> str:
    """Without the marks of a bold name (``**Name:** value``)."""
    return re.sub(r"^(?:\*{1,2}|_{1,2})\s+", "", value).strip()


def lines_of_html(source: str) -> str:
    """HTML as lines: the cells of a table row apart by tabs, quoted blocks with ``>`` before each line."""
    reader, end = _Lines(), 0
    for tag in _TAG.finditer(source):
        reader.text(source[end : tag.start()])
        if name := _TAG_NAME.match(tag[1]):
            reader.tag(name[2].lower(), closes=bool(name[1]))
        end = tag.end()
    reader.text(source[end:])
    reader.end_line()
    return "\n".join(reader.lines)


class _Lines:
    """Of each block one line. Nested tables come out as rows of their own."""

    BLOCKS = frozenset(
        {"p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "br", "hr", "blockquote", "dl", "dt"}
    )
    CELLS = frozenset({"td", "th", "dd"})
    HIDDEN = frozenset({"script", "style", "head", "title"})

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._parts: list[str] = []
        self._depth, self._hidden, self._in_cell = 0, "", False

    def text(self, source: str) -> None:
        if not self._hidden:
            self._parts.append(re.sub(r"\s+", " ", html.unescape(source)))

    def tag(self, name: str, *, closes: bool) -> None:
        if self._hidden or name in self.HIDDEN:
            self._hidden = "" if closes and name == self._hidden else self._hidden or ("" if closes else name)
        elif name in self.CELLS:
            self._in_cell = not closes
            self._parts.append("" if closes else "\t")
        elif name in self.BLOCKS and not (name == "dt" and closes):
            self._block(name)
        if name == "blockquote":
            self._depth = max(0, self._depth + (-1 if closes else 1))

    def _block(self, name: str) -> None:
        """Within a cell a paragraph is a blank: the row stays one line."""
        if self._in_cell and name not in ("table", "tr"):
            self._parts.append(" ")
            return
        self._in_cell = False
        self.end_line()

    def end_line(self) -> None:
        cells = [" ".join(cell.split()) for cell in "".join(self._parts).split("\t")]
        self._parts = []
        line = "\t".join(cell for cell in cells if cell)
        if line or (self.lines and self.lines[-1].strip("> ")):
            self.lines.append("> " * min(self._depth, 5) + line)
