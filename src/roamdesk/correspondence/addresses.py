"""What may stand in an envelope or a header, and the signed tag by which an answer names its message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from django.utils.crypto import constant_time_compare, salted_hmac

from roamdesk.partners.addresses import AddressRefused, mail_address

MOST_RECIPIENTS = 50
LONGEST_SUBJECT = 300
LONGEST_BODY = 200_000  # characters

_TAG = re.compile(r"m(\d{1,18})\.([0-9a-f]{16})")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_BREAKS = re.compile("[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_OURS = {
    "from", "sender", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version",
    "auto-submitted", "precedence", "x-auto-response-suppress", "x-roamdesk-automatic", "return-path", "received",
}  # fmt: skip


class MailRefused(ValueError):
    """This cannot be sent as it stands; nothing was queued. The text says what to mend."""


def recipients(addresses: Iterable[str]) -> list[str]:
    """The addresses, each once, domains in ASCII form (RFC 5890). Raises MailRefused."""
    found = list(dict.fromkeys(_address(address) for address in addresses))
    if not found:
        raise MailRefused("The message has no recipient. Add an address to the partner's contact form.")
    if len(found) > MOST_RECIPIENTS:
        raise MailRefused(f"{len(found)} recipients are too many. Write to at most {MOST_RECIPIENTS}.")
    return found


def sender(text: str) -> str:
    """The desk's own address, checked like any other. Raises MailRefused."""
    return _address(text, "desk's settings")


def _address(text: str, kept_in: str = "partner's contact form") -> str:
    try:
        return mail_address(text.strip())
    except AddressRefused:
        raise MailRefused(f"{text[:80]!r} is no e-mail address. Correct it in the {kept_in}.") from None


def subject_line(text: str) -> str:
    """Raises MailRefused when it is empty, too long, or would start a new header."""
    if not text.strip():
        raise MailRefused("The subject is empty. Write one.")
    if _BREAKS.search(text):
        raise MailRefused("The subject holds a line break. Write it on one line.")
    if len(text) > LONGEST_SUBJECT:
        raise MailRefused(f"The subject has {len(text)} characters. Use at most {LONGEST_SUBJECT}.")
    return text


def body(text: str, part: str) -> str:
    """Raises MailRefused when it is too long or holds a NUL character."""
    if "\x00" in text:
        raise MailRefused(f"The {part} holds a NUL character. Remove it.")
    if len(text) > LONGEST_BODY:
        raise MailRefused(f"The {part} has {len(text)} characters. Shorten it to {LONGEST_BODY}.")
    return text


def extra_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that a caller may add. Raises MailRefused for the outbox's own and for line breaks."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS or name.lower().startswith("content-"):
            raise MailRefused(f"The header {name[:60]!r} cannot be set by the sender. Leave it out.")
        if _BREAKS.search(value):
            raise MailRefused(f"The header {name} holds a line break. Write it on one line.")
    return dict(headers)


def tagged(mail_from: str, message_pk: int) -> str:
    """The desk's address with a tag that names the message: ``support+m17.0123456789abcdef@desk.example``."""
    local, _, domain = mail_from.rpartition("@")
    return f"{local}+m{message_pk}.{_signature(message_pk)}@{domain}"


def untagged(address: str) -> tuple[str, str]:
    """The address in lower case without what follows its first ``+``, and that tag."""
    local, _, domain = address.strip("<> ").lower().rpartition("@")
    box, _, tag = local.partition("+")
    return f"{box}@{domain}", tag


def message_of_tag(tag: str) -> int | None:
    """The message that a tag of ours names; None for a tag that is not ours or was changed."""
    found = _TAG.fullmatch(tag)
    if found is None or not constant_time_compare(found[2], _signature(int(found[1]))):
        return None
    return int(found[1])


def _signature(message_pk: int) -> str:
    return salted_hmac("roamdesk.correspondence.tag", str(message_pk), algorithm="sha256").hexdigest()[:16]
