"""One round over a mailbox: which mails of the folder are not ours yet, and fetch those.

A mail is ours when its arrival (mailbox, UIDVALIDITY, UID) is committed together with its bytes; nothing else counts,
neither the Seen flag nor the highest UID, which only saves time. See docs/decisions/0009-mailboxes.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import connection
from django_scopes import scope

from roamdesk.correspondence import intake
from roamdesk.correspondence.imap.session import Folder, Session
from roamdesk.correspondence.imap.trouble import MailboxTrouble
from roamdesk.correspondence.models import Mailbox
from roamdesk.correspondence.parsing.mail import LARGEST

TOGETHER = 1024 * 1024  # bytes of small mails that are asked for at once
MOST_TOGETHER = 50  # mails
SIZES_AT_ONCE = 500
BEGINNING = 64 * 1024  # bytes that are kept of a mail that is too large
MOVED_AT_ONCE = 500

Clock = Callable[[], datetime]

_log = structlog.get_logger(__name__)


@dataclass
class Suspects:
    """How often the conversation broke while a mail was fetched: such a mail comes last and alone."""

    broke: Counter[int] = field(default_factory=Counter)
    uidvalidity: int = 0

    def begin(self, uidvalidity: int) -> None:
        if uidvalidity != self.uidvalidity:
            self.broke.clear()
            self.uidvalidity = uidvalidity

    def clear(self, uids: Sequence[int]) -> None:
        for uid in uids:
            del self.broke[uid]

    def in_order(self, uids: Sequence[int]) -> list[int]:
        return sorted(uids, key=lambda uid: (self.broke[uid], uid))


@dataclass(frozen=True)
class Round:
    """What a round did. ``missing`` are UIDs that the server lists and did not hand over."""

    stored: int
    missing: tuple[int, ...]
    swept: bool


def fetch_round(mailbox: Mailbox, session: Session, clock: Clock, *, sweep: bool, suspects: Suspects) -> Round:
    """Fetch what is new, or after a comparison of the whole folder whatever is missing. Notes the outcome at the row.

    Raises MailboxTrouble when the conversation breaks, DatabaseError when the database does: what was stored stays.
    """
    folder = session.select()
    suspects.begin(folder.uidvalidity)
    sweep = _counted_anew(mailbox, folder) or sweep
    listed = session.uids(0 if sweep else mailbox.highest_uid, mailbox.since)
    wanted = not_ours(mailbox, folder.uidvalidity, listed)
    if sweep:
        # Below the highest that we have: passed over. They are fetched now.
        _note_missing(mailbox, sum(uid <= mailbox.highest_uid for uid in wanted), clock())
    stored, missing = _take(mailbox, session, folder, suspects.in_order(wanted), suspects, clock)
    if sweep or missing:
        missing = _still_missing(mailbox, session, folder, missing)
    if sweep:
        _note_missing(mailbox, len(missing), clock())
    _note_good(mailbox, folder, sweep, clock())
    if mailbox.move_to and session.can_move:
        _move_stored(mailbox, session, folder)
    return Round(stored, tuple(missing), sweep)


def not_ours(mailbox: Mailbox, uidvalidity: int, uids: Sequence[int]) -> list[int]:
    """Of these, the UIDs without an arrival, ascending."""
    statement = """
        SELECT uid FROM unnest(%s::bigint[]) AS uid WHERE NOT EXISTS (
            SELECT FROM correspondence_arrival AS a WHERE a.mailbox = %s AND a.uidvalidity = %s AND a.uid = uid.uid
        ) ORDER BY uid"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(uids), mailbox.key, uidvalidity])
        return [uid for (uid,) in cursor.fetchall()]


def _counted_anew(mailbox: Mailbox, folder: Folder) -> bool:
    """With another UIDVALIDITY every UID means another mail: compare all of them; what is known is stored once only."""
    if mailbox.uidvalidity == folder.uidvalidity:
        return False
    if mailbox.uidvalidity is not None:
        _log.warning("mailbox.counted_anew", mailbox=mailbox.pk, before=mailbox.uidvalidity, now=folder.uidvalidity)
    _save(mailbox, uidvalidity=folder.uidvalidity, highest_uid=0)
    return True


def _note_missing(mailbox: Mailbox, missing: int, at: datetime) -> None:
    """More than before is an alarm, which is said until a person has seen it."""
    values: dict[str, object] = {"missing": missing}
    if missing > mailbox.missing:
        _log.error("mailbox.gap", mailbox=mailbox.pk, mails=missing)
        values |= {"gaps": mailbox.gaps + missing - mailbox.missing, "gap_at": at}
    if missing != mailbox.missing:
        _save(mailbox, **values)


