"""The checks of a mail, in their fixed order; the first that knows the mail decides."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from roamdesk.correspondence import outbox, ports
from roamdesk.correspondence.addresses import message_of_tag, untagged
from roamdesk.correspondence.models import IncomingMail, Message, Verdict
from roamdesk.correspondence.parsing.mail import LARGEST, ParsedMail

MOST_REFERENCES = 100


@dataclass(frozen=True)
class Finding:
    """``answers`` is the message of ours that the mail belongs to, ``about`` what that is about."""

    verdict: Verdict
    reason: str
    answers: Message | None = None
    about: str = ""
    copy_of: IncomingMail | None = None


Check = Callable[[IncomingMail, ParsedMail], Finding | None]


def examine(mail: IncomingMail, read: ParsedMail) -> Finding:
    """Call it in a transaction and within the mail's desk: what a check finds, it also writes down.

    A machine's mail (``mail.automatic``) may join its thread; it never counts as an answer.
    """
    for check in (_placed, _ours, _copy, _bounce, _too_large, _calendar, _thread, _automatic, _new_matter):
        if found := check(mail, read):
            return found
    return Finding(Verdict.UNPLACED, "It names no mail, address tag or reference of ours.")


def _placed(mail: IncomingMail, read: ParsedMail) -> Finding | None:
    """Read once more, it stays where a person put it."""
    stays = mail.verdict in (Verdict.PLACED, Verdict.OPENED)
    return Finding(Verdict(mail.verdict), mail.reason, mail.answers, mail.about) if stays else None


def _ours(mail: IncomingMail, read: ParsedMail) -> Finding | None:
    message = Message.objects.filter(desk=mail.desk, message_id=read.message_id).first() if read.message_id else None
    return Finding(Verdict.OURS, "Its Message-ID is one that we gave.", message, message.about) if message else None


def _copy(mail: IncomingMail, read: ParsedMail) -> Finding | None:
    """The first mail with a fingerprint keeps it; the database lets no second one have it."""
    if not read.fingerprint or mail.fingerprint == read.fingerprint:
        return None
    try:
        with transaction.atomic():
            IncomingMail.objects.filter(pk=mail.pk).update(fingerprint=read.fingerprint)
    except IntegrityError:
        first: IncomingMail = IncomingMail.objects.get(desk=mail.desk, fingerprint=read.fingerprint)
        reason = f"The same mail came by another way at {first.arrived_at:%Y-%m-%d %H:%M} UTC."
        return Finding(Verdict.COPY, reason, first.answers, first.about, copy_of=first)
    mail.fingerprint = read.fingerprint
    return None


def _bounce(mail: IncomingMail, read: ParsedMail) -> Finding | None:
    if read.report is None:
        return None
    message = _first_message(mail, read.report.message_ids)
    about = message.about if message else ""
    if not read.report.failures:
        return Finding(Verdict.AUTOMATIC, f"A delivery report: {read.report.says}.", message, about)
    told = "; ".join(f"{', '.join(f.addresses)}: {f.status} {f.words}".strip() for f in read.report.failures)
    if message is None:
        return Finding(Verdict.BOUNCE, f"It names no mail of ours. {told}")
    for failure in read.report.failures:
        outbox.bounced(message.pk, failure.addresses, f"{failure.status} {failure.words}".strip(), mail.arrived_at)
    return Finding(Verdict.BOUNCE, told, message, about)


def _too_large(mail: IncomingMail, read: ParsedMail) -> Finding | None:
    if mail.size <= LARGEST:
        return None
    return Finding(Verdict.TOO_LARGE, f"It has {mail.size // 2**20} MB; at most {LARGEST // 2**20} are read.")


def _calendar(mail: IncomingMail, read: ParsedMail) -> Finding | None:
    """An answer that no meeting of ours knows goes on to the next check."""
    for raw in read.bodies.replies:
        if told := ports.calendar_reply(mail.desk, raw, read.sender, mail.arrived_at):
            message = _first_message(mail, (*read.in_reply_to, *reversed(read.references)))
            return Finding(Verdict.CALENDAR, told, message, message.about if message else "")
    return None


def _thread(mail: IncomingMail, read: ParsedMail) -> Finding | None:
    """Signed address tag, In-Reply-To, References from the newest, our subject tag, their own reference."""
    message, by = _by_tag(mail, read), "the signed tag of the address"
    if message is None:
        message, by = _first_message(mail, read.in_reply_to), "In-Reply-To"
    if message is None:
        message, by = _first_message(mail, tuple(reversed(read.references))), "References"
    if message is not None:
        if not mail.automatic:
            outbox.answered(message.pk, mail.arrived_at)
        return Finding(Verdict.THREAD, f"Found by {by}.", message, message.about)
    return _earlier_mail(mail, read) or _reference_in_subject(mail, read) or _their_reference(mail, read)


def _by_tag(mail: IncomingMail, read: ParsedMail) -> Message | None:
    ours = untagged(mail.desk.mail_from)[0]
    split = [untagged(address) for address in (*mail.recipients, *read.recipients)]
    keys = [message_of_tag(tag) for box, tag in split if box == ours]
    return Message.objects.filter(desk=mail.desk, pk__in=[key for key in keys if key]).order_by("-pk").first()


def _first_message(mail: IncomingMail, ids: tuple[str, ...]) -> Message | None:
    ids = ids[:MOST_REFERENCES]
    found = {one.message_id: one for one in Message.objects.filter(desk=mail.desk, message_id__in=ids)}
    return next((found[one] for one in ids if one in found), None)


def _earlier_mail(mail: IncomingMail, read: ParsedMail) -> Finding | None:
    """They may answer themselves: their earlier mail knows where it belongs."""
    ids = (*read.in_reply_to, *reversed(read.references))[:MOST_REFERENCES]
    placed = IncomingMail.objects.filter(desk=mail.desk, message_id__in=ids).exclude(pk=mail.pk).exclude(about="")
    earlier = placed.select_related("answers").order_by("-arrived_at").first() if ids else None
    if earlier is None:
        return None
    return Finding(Verdict.THREAD, "Found by an earlier mail of theirs.", earlier.answers, earlier.about)


def _reference_in_subject(mail: IncomingMail, read: ParsedMail) -> Finding | None:
    """A reference is no secret, so it places a mail and says nothing of a message being answered."""
    prefix = re.escape(mail.desk.reference_prefix)
    for reference in re.findall(rf"(?<![\w-]){prefix}-\d{{4}}-\d{{4,8}}(?![\w-])", read.subject.upper()):
        if about := ports.about_reference(mail.desk, reference):
            return Finding(Verdict.THREAD, f"Found by {reference} in the subject.", about=about)
    return None


def _their_reference(mail: IncomingMail, read: ParsedMail) -> Finding | None:
    filed = ports.by_their_reference(mail, read)
    return Finding(Verdict.THREAD, filed.reason, about=filed.about) if filed else None


def _automatic(mail: IncomingMail, read: ParsedMail) -> Finding | None:
    """A machine's mail opens nothing."""
    return Finding(Verdict.AUTOMATIC, mail.automatic) if mail.automatic else None


def _new_matter(mail: IncomingMail, read: ParsedMail) -> Finding | None:
    filed = ports.new_matter(mail, read)
    if filed is None:
        return None
    return Finding(Verdict.OPENED if filed.about else Verdict.UNPLACED, filed.reason, about=filed.about)
