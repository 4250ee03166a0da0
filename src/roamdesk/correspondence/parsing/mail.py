"""One mail, read: whatever the bytes are, this gives an answer and never raises."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.feedparser import BytesFeedParser
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32

from roamdesk.correspondence.parsing import headers as h
from roamdesk.correspondence.parsing.bodies import Bodies, bodies, content_type
from roamdesk.correspondence.parsing.reports import Report, report_of

LARGEST = 50 * 1024 * 1024
CHUNK = 64 * 1024
MOST_OF_A_NAME = 50
MOST_BOUNDARIES = 20_000
LONGEST_HEADER = 2 * 1024 * 1024
NOTHING = Bodies("", "", (), ())

# What the way of a mail adds to it, so that two copies differ.
_SAME_ON_EVERY_WAY = ("from", "to", "cc", "date", "subject", "message-id", "in-reply-to", "auto-submitted")
_SEALED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime", "message/partial"})


@dataclass(frozen=True)
class ParsedMail:
    """``sent_at`` is UTC, as the sender's clock says. Ids carry their brackets. ``faults`` are for a person."""

    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    sender: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    sent_at: datetime | None = None
    headers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    bodies: Bodies = NOTHING
    report: Report | None = None
    fingerprint: str = ""
    faults: tuple[str, ...] = ()


def parse(raw: bytes) -> ParsedMail:
    """Header and parts; of a mail over 50 MB the header only. A broken mail gives what can be read of it."""
    if why := _why_header_only(raw):
        return _headed(_header_of(raw), (f"{why}: only its header was read.",))
    try:
        return _whole(raw)
    # A mail can nest parts until the stack ends, and the library has faults of its own; a mail is never lost by that.
    except Exception as trouble:
        return _headed(_header_of(raw), (f"Its parts cannot be read ({type(trouble).__name__}).",))


def _why_header_only(raw: bytes) -> str:
    """The parser makes an object of each part and field, many times their size."""
    if len(raw) > LARGEST:
        return "It is larger than 50 MB"
    if raw.count(b"\n--") > MOST_BOUNDARIES:
        return "It has too many parts"
    blank = re.search(rb"\r?\n\r?\n", raw)
    return "It begins with megabytes of header" if (blank.start() if blank else len(raw)) > LONGEST_HEADER else ""


def message_of(raw: bytes) -> Message | None:
    """The mail taken apart; None where it is one of which only the header is read."""
    try:
        return None if _why_header_only(raw) else _taken_apart(raw)
    except Exception:  # As in ``parse``.
        return None


def _taken_apart(raw: bytes) -> Message:
    parser: BytesFeedParser[Message] = BytesFeedParser(policy=compat32)
    for start in range(0, len(raw), CHUNK):
        parser.feed(raw[start : start + CHUNK])
    return parser.close()


def _whole(raw: bytes) -> ParsedMail:
    message = _taken_apart(raw)
    found = bodies(message)
    return _headed(message, _faults(message, found), found, report_of(message), _fingerprint(message, raw))


def _header_of(raw: bytes) -> Message:
    return BytesHeaderParser(policy=compat32).parsebytes(raw[:CHUNK])


def _headed(
    message: Message,
    faults: tuple[str, ...],
    found: Bodies = NOTHING,
    report: Report | None = None,
    fingerprint: str = "",
) -> ParsedMail:
    to = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
    return ParsedMail(
        message_id=next(iter(h.message_ids(h.fields(message, "Message-ID"))), "")[: h.LONGEST],
        in_reply_to=h.message_ids(h.fields(message, "In-Reply-To")),
        references=h.message_ids(_long_fields(message, "References")),
        sender=next(iter(h.addresses(h.fields(message, "From") + h.fields(message, "Sender"))), ""),
        recipients=h.addresses([value for name in to for value in _long_fields(message, name)]),
        subject=h.first(message, "Subject"),
        sent_at=h.instant(h.first(message, "Date")),
        headers=_by_name(message),
        bodies=found,
        report=report,
        fingerprint=fingerprint,
        faults=faults,
    )


def _by_name(message: Message) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in h.items(message):
        found[name] = (*found.get(name, ())[:MOST_OF_A_NAME], h.readable(value))
    return found


def _long_fields(message: Message, name: str) -> list[str]:
    """Lists may be longer than any field we keep: they are read whole."""
    return [
        h.decoded(value.encode("utf-8", "surrogateescape")) for key, value in h.items(message) if key == name.lower()
    ]


def _faults(message: Message, found: Bodies) -> tuple[str, ...]:
    faults = list[str]()
    if content_type(message) in _SEALED:
        faults.append("Its content is encrypted or only a part of a mail: open it with the sender's help.")
    if any(one.content_type == "application/ms-tnef" or one.name.lower() == "winmail.dat" for one in found.attachments):
        faults.append("Attachments stand inside Outlook's winmail.dat.")
    if len(h.fields(message, "Message-ID")) > 1:
        faults.append("It carries more than one Message-ID; the first one counts.")
    if message.defects:
        faults.append(f"Its form is broken ({type(message.defects[0]).__name__}).")
    return tuple(faults)


def _fingerprint(message: Message, raw: bytes) -> str:
    """One value for all copies of a mail, whatever way they came; empty without a Message-ID.

    Some senders use one Message-ID for several mails, so the content counts as well.
    """
    if not h.first(message, "Message-ID"):
        return ""
    told = [f"{name}:{value}" for name in _SAME_ON_EVERY_WAY for value in h.fields(message, name)]
    lines = raw.replace(b"\r\n", b"\n")
    return hashlib.sha256("\n".join(told).encode() + lines.partition(b"\n\n")[2].rstrip()).hexdigest()