def _take(
    mailbox: Mailbox, session: Session, folder: Folder, wanted: Sequence[int], suspects: Suspects, clock: Clock
) -> tuple[int, list[int]]:
    """How many were stored, and which were not given."""
    stored, missing = 0, list[int]()
    for start in range(0, len(wanted), SIZES_AT_ONCE):
        part = wanted[start : start + SIZES_AT_ONCE]
        sizes = session.sizes(part)
        missing += [uid for uid in part if uid not in sizes]
        for together in portions([uid for uid in part if uid in sizes], sizes, suspects):
            suspects.broke.update(together)
            given = _fetch(session, together, sizes)
            missing += [uid for uid in together if uid not in given]
            stored += len(given)
            _store(mailbox, given, sizes, folder.uidvalidity, clock())
            suspects.clear(together)
            _advance(mailbox, max(together), clock())
    return stored, missing


def portions(uids: Sequence[int], sizes: dict[int, int], suspects: Suspects) -> Iterator[list[int]]:
    """Small mails together, up to a megabyte; a larger one, or one that broke before, alone."""
    together, room = list[int](), TOGETHER
    for uid in uids:
        alone = suspects.broke[uid] > 0 or sizes[uid] > TOGETHER
        if together and (alone or sizes[uid] > room or len(together) >= MOST_TOGETHER):
            yield together
            together, room = [], TOGETHER
        together.append(uid)
        room -= sizes[uid]
        if alone:
            yield together
            together, room = [], TOGETHER
    if together:
        yield together


def _fetch(session: Session, uids: Sequence[int], sizes: dict[int, int]) -> dict[int, bytes | bytearray]:
    """Of a mail that is too large only its beginning leaves the server.

    One that nobody asked for is left out; one without a byte was not handed over.
    """
    too_large = sizes[uids[0]] > LARGEST
    given = session.bodies(uids, only_first=BEGINNING if too_large else 0)
    return {uid: given[uid] for uid in uids if given.get(uid)}


def _store(
    mailbox: Mailbox, given: dict[int, bytes | bytearray], sizes: dict[int, int], uidvalidity: int, at: datetime
) -> None:
    # A server may name a size that is a little off; only that of a mail cut short is needed.
    fetched = [
        intake.Fetched(uid, raw, sizes[uid] if sizes[uid] > LARGEST else len(raw), return_path(raw))
        for uid, raw in given.items()
    ]
    if fetched:
        intake.store_from_mailbox(mailbox.desk, fetched, mailbox=mailbox.key, uidvalidity=uidvalidity, at=at)


def return_path(raw: bytes | bytearray) -> str:
    """The envelope's sender as the last server noted it: empty for the null sender, "unknown" when it noted none."""
    head = bytes(raw[:BEGINNING]).partition(b"\n\n")[0].partition(b"\r\n\r\n")[0]
    found = re.search(rb"(?im)^return-path:[ \t]*<([^>\r\n]*)>", head)
    return found[1].decode("utf-8", "replace") if found else "unknown"


def _advance(mailbox: Mailbox, uid: int, at: datetime) -> None:
    _save(mailbox, highest_uid=max(mailbox.highest_uid, uid), last_fetch_at=at)


def _still_missing(mailbox: Mailbox, session: Session, folder: Folder, missing: Sequence[int]) -> list[int]:
    """Somebody else may have deleted or moved a mail while we fetched: then it is no gap."""
    if not missing:
        return []
    there = set(session.uids(min(missing) - 1, mailbox.since))
    left = [uid for uid in missing if uid in there]
    if left:
        _log.error("mailbox.not_given", mailbox=mailbox.pk, uidvalidity=folder.uidvalidity, uids=left[:20])
    return left


def _note_good(mailbox: Mailbox, folder: Folder, swept: bool, at: datetime) -> None:
    values = {"in_folder": folder.mails, "last_fetch_at": at, "failures": 0, "failing_since": None, "last_error": ""}
    _save(mailbox, **values, **({"last_sweep_at": at} if swept else {}))


def note_trouble(mailbox: Mailbox, trouble: MailboxTrouble, at: datetime) -> None:
    """It could not be fetched: in sight with the words, until it goes well again."""
    words = str(trouble).replace("\0", "")[:500]
    _log.warning("mailbox.trouble", mailbox=mailbox.pk, trouble=words)
    _save(mailbox, failures=mailbox.failures + 1, failing_since=mailbox.failing_since or at, last_error=words)


def _move_stored(mailbox: Mailbox, session: Session, folder: Folder) -> None:
    """Only what is ours already; killed before it, the next round moves it."""
    listed = session.uids(0, mailbox.since)
    left = set(not_ours(mailbox, folder.uidvalidity, listed))
    ours = [uid for uid in listed if uid not in left]
    if ours:
        session.make_folder(mailbox.move_to)
    for start in range(0, len(ours), MOVED_AT_ONCE):
        session.move(ours[start : start + MOVED_AT_ONCE], mailbox.move_to)


def _save(mailbox: Mailbox, **values: object) -> None:
    """One statement; a row that was removed meanwhile stays removed."""
    with scope(desk=mailbox.desk):
        Mailbox.objects.filter(pk=mailbox.pk).update(**values)
    for name, value in values.items():
        setattr(mailbox, name, value)
