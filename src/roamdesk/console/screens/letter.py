"""One mail that came, opened: its text with quotes folded, its HTML in a frame, or its header; and its files."""

from __future__ import annotations

from dataclasses import dataclass

from roamdesk.cases.veiling import hidden_in, veiled
from roamdesk.correspondence.keeping import Lost
from roamdesk.correspondence.models import IncomingMail
from roamdesk.correspondence.parsing.enclosures import Enclosure, enclosures
from roamdesk.correspondence.parsing.mail import ParsedMail, parse
from roamdesk.correspondence.parsing.quoting import Piece, fold
from roamdesk.correspondence.parsing.rich import RichText, TooDeep, make_safe

VIEWS = {"text": "Text", "html": "HTML", "header": "Header"}
LONGEST_SHOWN = 60_000  # characters
LONGEST_HEADER = 64 * 1024


@dataclass(frozen=True)
class Letter:
    """``shown`` is one of ``views``; pictures of ``hosts`` are left out; ``problem`` says why nothing is shown."""

    mail: IncomingMail
    shown: str
    views: tuple[tuple[str, str], ...]
    pieces: tuple[Piece, ...]
    header: str
    hosts: tuple[str, ...]
    pictures: bool
    files: tuple[Enclosure, ...]
    problem: str
    cut: bool


def letter_of(mail: IncomingMail, wanted: str = "", *, pictures: bool = False, veils: bool = False) -> Letter:
    """``wanted`` view, else the text where there is one. Whatever the mail is, something is shown.

    ``veils``: who reads may not reveal, so the User's personal values are masked.
    """
    try:
        raw = mail.raw
    except Lost as lost:
        return Letter(mail, "text", (), (), "", (), False, (), str(lost), False)
    read = parse(raw)
    views = tuple((key, title) for key, title in VIEWS.items() if key != "html" or read.bodies.html)
    shown = wanted if wanted in dict(views) else "text" if read.bodies.text.strip() or len(views) < 3 else "html"
    files = enclosures(raw)
    rich, problem = _rich(read, files, pictures) if shown == "html" else (None, "")
    hidden = hidden_in(mail) if veils else []
    text = veiled(read.bodies.text[:LONGEST_SHOWN], hidden)
    return Letter(
        mail=mail,
        shown="text" if problem else shown,
        views=views,
        pieces=fold(text) if shown == "text" or problem else (),
        header=veiled(header_of(raw), hidden) if shown == "header" else "",
        hosts=rich.hosts if rich else (),
        pictures=pictures,
        files=files,
        problem=problem,
        cut=len(read.bodies.text) > LONGEST_SHOWN,
    )


def _rich(read: ParsedMail, files: tuple[Enclosure, ...], pictures: bool) -> tuple[RichText | None, str]:
    try:
        return make_safe(read.bodies.html, files, remote_pictures=pictures), ""
    except TooDeep as deep:
        return None, str(deep)


def rich_of(mail: IncomingMail, *, pictures: bool, veils: bool) -> str:
    """The harmless HTML of a mail, ``veils`` as in ``letter_of``. Raises Lost, TooDeep."""
    raw = mail.raw
    html = make_safe(parse(raw).bodies.html, enclosures(raw), remote_pictures=pictures).html
    return veiled(html, hidden_in(mail)) if veils else html


def header_of(raw: bytes) -> str:
    """As it came, byte for byte where that is text."""
    head = raw[:LONGEST_HEADER].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return head.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
