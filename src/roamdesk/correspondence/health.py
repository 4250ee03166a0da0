"""How the mail of a desk is doing: each mailbox, each port, and what waits; with what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Min, Q

from roamdesk.correspondence.models import Arrival, IncomingMail, Mailbox, Message
from roamdesk.desks.models import Desk

QUIET = timedelta(minutes=15)  # a mailbox is looked at every five minutes
UNREAD = timedelta(minutes=5)
UNSENT = timedelta(minutes=15)
LATELY = timedelta(days=7)


class Standing(StrEnum):
    GOOD = "good"
    PAUSED = "paused"
    NEW = "new"
    FAILING = "failing"
    SILENT = "silent"
    GAP = "gap"


ALARMS = frozenset({Standing.FAILING, Standing.SILENT, Standing.GAP})


@dataclass(frozen=True)
class MailboxHealth:
    """``mend`` says what to do, empty where nothing is to be done."""

    mailbox: Mailbox
    standing: Standing
    words: str
    mend: str = ""

    @property
    def is_alarm(self) -> bool:
        return self.standing in ALARMS


@dataclass(frozen=True)
class PortHealth:
    """``last_at`` is when mail last came that way; None: never."""

    via: Arrival.Via
    last_at: datetime | None


@dataclass(frozen=True)
class MailHealth:
    """Of one desk. ``oldest_unread`` and ``oldest_unsent`` are since when the oldest one waits."""

    mailboxes: tuple[MailboxHealth, ...]
    ports: tuple[PortHealth, ...]
    quarantined: int
    unread: int
    oldest_unread: datetime | None
    unsent: int
    oldest_unsent: datetime | None
    unknown: int
    refused: int
    bounced: int
    now: datetime

    @property
    def reads_slowly(self) -> bool:
        return self.oldest_unread is not None and self.now - self.oldest_unread > UNREAD

    @property
    def sends_slowly(self) -> bool:
        return self.oldest_unsent is not None and self.now - self.oldest_unsent > UNSENT

    @property
    def alarms(self) -> int:
        """How many things a person has to look at."""
        waiting = (self.reads_slowly, self.sends_slowly, self.quarantined, self.unknown)
        return sum(one.is_alarm for one in self.mailboxes) + sum(map(bool, waiting))


def mail_health(desk: Desk, now: datetime) -> MailHealth:
    """Runs in the desk's scope."""
    mails = IncomingMail.objects.filter(desk=desk).exclude(state=IncomingMail.State.READ)
    waiting = mails.aggregate(
        quarantined=Count("pk", filter=Q(state=IncomingMail.State.QUARANTINED)),
        unread=Count("pk", filter=Q(state=IncomingMail.State.STORED)),
        oldest_unread=Min("arrived_at", filter=Q(state=IncomingMail.State.STORED)),
    )
    State = Message.State
    unsent, lately = Q(state__in=[State.QUEUED, State.SENDING]), Q(queued_at__gte=now - LATELY)
    open_states = [State.QUEUED, State.SENDING, State.UNKNOWN, State.REFUSED, State.BOUNCED]
    sending = Message.objects.filter(desk=desk, state__in=open_states).aggregate(
        unsent=Count("pk", filter=unsent),
        oldest_unsent=Min("queued_at", filter=unsent),
        unknown=Count("pk", filter=Q(state=State.UNKNOWN) & lately),
        refused=Count("pk", filter=Q(state=State.REFUSED) & lately),
        bounced=Count("pk", filter=Q(state=State.BOUNCED) & lately),
    )
    boxes = Mailbox.objects.filter(desk=desk).order_by("name")
    return MailHealth(
        mailboxes=tuple(mailbox_health(one, now) for one in boxes),
        ports=tuple(PortHealth(via, _last(desk, via)) for via in (Arrival.Via.SMTP, Arrival.Via.LMTP)),
        now=now,
        **waiting,
        **sending,
    )


def _last(desk: Desk, via: Arrival.Via) -> datetime | None:
    newest = Arrival.objects.filter(mail__desk=desk, via=via).order_by("-at")
    found: datetime | None = newest.values_list("at", flat=True).first()
    return found


def mailbox_health(mailbox: Mailbox, now: datetime) -> MailboxHealth:
    """The worst thing first: it is not fetched, then mails are missing."""
    if not mailbox.enabled:
        return MailboxHealth(mailbox, Standing.PAUSED, "Paused.", "Resume it when its mail shall come again.")
    if mailbox.failures:
        words = f"Not fetched since {_at(mailbox.failing_since)}: {mailbox.last_error}"
        mend = "It is tried again by itself. What you mend shows here; mail waits on the server meanwhile."
        return MailboxHealth(mailbox, Standing.FAILING, words, mend)
    since = mailbox.last_fetch_at or mailbox.changed_at
    if now - max(since, mailbox.changed_at) > QUIET:
        mend = "The part that fetches does not run: start `roamdesk serve`, or `roamdesk mail`."
        return MailboxHealth(mailbox, Standing.SILENT, f"Nobody has looked since {_at(since)}.", mend)
    if mailbox.missing:
        words = f"{_mails(mailbox.missing)} that the server lists and does not hand over."
        mend = "Open the folder in a mail program and move that mail to another folder and back."
        return MailboxHealth(mailbox, Standing.GAP, words, mend)
    if mailbox.gap_at:
        words = f"At {_at(mailbox.gap_at)} mails were found that had been passed over; they are fetched now."
        mend = f"Look through the mail of those days: {_mails(mailbox.gaps)} came late, all told."
        return MailboxHealth(mailbox, Standing.GAP, words, mend)
    if mailbox.last_fetch_at is None:
        return MailboxHealth(mailbox, Standing.NEW, "Not fetched yet.", "It begins within seconds.")
    return MailboxHealth(mailbox, Standing.GOOD, f"Fetched at {_at(mailbox.last_fetch_at)}.")


def _at(at: datetime | None) -> str:
    return f"{at:%d/%m %H:%M} UTC" if at else "never"


def _mails(count: int) -> str:
    return "1 mail" if count == 1 else f"{count} mails"
