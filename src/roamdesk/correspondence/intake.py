"""Mail comes in: the bytes are stored before anything looks into them. See docs/decisions/0008-mail-intake.md."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

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
    # The envelope names the desks; nobody is at one yet.
    with scopes_disabled(), transaction.atomic():
        if wanted:
            _keep_large({sha256: raw})
        return [_store(desk, raw, sha256, own, sender, via, at, place) for desk, own in wanted.items()]


@dataclass(frozen=True)
class Fetched:
    """A mail of a mailbox. ``size`` is the whole mail's where ``raw`` is only the beginning of a too large one."""

    uid: int
    raw: bytes | bytearray
    size: int
    sender: str


def store_from_mailbox(
    desk: Desk, fetched: Sequence[Fetched], *, mailbox: str, uidvalidity: int, at: datetime
) -> list[IncomingMail]:
    """Commit mails of the desk's own mailbox, all or none: they are the desk's, whomever they are addressed to.

    The envelope's recipients are not known here. Raises as ``store`` does.
    """
    by_sum = {hashlib.sha256(one.raw).hexdigest(): one for one in fetched}
    # In one order for all: two that store the same mails must not wait for each other.
    rows = [_row(desk, one.raw, sha256, [], one.sender, at, one.size) for sha256, one in sorted(by_sum.items())]
    with scopes_disabled(), transaction.atomic():
        _keep_large({sha256: one.raw for sha256, one in by_sum.items()})
        IncomingMail.objects.bulk_create(rows, ignore_conflicts=True)
        found = IncomingMail.objects.filter(desk=desk, sha256__in=list(by_sum)).order_by("sha256")
        mails = {mail.sha256: mail for mail in found.select_for_update(of=("self",))}
        _put_bytes([(mails[sha256], one.raw) for sha256, one in by_sum.items()])
        places = [(mails[hashlib.sha256(one.raw).hexdigest()], one.uid) for one in fetched]
        _note_places(places, mailbox, uidvalidity, at)
        defer_reading_of([mail for mail in mails.values() if mail.next_attempt_at is not None], at)
        return list(mails.values())


def _row(
    desk: Desk,
    raw: bytes | bytearray,
    sha256: str,
    recipients: Sequence[str],
    sender: str,
    at: datetime,
    size: int,
) -> IncomingMail:
    return IncomingMail(
        desk=desk,
        inside=b"",
        outside=keeping.is_large(len(raw)),
        sha256=sha256,
        size=min(size, LARGEST_NUMBER),
        envelope_from=_plain(sender),
        recipients=list(recipients),
        arrived_at=at,
        next_attempt_at=at,
    )


def _store(
    desk: Desk,
    raw: bytes,
    sha256: str,
    recipients: Sequence[str],
    sender: str,
    via: Arrival.Via,
    at: datetime,
    place: Place | None,
) -> IncomingMail:
    row = _row(desk, raw, sha256, recipients, sender, at, len(raw))
    IncomingMail.objects.bulk_create([row], ignore_conflicts=True)
    mail: IncomingMail = IncomingMail.objects.select_for_update(of=("self",)).get(desk=desk, sha256=sha256)
    _put_bytes([(mail, raw)])
    _note_arrival(mail, recipients, via, at, place)
    if mail.next_attempt_at is not None:
        defer_reading(mail)
    return mail


def _keep_large(bytes_of: Mapping[str, bytes | bytearray]) -> None:
    """Large mails as files, in one order for all; one that was erased in the meantime goes again."""
    large = {sha256: raw for sha256, raw in sorted(bytes_of.items()) if keeping.is_large(len(raw))}
    for sha256, raw in large.items():
        hold_file(sha256)
        keeping.keep(raw, sha256)
    if large:
        transaction.on_commit(partial(drop_files, list(large)))


def hold_file(sha256: str) -> None:
    """Until the end of the transaction nobody else writes or deletes the file of this name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"mail file {sha256}"])


def drop_files(names: Iterable[str]) -> None:
    """Delete the files that no mail names, of no desk."""
    for sha256 in names:
        with scopes_disabled(), transaction.atomic():
            hold_file(sha256)
            if not IncomingMail.objects.filter(sha256=sha256, outside=True).exists():
                keeping.drop(sha256)


def _put_bytes(mails: Sequence[tuple[IncomingMail, bytes | bytearray]]) -> None:
    """In binary, as a parameter of its own: Django would write them into the statement, at three times their size."""
    statement = "UPDATE correspondence_incomingmail SET raw = %b WHERE id = %s AND raw = '' AND erased_at IS NULL"
    with connection.wrap_database_errors:
        inside = [(raw, mail.pk) for mail, raw in mails if not mail.outside]
        Cursor(connection.connection).executemany(statement, inside)


def _note_places(places: Sequence[tuple[IncomingMail, int]], mailbox: str, uidvalidity: int, at: datetime) -> None:
    """From then on the mailbox's mails of these UIDs are ours."""
    where = {"via": Arrival.Via.IMAP, "recipients": [], "mailbox": mailbox, "uidvalidity": uidvalidity}
    arrivals = [Arrival(mail=mail, uid=uid, at=at, **where) for mail, uid in places]
    Arrival.objects.bulk_create(arrivals, ignore_conflicts=True)


def _note_arrival(
    mail: IncomingMail, recipients: Sequence[str], via: Arrival.Via, at: datetime, place: Place | None
) -> None:
    """A recipient that is new may carry a tag: then the mail is read once more."""
    where = {"mailbox": place.mailbox, "uidvalidity": place.uidvalidity, "uid": place.uid} if place else {}
    arrival = Arrival(mail=mail, at=at, via=via, recipients=list(recipients), **where)
    Arrival.objects.bulk_create([arrival], ignore_conflicts=True)
    new = [recipient for recipient in recipients if recipient not in mail.recipients]
    if new and mail.erased_at is None:
        mail.recipients = [*mail.recipients, *new]
        mail.state, mail.next_attempt_at = IncomingMail.State.STORED, at
        mail.save(update_fields=["recipients", "state", "next_attempt_at"])


def defer_reading(mail: IncomingMail) -> bool:
    """Queue the job in the caller's transaction; false when one waits already."""
    return _defer("correspondence.read_mail", f"incoming:{mail.pk}", mail_id=mail.pk)


def defer_reading_of(mails: Sequence[IncomingMail], at: datetime) -> None:
    """One mail is read at once; several wait for the sweep, which is asked to come now: one job instead of many."""
    if len(mails) == 1:
        defer_reading(mails[0])
    elif mails:
        _defer("correspondence.sweep", "correspondence.sweep", timestamp=int(at.timestamp()))


def _defer(task: str, lock: str, **values: int) -> bool:
    job = app.configure_task(task, queue="mail", queueing_lock=lock, allow_unknown=True)
    try:
        with transaction.atomic():
            job.defer(**values)
    except AlreadyEnqueued:
        return False
    return True


def _plain(address: str) -> str:
    """Fit for the database: an envelope may hold anything."""
    text = address.strip("<> ").encode("utf-8", "replace").decode()
    return "".join(one for one in text if one.isprintable())[:LONGEST_ADDRESS]
