"""Header fields as people meant them: eight bits, broken folding, encoded words and all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from itertools import islice

LONGEST = 998  # characters of a header that are kept (RFC 5322, 2.1.1)
LONGEST_READ = 8_000  # characters of one that are decoded
LONGEST_LIST = 100_000  # characters of addresses or references that are read
MOST_FIELDS = 2_000

_ID = re.compile(r"<([^<>]{1,998})>")
_ADDRESS = re.compile(r"[^\s<>,;:@\"()\[\]]{1,64}@[^\s<>,;:@\"()\[\]]{1,255}")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")


def fields(message: Message, name: str) -> list[str]:
    """The fields of that name in order, readable, on one line each."""
    return [readable(value) for key, value in items(message) if key == name.lower()]


def items(message: Message) -> Iterator[tuple[str, str]]:
    """Names in lower case and values as the parser kept them, the first 2000."""
    return ((name.lower(), str(value)) for name, value in islice(message.raw_items(), MOST_FIELDS))


def first(message: Message, name: str) -> str:
    """Empty when there is no such field."""
    return next(iter(fields(message, name)), "")


def readable(value: str) -> str:
    """``value`` as the parser kept it (surrogates for eight bits), decoded, unfolded, at most 998 characters."""
    plain = decoded(value[:LONGEST_READ].encode("utf-8", "surrogateescape"))
    return _UNPRINTABLE.sub(" ", _words(plain)).strip()[:LONGEST]


def decoded(raw: bytes, charset: str = "") -> str:
    """Text by its charset, else UTF-8, else Windows-1252: fit for the database (no NUL, no lone surrogate)."""
    for name in (charset, "utf-8"):
        try:
            return raw.decode(name).replace("\x00", "").encode("utf-8", "replace").decode()
        except (LookupError, ValueError):
            continue
    return raw.decode("cp1252", "replace").replace("\x00", "")


def _words(text: str) -> str:
    """Encoded words (RFC 2047) as text; what is none stays as it stands."""
    if "=?" not in text:
        return text
    try:
        parts = decode_header(text)
    except Exception:  # It raises more than it says; an unreadable subject must not stop a mail.
        return text
    return "".join(
        part if isinstance(part, str) else decoded(part, charset or "raw-unicode-escape") for part, charset in parts
    )


def message_ids(values: list[str]) -> tuple[str, ...]:
    """Each ``<id>`` once, in order; blanks from broken folding are taken out, missing brackets put on."""
    found: list[str] = []
    for value in values:
        ids = ["".join(one.split()) for one in _ID.findall(value[:LONGEST_LIST])] or value.split()[:1]
        found += [f"<{one}>" for one in ids if one]
    return tuple(dict.fromkeys(found))


def addresses(values: list[str]) -> tuple[str, ...]:
    """Each address once, its domain in lower case."""
    return tuple(dict.fromkeys(_lowered(address) for value in values for _, address in _pairs(value) if "@" in address))


def _pairs(value: str) -> list[tuple[str, str]]:
    try:
        found = [pair for pair in getaddresses([value[:LONGEST_LIST]]) if "@" in pair[1]]
    except (ValueError, IndexError, RecursionError):
        found = []
    return found or [("", address) for address in _ADDRESS.findall(value[:LONGEST_LIST])]


def _lowered(address: str) -> str:
    local, _, domain = "".join(address.split()).rpartition("@")
    return f"{local}@{domain.lower()}"[:320]


def instant(value: str) -> datetime | None:
    """A Date field in UTC; None when it is none. Without a zone it counts as UTC."""
    try:
        found = parsedate_to_datetime(value)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
