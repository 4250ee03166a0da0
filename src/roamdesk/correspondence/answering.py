"""An answer as it would leave: to one correspondent, quoting their own last mail only, threaded for their system."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from roamdesk.correspondence.keeping import Lost
from roamdesk.correspondence.models import Conversation, Fate, IncomingMail, Message
from roamdesk.correspondence.parsing.headers import addresses
from roamdesk.correspondence.parsing.mail import ParsedMail, parse
from roamdesk.correspondence.parsing.quoting import own_words

MOST_REFERENCES = 20
LONGEST_ID = 250  # characters: longer ones no system makes, and a header line must bear them
MOST_QUOTED = 200  # lines
LONGEST_SUBJECT = 200

_REPLY = re.compile(r"^\s*((re|aw|antw|sv|r|rif|ref|fwd?|wg|i|tr)\s*(\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_FIT = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")


@dataclass(frozen=True)
class Answered:
    """What an answer answers. ``quote`` is empty where there is nothing of theirs to quote."""

    to: tuple[str, ...]
    subject: str
    headers: dict[str, str]
    quote: str


def answered_by(conversation: Conversation, reference: str) -> Answered:
    """What an answer in this conversation is about; ``reference`` (ours) stands in its subject.

    ``to`` is empty where no address is known. Runs in the desk's scope.
    """
    mail = conversation.newest_in
    if mail is None:
        return _after_ours(conversation, reference)
    try:
        read = parse(mail.raw)
    except Lost:
        read = ParsedMail(message_id=mail.message_id, sender=mail.sender, subject=mail.subject)
    return Answered(
        to=tuple(filter(None, [_answers_to(read) or mail.sender])),
        subject=reply_subject(mail.subject, reference),
        headers=threaded([*read.references, *read.in_reply_to[:1], read.message_id], read.message_id),
        quote=_quoted(mail, read),
    )


def _after_ours(conversation: Conversation, reference: str) -> Answered:
    """They have written nothing yet: one more mail to those who have the last one."""
    last = conversation.messages.exclude(state=Message.State.WITHDRAWN).order_by("-queued_at", "-pk").first()
    if last is None:
        return Answered((), reply_subject(conversation.subject, reference), {}, "")
    reached = [address for address in last.to if last.fates.get(address) not in (Fate.BOUNCED, Fate.REFUSED)]
    return Answered(
        tuple(reached), reply_subject(last.subject, reference), threaded([last.message_id], last.message_id), ""
    )


def _answers_to(read: ParsedMail) -> str:
    """Reply-To counts where it leads to the sender's own company; anyone can write any address there."""
    wanted = next(iter(addresses(list(read.headers.get("reply-to", ())))), "")
    return wanted if wanted and _domain(wanted) == _domain(read.sender) else read.sender


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def reply_subject(theirs: str, reference: str) -> str:
    """Theirs, with our reference where it is not in it: an answer finds its case by it."""
    bare = " ".join(_REPLY.sub("", theirs).split())[:LONGEST_SUBJECT]
    tag = "" if reference.lower() in bare.lower() else f" [{reference}]"
    return f"Re: {bare or 'your mail'}{tag}"


def threaded(ids: Sequence[str], last: str) -> dict[str, str]:
    """In-Reply-To and References (RFC 5322, 3.6.4); ids that no header line can bear are left out."""
    fit = [one for one in dict.fromkeys(ids) if len(one) <= LONGEST_ID and _FIT.fullmatch(one)]
    headers = {"References": " ".join(fit[-MOST_REFERENCES:])} if fit else {}
    return headers | ({"In-Reply-To": last} if last in fit else {})


def _quoted(mail: IncomingMail, read: ParsedMail) -> str:
    lines = own_words(read.bodies.text).split("\n")
    if not any(line.strip() for line in lines):
        return ""
    shown = [f"> {line}".rstrip() for line in lines[:MOST_QUOTED]] + ["> […]"] * (len(lines) > MOST_QUOTED)
    return "\n".join([f"{mail.sender} wrote on {mail.arrived_at:%d/%m/%Y %H:%M} UTC:", "", *shown])
