"""Keeps every mailbox of the installation fetched: a thread for each, new ones are found while it runs.

Of several machines one holds a mailbox, by an advisory lock of the very connection that stores its mails: whoever
loses the database loses the mailbox with it. Two at once would only waste work; a mail is stored once either way.
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Iterator
from datetime import datetime

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django_scopes import scopes_disabled

from roamdesk.correspondence import mailboxes
from roamdesk.correspondence.fetching import Clock, Suspects, fetch_round, note_trouble
from roamdesk.correspondence.imap.session import Session
from roamdesk.correspondence.imap.trouble import MailboxTrouble
from roamdesk.correspondence.models import Mailbox

IDLE = 300.0  # seconds; RFC 2177 asks for less than 29 minutes, and every end of it is a look at the folder
POLL = 60.0  # seconds, where the server offers no IDLE
SWEEP_EVERY = 600.0  # seconds
BACK_OFF = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0)  # seconds
STANDBY = 5.0  # seconds between tries to take over a mailbox that another machine holds
LOOK_UP = 2.0  # seconds between looks at the rows
GRACE = 5.0  # seconds for a mail under way when we stop
LOCK_SPACE = 0x524D  # of our advisory locks; the second number is the mailbox's

_log = structlog.get_logger(__name__)


def back_off(failures: int) -> float:
    """Seconds to wait after that many failures in a row, with up to a quarter more by chance."""
    return BACK_OFF[min(max(failures, 1), len(BACK_OFF)) - 1] * random.uniform(1.0, 1.25)


@contextlib.contextmanager
def held(mailbox: Mailbox) -> Iterator[bool]:
    """Whether we hold the mailbox: nobody else does until the block ends or this connection to the database does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, mailbox.pk % 2**31])
            [ours] = cursor.fetchone()
        yield ours
    finally:
        connection.close()


class Keeper(threading.Thread):
    """Fetches one mailbox until it is told to ``leave``."""

    def __init__(self, mailbox: Mailbox, clock: Clock) -> None:
        super().__init__(name=f"mailbox-{mailbox.pk}", daemon=True)
        self.mailbox = mailbox
        self._clock = clock
        self._leaving, self._woken = threading.Event(), threading.Event()
        self._session: Session | None = None
        self._suspects = Suspects()

    def run(self) -> None:
        while not self._leaving.is_set():
            pause = STANDBY
            try:
                with held(self.mailbox) as ours:
                    if ours:
                        pause = self._hold()
            except DatabaseError:
                _log.warning("mailbox.database_away", mailbox=self.mailbox.pk, exc_info=True)
            self._wait(pause)

    def wake(self) -> None:
        self._woken.set()

    def leave(self) -> None:
        """Ends after the mail under way; ``break_off`` does not wait for it."""
        self._leaving.set()
        self._woken.set()

    def break_off(self) -> None:
        """What was not committed is fetched again another time."""
        if self._session is not None:
            self._session.break_off()

    def _hold(self) -> float:
        """Fetch until something goes wrong; how long to wait then, in seconds. Raises DatabaseError."""
        try:
            with scopes_disabled():
                self.mailbox = Mailbox.objects.select_related("desk").get(pk=self.mailbox.pk)
            with Session(self.mailbox) as session:
                self._session = session
                self._serve(session)
        except Mailbox.DoesNotExist:
            self._leaving.set()
        except MailboxTrouble as trouble:
            self._note(trouble)
        except (OperationalError, InterfaceError):
            raise
        except Exception as problem:
            # Whatever it is, a person must see it, and the other mailboxes go on.
            _log.exception("mailbox.failed", mailbox=self.mailbox.pk)
            self._note(MailboxTrouble(f"{type(problem).__name__}: {problem}"))
        finally:
            self._session = None
        return back_off(self.mailbox.failures)

    def _note(self, trouble: MailboxTrouble) -> None:
        if not self._leaving.is_set():
            note_trouble(self.mailbox, trouble, self._clock())

    def _serve(self, session: Session) -> None:
        until = mailboxes.sign_in(session, self.mailbox, self._clock())
        swept_at: datetime | None = None
        while not self._leaving.is_set():
            now = self._clock()
            if until and now > until:
                return  # A new token, with a new connection.
            due = swept_at is None or (now - swept_at).total_seconds() >= SWEEP_EVERY
            self._woken.clear()
            fetch_round(self.mailbox, session, self._clock, sweep=due, suspects=self._suspects)
            swept_at = now if due else swept_at
            if session.can_idle:
                session.wait_idle(IDLE, self._woken)
            else:
                self._woken.wait(POLL)

    def _wait(self, seconds: float) -> None:
        self._woken.wait(seconds)
        if not self._leaving.is_set():
            self._woken.clear()


class Keepers:
    """``with Keepers(clock)``: inside, every enabled mailbox is kept; rows that come, change or go are followed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keepers: dict[tuple[int, datetime], Keeper] = {}
        self._asked: dict[int, datetime | None] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="mailboxes", daemon=True)

    def __enter__(self) -> Keepers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        leaving = list(self._keepers.values())
        for keeper in leaving:
            keeper.leave()
        for keeper in leaving:
            keeper.join(GRACE)
            keeper.break_off()
            keeper.join(GRACE)

    def _follow(self) -> None:
        while True:
            try:
                self._look()
            except DatabaseError:
                _log.warning("mailboxes.database_away", exc_info=True)
                connection.close()
            if self._stopping.wait(LOOK_UP):
                connection.close()
                return

    def _look(self) -> None:
        with scopes_disabled():
            rows = list(Mailbox.objects.filter(enabled=True).select_related("desk"))
        wanted = {(row.pk, row.changed_at): row for row in rows}
        for key in [key for key in self._keepers if key not in wanted]:
            keeper = self._keepers.pop(key)
            keeper.leave()
            keeper.break_off()
        for key, row in wanted.items():
            if key not in self._keepers or not self._keepers[key].is_alive():
                self._keepers[key] = Keeper(row, self._clock)
                self._keepers[key].start()
            elif row.asked_at != self._asked.get(row.pk):
                self._keepers[key].wake()
        self._asked = {row.pk: row.asked_at for row in rows}
