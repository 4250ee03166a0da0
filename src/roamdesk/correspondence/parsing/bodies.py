"""The parts of a mail: its text, its attachments, its calendar objects."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from roamdesk.correspondence.parsing.headers import LONGEST_READ, decoded, items, readable
from roamdesk.procedure.exchange import FILE_NAME, LARGEST

MOST_PARTS = 500
MOST_TEMPLATES = 3
LONGEST_TEXT = 1_000_000  # characters

# Patterns meet hostile text: none may look at a character more than a few times.
_TAG = re.compile(r"<([^<>]*)>")
_TAG_NAME = re.compile(r"/?\w{1,20}")
_BREAKS = frozenset({"br", "p", "/p", "div", "/div", "tr", "/tr", "li", "/table", "h1", "h2", "h3", "blockquote"})
_REPLY = re.compile(rb"(?im)^METHOD\s*:\s*REPLY\s*$")


@dataclass(frozen=True)
class Attachment:
    """``size`` in bytes, decoded; name and type as the sender claims them."""

    name: str
    content_type: str
    size: int


@dataclass(frozen=True)
class Bodies:
    """``replies`` are the iCalendar objects with METHOD:REPLY, as bytes (RFC 5546).

    ``templates`` are the attached fields of another desk of this product (``roamdesk.procedure.exchange``).
    """

    text: str
    html: str
    attachments: tuple[Attachment, ...]
    replies: tuple[bytes, ...]
    templates: tuple[bytes, ...] = ()


def bodies(message: Message) -> Bodies:
    """The text is the plain parts, else that of the HTML parts."""
    plain, rich, attachments, replies = list[str](), list[str](), list[Attachment](), list[bytes]()
    templates = list[bytes]()
    for part in leaves(message):
        kind, name = content_type(part), filename(part)
        # A multipart that lost its boundary is the text that stands there.
        kind = "text/plain" if kind.startswith("multipart/") else kind
        if kind == "text/calendar" or name.lower().endswith(".ics"):
            replies += [raw for raw in [payload(part)] if _REPLY.search(raw)]
        if name.lower() == FILE_NAME and len(templates) < MOST_TEMPLATES:
            templates.append(payload(part)[: LARGEST + 1])
        if _is_body(kind, part, name):
            (plain if kind == "text/plain" else rich).append(text_of(part))
        elif kind != "message/delivery-status":
            attachments.append(Attachment(name, kind, len(payload(part))))
    source = "\n".join(rich)[:LONGEST_TEXT]
    text = "\n".join(plain)[:LONGEST_TEXT] or without_tags(source)
    return Bodies(text, source, tuple(attachments), tuple(dict.fromkeys(replies)), tuple(templates))


def attached(message: Message) -> Iterator[tuple[str, str, str, bytes]]:
    """Name, claimed type, Content-ID without its brackets and content of each attachment, as ``bodies`` counts them."""
    for part in leaves(message):
        kind, name = content_type(part), filename(part)
        kind = "text/plain" if kind.startswith("multipart/") else kind
        if not _is_body(kind, part, name) and kind != "message/delivery-status":
            yield name, kind, readable(str(part.get("Content-ID", ""))).strip("<> "), payload(part)


def leaves(message: Message) -> Iterator[Message]:
    """Parts that hold no others, in order, 500 at most; a forwarded mail counts as one."""
    waiting, seen = [message], 0
    while waiting and seen < MOST_PARTS:
        part = waiting.pop()
        seen += 1
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting += reversed(inner(part))
        else:
            yield part


def inner(part: Message) -> list[Message]:
    """What a part holds; nothing for one that holds text."""
    inside = part.get_payload() if part.is_multipart() else []
    return [one for one in inside if isinstance(one, Message)]


def content_type(part: Message) -> str:
    """Lower case, ``text/plain`` where it cannot be read."""
    try:
        return readable(part.get_content_type())[:120]
    except Exception:  # The parser of parameters raises whatever comes.
        return "text/plain"


def filename(part: Message) -> str:
    """As the sender names it; eight bits, RFC 2231 and encoded words alike."""
    clean = Message()
    for name, value in items(part):
        if name in ("content-disposition", "content-type"):
            clean[name] = decoded(value[:LONGEST_READ].encode("utf-8", "surrogateescape"))
    try:
        return readable(clean.get_filename() or "")[:255]
    except Exception:  # As above: RFC 2231 gone wrong.
        return ""


def payload(part: Message) -> bytes:
    """Decoded; an inner mail as its own bytes; empty where nothing can be decoded."""
    try:
        if part.is_multipart():
            return b"\n".join(bytes(one) for one in inner(part))
        found = part.get_payload(decode=True)
    except Exception:  # Broken transfer encodings raise in several ways.
        return b""
    return found if isinstance(found, bytes) else b""


def text_of(part: Message) -> str:
    try:
        charset = str(part.get_content_charset() or "")
    except Exception:  # As above.
        charset = ""
    return decoded(payload(part)[: 4 * LONGEST_TEXT], charset)[:LONGEST_TEXT].replace("\r\n", "\n")


def without_tags(source: str) -> str:
    """The readable text of HTML, for searching and for reports; never HTML again."""
    found, hidden, end = list[str](), False, 0
    for tag in _TAG.finditer(source):
        name = named[0].lower() if (named := _TAG_NAME.match(tag[1])) else ""
        found += [] if hidden else [source[end : tag.start()]]
        hidden = name in ("script", "style") or (hidden and name not in ("/script", "/style"))
        found += ["\n"] if name in _BREAKS else []
        end = tag.end()
    return html.unescape("".join(found) + ("" if hidden else source[end:])).replace("\x00", "").strip()


def _is_body(kind: str, part: Message, name: str) -> bool:
    return kind in ("text/plain", "text/html") and not _is_attachment(part, name)


def _is_attachment(part: Message, name: str) -> bool:
    return bool(name) or str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")
