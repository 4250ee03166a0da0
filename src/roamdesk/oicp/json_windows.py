"""JSON of any length, looked at through a window: one value at a time, what was passed is forgotten."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TextIO

CHUNK = 1 << 20  # characters
LONGEST_VALUE = 16 << 20  # a record has a few thousand
_WORDS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
_LONGEST_WORD = 12  # or an escape
_NUMBER = re.compile(r"[-+0-9.eE]*")
_BLANK = re.compile(r"[\s\ufeff\x1e]*")
# An exporter written in Python writes NaN for what is missing; some write line breaks into texts.
_VALUE = json.JSONDecoder(parse_float=Decimal, parse_constant=lambda _: None, strict=False).raw_decode


class NotJson(ValueError):
    """`at` counts characters from the beginning of the text; `ended` when it breaks off there."""

    def __init__(self, at: int, *, ended: bool) -> None:
        self.at, self.ended = at, ended
        super().__init__("The text breaks off here." if ended else "This is no JSON.")


class TooLong(ValueError):
    """One value is longer than what is held at a time."""


class Window:
    """Steps through a text of JSON values; raises NotJson and TooLong."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._text = ""
        self._passed = 0  # characters that were forgotten
        self._at = 0
        self._held: int | None = None
        self._ended = False

    @property
    def at(self) -> int:
        """How many characters have been passed."""
        return self._passed + self._at

    def peek(self) -> str:
        """The next character that is not blank, empty at the end."""
        while True:
            self._at = _BLANK.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def value(self) -> Any:
        """Read the value that comes next; decimals are Decimal, what is no number is None."""
        self.peek()
        while True:
            try:
                found, end = _VALUE(self._text, self._at)
            except RecursionError:
                raise NotJson(self.at, ended=False) from None
            except ValueError as problem:
                wrong = self._wrong_at(problem)
                if wrong is not None or not self._more_of_value():
                    at = len(self._text) if wrong is None else wrong
                    raise NotJson(self._passed + at, ended=wrong is None) from None
            else:
                if end < len(self._text) or self._text[end - 1] in '"]}' or not self._more_of_value():
                    self._at = end
                    return found

    def _wrong_at(self, problem: ValueError) -> int | None:
        """Where the text is wrong; None where it may only go on behind what was read so far."""
        at = problem.pos if isinstance(problem, json.JSONDecodeError) else self._at
        rest = self._text[at : at + _LONGEST_WORD]
        if str(problem).startswith("Unterminated") or (rest.startswith(("\\", "u")) and len(rest) < _LONGEST_WORD):
            return None
        begun = _NUMBER.fullmatch(rest) or any(word.startswith(rest) for word in _WORDS)
        return None if begun else at

    def text_of_value(self) -> tuple[Any, str]:
        """As ``value``, with its text as it was written."""
        self.peek()
        self.hold()
        found = self.value()
        return found, self.let_go()

    def hold(self) -> None:
        """Forget nothing from here on, to come back or to have its text."""
        self._held = self._at

    def let_go(self) -> str:
        """What was passed since ``hold``."""
        held, self._held = self._held, None
        return "" if held is None else self._text[held : self._at]

    def go_back(self) -> None:
        """To where ``hold`` was called."""
        if self._held is not None:
            self._at, self._held = self._held, None

    def entries(self) -> Iterator[None]:
        """Before each entry of the list that comes next; the caller passes the entry."""
        yield from self._until("]")

    def members(self) -> Iterator[str]:
        """The name of each member of the object that comes next; the caller passes its value."""
        for _ in self._until("}"):
            name = self.value()
            if not isinstance(name, str) or self.peek() != ":":
                raise NotJson(self.at, ended=not self.peek())
            self._at += 1
            yield name

    def _until(self, closing: str) -> Iterator[None]:
        self._at += 1
        while (char := self.peek()) != closing:
            if not char:
                raise NotJson(self.at, ended=True)
            if char == ",":
                self._at += 1
            else:
                yield
        self._at += 1

    def skip_commas(self) -> bool:
        """Between whole values; False at the end of the text."""
        while self.peek() == ",":
            self._at += 1
        return self.peek() != ""

    def _more_of_value(self) -> bool:
        if len(self._text) - self._at > LONGEST_VALUE:
            raise TooLong(f"A value is longer than {LONGEST_VALUE:,} characters.")
        return self._more()

    def _more(self) -> bool:
        chunk = "" if self._ended else self._stream.read(CHUNK)
        self._ended = not chunk
        keep = self._at if self._held is None else min(self._held, self._at)
        self._text = self._text[keep:] + chunk
        self._passed += keep
        self._at -= keep
        if self._held is not None:
            self._held -= keep
        return bool(chunk)
