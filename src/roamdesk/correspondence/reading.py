"""A stored mail is read: claimed, parsed outside of a transaction, judged and linked in one.

A mail that cannot be read stays in sight and is tried again; see docs/decisions/0008-mail-intake.md.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, transaction
from django_scopes import scope, scopes_disabled

from roamdesk.correspondence import checks, conversations, intake, ports
from roamdesk.correspondence.models import IncomingMail
from roamdesk.correspondence.parsing.automatic import why_automatic
from roamdesk.correspondence.parsing.mail import ParsedMail, parse

LEASE = timedelta(minutes=3)
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120))
SWEEP_AT_MOST = 500

State = IncomingMail.State

_log = structlog.get_logger(__name__)


def read_mail(mail_id: int, now: datetime) -> IncomingMail.State:
    """Read a mail that is due; its state afterwards. One that is not due, or is being read, is left alone."""
    # A job serves every desk; the row names its own.
    with scopes_disabled():
        mail = _claim(mail_id, now)
        if mail is None:
            return State(IncomingMail.objects.values_list("state", flat=True).get(pk=mail_id))
    if mail.attempts > len(PAUSES) + 1:
        return _quarantine(mail, "Whoever read it died each time.", now)
    try:
        return _judge(mail, parse(bytes(mail.raw)), now)
    except DatabaseError:
        raise
    except Exception as trouble:
        _log.exception("mail.unreadable", mail=mail.pk)
        return _quarantine(mail, f"{type(trouble).__name__}: {trouble}", now)


def sweep(now: datetime) -> int:
    """Defer what is due: what a dead worker left, and what was put off; how many."""
    with scopes_disabled():
        due = IncomingMail.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at")
        return sum(intake.defer_reading(mail) for mail in due.only("pk")[:SWEEP_AT_MOST])


def read_again(mail: IncomingMail, *, at: datetime) -> None:
    """A person has a quarantined mail read once more. Raises ValueError for any other, and for one that is erased."""
    with transaction.atomic():
        waiting = IncomingMail.objects.filter(pk=mail.pk, desk=mail.desk, state=State.QUARANTINED, erased_at=None)
        if not waiting.update(next_attempt_at=at, attempts=0):
            raise ValueError("This mail is not in quarantine, or is erased: there is nothing to read again.")
        intake.defer_reading(mail)


def _claim(mail_id: int, now: datetime) -> IncomingMail | None:
    """The attempt is counted before it begins, so that a mail that kills its reader does so a few times only."""
    with transaction.atomic():
        due = IncomingMail.objects.filter(pk=mail_id, next_attempt_at__lte=now).select_related("desk")
        mail: IncomingMail | None = due.select_for_update(skip_locked=True, of=("self",)).first()
        if mail is not None:
            mail.attempts += 1
            mail.next_attempt_at = now + LEASE
            mail.save(update_fields=["attempts", "next_attempt_at"])
        return mail


def _judge(claimed: IncomingMail, read: ParsedMail, now: datetime) -> IncomingMail.State:
    with scope(desk=claimed.desk), transaction.atomic():
        mail = _still_ours(claimed)
        if mail is None:
            return State(IncomingMail.objects.values_list("state", flat=True).get(pk=claimed.pk))
        mail.message_id, mail.sender, mail.subject = read.message_id, read.sender, read.subject
        mail.automatic = why_automatic(read.headers, mail.envelope_from)
        found = checks.examine(mail, read)
        mail.verdict, mail.answers, mail.about, mail.copy_of = found.verdict, found.answers, found.about, found.copy_of
        mail.reason = " ".join((found.reason, *read.faults))[:500]
        mail.state, mail.read_at, mail.next_attempt_at, mail.attempts = State.READ, now, None, 0
        mail.save()
        ports.mail_parsed(mail, read)
        ports.mail_read(mail)
        # Afterwards: who writes in a case locks it before its conversations, and a listener may place the mail.
        conversations.file(mail)
        return State.READ


def _quarantine(claimed: IncomingMail, why: str, now: datetime) -> IncomingMail.State:
    """It is tried again after a pause; after the last one a person decides."""
    pauses = PAUSES[claimed.attempts - 1 : claimed.attempts]
    with scope(desk=claimed.desk), transaction.atomic():
        mail = _still_ours(claimed)
        if mail is not None:
            mail.state, mail.reason = State.QUARANTINED, why.replace("\x00", "")[:500]
            mail.next_attempt_at = now + pauses[0] if pauses else None
            mail.save(update_fields=["state", "reason", "next_attempt_at"])
    return State.QUARANTINED


def _still_ours(claimed: IncomingMail) -> IncomingMail | None:
    """None when another worker took the mail over since, or another recipient made it due again."""
    same = IncomingMail.objects.filter(
        pk=claimed.pk, attempts=claimed.attempts, next_attempt_at=claimed.next_attempt_at
    )
    found: IncomingMail | None = same.select_related("desk").select_for_update(of=("self",)).first()
    return found
