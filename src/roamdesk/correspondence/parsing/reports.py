"""Mail that came back: RFC 3464, and the dialects of qmail (QSBMF), Exim and Exchange."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser

from roamdesk.correspondence.parsing.bodies import bodies, content_type, inner, leaves, payload
from roamdesk.correspondence.parsing.headers import addresses, decoded, fields, first, message_ids, readable

LONGEST_WORDS = 400
MOST_FAILURES = 100

_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]{1,254}\w")
_RETURNED_ID = re.compile(r"(?im)^[> ]*Message-ID:\s*(<[^<>\s]{1,998}>)")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_QMAIL = re.compile(r"\s*Hi\. This is ")
_QMAIL_ADDRESS = re.compile(r"<([^<>\s]+@[^<>\s]+)>:\s*\n")
_EXCHANGE = re.compile(
    r"did not reach some or all of the intended recipients"
    r"|Delivery has failed to these recipients"
    r"|konnte (?:nicht|einigen oder allen).{0,40}(?:zugestellt|Empf)"
    r"|Fehler bei der Nachrichtenzustellung"
    r"|Impossibile recapitare|La remise .{0,30} a échoué",
    re.IGNORECASE,
)
_POSTMASTERS = ("mailer-daemon@", "postmaster@", "microsoftexchange", "mail-daemon@")


@dataclass(frozen=True)
class Failure:
    """An address that was not reached: as we wrote it and as it was rewritten, status (RFC 3463), their words."""

    addresses: tuple[str, ...]
    status: str
    words: str


@dataclass(frozen=True)
class Report:
    """``failures`` is empty for a report of delay or success. ``message_ids`` name the mail it is about."""

    failures: tuple[Failure, ...]
    message_ids: tuple[str, ...]
    says: str


def report_of(message: Message) -> Report | None:
    """None when the mail is no report."""
    found = _standard(message)
    if found is None and _is_from_a_postmaster(message):
        text = bodies(message).text
        found = _qmail(text) or _exim(message, text) or _exchange(text)
    if found is None:
        return None
    failures, says = found
    return Report(failures, _returned_ids(message), says)


Found = tuple[tuple[Failure, ...], str]


def _standard(message: Message) -> Found | None:
    parts = [part for part in leaves(message) if content_type(part) == "message/delivery-status"]
    if not parts:
        return None
    blocks = [block for part in parts for block in _blocks(part)][:MOST_FAILURES]
    told = [(_action(block), _failure(block)) for block in blocks if fields(block, "Final-Recipient")]
    failures = tuple(failure for action, failure in told if action == "failed")
    return failures, "failed" if failures else next((action for action, _ in told), "unknown")


def _blocks(part: Message) -> list[Message]:
    return inner(part) or [
        HeaderParser().parsestr(block) for block in re.split(r"\n\s*\n", decoded(payload(part)).strip())
    ]


def _action(block: Message) -> str:
    action = first(block, "Action").split(" ")[0].lower()
    return action or {"5": "failed", "4": "delayed", "2": "delivered"}.get(first(block, "Status")[:1], "unknown")


def _failure(block: Message) -> Failure:
    values = fields(block, "Original-Recipient") + fields(block, "Final-Recipient")
    found = addresses([value.rpartition(";")[2] for value in values])
    words = first(block, "Diagnostic-Code").partition(";")[2] or first(block, "Diagnostic-Code")
    return Failure(found, first(block, "Status").split(" ")[0][:12], _short(words))


def _is_from_a_postmaster(message: Message) -> bool:
    senders = addresses(fields(message, "From"))
    return any(sender.lower().startswith(_POSTMASTERS) for sender in senders) or first(message, "Return-Path") == "<>"


def _qmail(text: str) -> Found | None:
    """https://cr.yp.to/proto/qsbmf.txt: recipient paragraphs stand before the first that begins with a dash."""
    if not _QMAIL.match(text):
        return None
    failures = []
    for paragraph in re.split(r"\n[ \t]*\n", text):
        if paragraph.startswith("-"):
            break
        if address := _QMAIL_ADDRESS.match(paragraph):
            failures.append(_told(address[1], paragraph[address.end() :]))
    failures = failures[:MOST_FAILURES]
    return tuple(failures), "failed" if failures else "unknown"


def _exim(message: Message, text: str) -> Found | None:
    values = fields(message, "X-Failed-Recipients")
    found = addresses([part for value in values for part in value.split(",")])[:MOST_FAILURES]
    return (tuple(_told(one, _after(text, one)) for one in found), "failed") if found else None


def _exchange(text: str) -> Found | None:
    if not _EXCHANGE.search(text):
        return None
    head = re.split(r"(?im)^.*(?:diagnostic information|diagnoseinformationen|original message headers)", text)[0]
    found = list(dict.fromkeys(_ADDRESS.findall(head)))[:MOST_FAILURES]
    return tuple(_told(one, _after(text, one)) for one in found), "failed" if found else "unknown"


def _told(address: str, words: str) -> Failure:
    status = _STATUS.search(words)
    return Failure(addresses([address]), status[1] if status else "", _short(words))


def _after(text: str, address: str) -> str:
    """What stands behind the address, up to the next blank line but one."""
    return "\n".join(text.partition(address)[2].lstrip(" >)\r\n:").split("\n\n")[:2])


def _short(words: str) -> str:
    return " ".join(readable(words).split())[:LONGEST_WORDS]


def _returned_ids(message: Message) -> tuple[str, ...]:
    """The Message-IDs of the mail that came back: from its copy, from the text, then from the thread."""
    found = list[str]()
    for part in leaves(message):
        kind, inside = content_type(part), inner(part)
        if kind == "message/rfc822" and inside:
            found += fields(inside[0], "Message-ID")
        elif kind.startswith(("text/", "message/")):
            found += _RETURNED_ID.findall(decoded(payload(part)))
    return message_ids([*found, *fields(message, "In-Reply-To"), *fields(message, "References")])
