"""What somebody wrote, told apart from what they quote. Nothing is left out: quotes are only folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from mailparser_reply import EmailReplyParser  # type: ignore[import-untyped]

LANGUAGES = ["en", "de", "fr", "it"]
FOLDED_FROM = 3  # lines that begin with ">" side by side; fewer are what an answer stands below
# The library's patterns take time that grows with the square of a line or of a run of blank lines.
LONGEST_LINE, MOST_LINES = 200, 400


@dataclass(frozen=True)
class Piece:
    text: str
    quoted: bool


def fold(text: str) -> tuple[Piece, ...]:
    """The text in pieces, in order; runs of blank lines come out as one."""
    lines = _calm(text)
    own = _own_lines(lines)
    pieces = [*_by_marks(lines[:own]), Piece("\n".join(lines[own:]).strip("\n"), True)]
    return tuple(piece for piece in pieces if piece.text.strip()) or (Piece("", False),)


def own_words(text: str) -> str:
    """Without the quotes."""
    return "\n\n".join(piece.text for piece in fold(text) if not piece.quoted)


def _calm(text: str) -> list[str]:
    lines = list[str]()
    for line in text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n"):
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return lines


def _own_lines(lines: list[str]) -> int:
    """How many lines stand before the mail that is answered; all of them where nothing can be told apart."""
    probe = [line[:LONGEST_LINE] for line in lines[:MOST_LINES]]
    replies = EmailReplyParser(languages=LANGUAGES).read("\n".join(probe)).replies
    if len(replies) < 2 or replies[0].headers:
        return len(lines)
    # The library may join lines; then it has lost count, and nothing is folded.
    after, starts = replies[0].content.count("\n") + 1, replies[1].content.strip().split("\n")[0]
    return next((at for at in range(after, len(probe)) if _begins(probe[at], starts)), len(lines))


def _begins(line: str, starts: str) -> bool:
    return bool(line.strip()) and (line.strip().startswith(starts[:20]) or starts.startswith(line.strip()))


def _by_marks(lines: Iterable[str]) -> Iterator[Piece]:
    runs = [(marked, list(run)) for marked, run in groupby(lines, lambda line: line.lstrip().startswith(">"))]
    open_ = list[str]()
    for marked, run in runs:
        if marked and len(run) >= FOLDED_FROM:
            yield Piece("\n".join(open_).strip("\n"), False)
            yield Piece("\n".join(run), True)
            open_ = []
        else:
            open_ += run
    yield Piece("\n".join(open_).strip("\n"), False)
