"""Mail comes in: the bytes are stored before anything looks into them. See docs/decisions/0008-mail-intake.md."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q
from django_scopes import scopes_disabled
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from psycopg import Cursor

from roamdesk.correspondence import keeping
from roamdesk.correspondence.addresses import untagged
from roamdesk.correspondence.models import Arrival, IncomingMail
from roamdesk.desks.models import Desk

LONGEST_ADDRESS = 320
LARGEST_NUMBER = 2**31 - 1  # of the size column


@dataclass(frozen=True)
class Place:
    """Where an IMAP server keeps a mail: nothing else tells it from others for good (RFC 3501, 2.3.1.1)."""

    mailbox: str
    uidvalidity: int
    uid: int


def desks_at(address: str) -> list[Desk]:
    """The desks whose own address this is, with or without a ``+tag``; case does not count."""
    plain = address.strip("<> ")
    return list(Desk.objects.filter(Q(mail_from__iexact=plain) | Q(mail_from__iexact=untagged(plain)[0])))


def store(
    raw: bytes, *, recipients: Collection[str], sender: str, via: Arrival.Via, at: datetime, place: Place | None = None
) -> list[IncomingMail]:
    """Commit the bytes for each desk among the recipients, and the job to read them; one row for each desk.

    The same bytes again are the same mail: only another arrival is noted. ``sender`` is that of the envelope,
    empty for the null sender. A recipient at no desk is left out. Raises what the database raises, keeping.NotKept
    among it; then nothing is stored.
    """
    sha256 = hashlib.sha256(raw).hexdigest()
    wanted: dict[Desk, list[str]] = {}
    for recipient in dict.fromkeys(recipients):
        for desk in desks_at(recipient):
            wanted.setdefault(desk, []).append(_plain(recipient))
    if wanted and keeping.is_large(len(raw)):
        keeping.keep(raw, sha256)
    # The envelope names the desks; nobody is at one yet.
    with scopes_disabled(), transaction.atomic():
        return [
            _store(desk, raw, sha256, own, _plain(sender), via, at, place, len(raw)) for desk, own in wanted.items()
        ]


def store_from_mailbox(
    desk: Desk, raw: bytes | bytearray, *, sender: str, at: datetime, place: Place, size: int
) -> IncomingMail:
    """Commit a mail of the desk's own mailbox: it is the desk's, whomever it is addressed to.

    ``size`` is the whole mail's where ``raw`` is only the beginning of one that is too large. The envelope's
    recipients are not known here. Raises as ``store`` does.
    """
    sha256 = hashlib.sha256(raw).hexdigest()
    if keeping.is_large(len(raw)):
        keeping.keep(raw, sha256)
    with scopes_disabled(), transaction.atomic():
        return _store(desk, raw, sha256, [], _plain(sender), Arrival.Via.IMAP, at, place, min(size, LARGEST_NUMBER))


def _store(
    desk: Desk,
    raw: bytes | bytearray,
    sha256: str,
    recipients: Sequence[str],
    sender: str,
    via: Arrival.Via,
    at: datetime,
    place: Place | None,
    size: int,
) -> IncomingMail:
    row = IncomingMail(
        desk=desk,
        inside=b"",
        outside=keeping.is_large(len(raw)),
        sha256=sha256,
        size=size,
        envelope_from=sender,
        recipients=list(recipients),
        arrived_at=at,
        next_attempt_at=at,
    )
    IncomingMail.objects.bulk_create([row], ignore_conflicts=True)
    mail: IncomingMail = IncomingMail.objects.select_for_update(of=("self",)).get(desk=desk, sha256=sha256)
    if not mail.outside:
        _put_bytes(mail, raw)
    _note_arrival(mail, recipients, via, at, place)
    if mail.next_attempt_at is not None:
        defer_reading(mail)
    return mail


def _put_bytes(mail: IncomingMail, raw: bytes | bytearray) -> None:
    """In binary, as a parameter of its own: Django would write them into the statement, at three times their size."""
    statement = "UPDATE correspondence_incomingmail SET raw = %b WHERE id = %s AND raw = ''"
    with connection.wrap_database_errors:
        Cursor(connection.connection).execute(statement, [raw, mail.pk])


def _note_arrival(
    mail: IncomingMail, recipients: Sequence[str], via: Arrival.Via, at: datetime, place: Place | None
) -> None:
    """A recipient that is new may carry a tag: then the mail is read once more."""
    where = {"mailbox": place.mailbox, "uidvalidity": place.uidvalidity, "uid": place.uid} if place else {}
    arrival = Arrival(mail=mail, at=at, via=via, recipients=list(recipients), **where)
    Arrival.objects.bulk_create([arrival], ignore_conflicts=True)
    new = [recipient for recipient in recipients if recipient not in mail.recipients]
    if new:
        mail.recipients = [*mail.recipients, *new]
        mail.state, mail.next_attempt_at = IncomingMail.State.STORED, at
        mail.save(update_fields=["recipients", "state", "next_attempt_at"])


def defer_reading(mail: IncomingMail) -> bool:
    """Queue the job in the caller's transaction; false when one waits already."""
    job = app.configure_task(
        "correspondence.read_mail", queue="mail", queueing_lock=f"incoming:{mail.pk}", allow_unknown=True
    )
    try:
        with transaction.atomic():
            job.defer(mail_id=mail.pk)
    except AlreadyEnqueued:
        return False
    return True


def _plain(address: str) -> str:
    """Fit for the database: an envelope may hold anything."""
    text = address.strip("<> ").encode("utf-8", "replace").decode()
    return "".join(one for one in text if one.isprintable())[:LONGEST_ADDRESS]
