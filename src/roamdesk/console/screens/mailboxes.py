"""How the desk's mail is doing: the mailboxes, the ports, what waits, and what a person has to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.correspondence.health import MailboxHealth, MailHealth, PortHealth, Standing, mail_health
from roamdesk.correspondence.models import Mailbox
from roamdesk.desks.models import Desk

MARKS = {
    Standing.GOOD: (State.DONE, "Fetched"),
    Standing.PAUSED: (State.LATER, "Paused"),
    Standing.NEW: (State.WAITING, "Not yet fetched"),
    Standing.FAILING: (State.FAILED, "Not fetched"),
    Standing.SILENT: (State.OVERDUE, "Nobody looks"),
    Standing.GAP: (State.OVERDUE, "Passed over"),
}


@dataclass(frozen=True)
class Row:
    health: MailboxHealth
    mark: Mark
    fetched: str

    @property
    def mailbox(self) -> Mailbox:
        return self.health.mailbox


@dataclass(frozen=True)
class Figure:
    """One thing that waits or went wrong. ``mend`` is empty where nothing is to be done."""

    mark: Mark
    what: str
    mend: str = ""


@dataclass(frozen=True)
class Port:
    name: str
    last: str


@dataclass(frozen=True)
class MailboxesScreen:
    rows: tuple[Row, ...]
    figures: tuple[Figure, ...]
    ports: tuple[Port, ...]
    alarms: int


def mailboxes_screen(desk: Desk, now: datetime) -> MailboxesScreen:
    """Runs in the desk's scope."""
    found = mail_health(desk, now)
    return MailboxesScreen(
        rows=tuple(_row(one, now) for one in found.mailboxes),
        figures=(*_coming_in(found, desk), *_going_out(found)),
        ports=tuple(_port(one, now) for one in found.ports),
        alarms=found.alarms,
    )


def alarms_of(desk: Desk) -> int:
    """Mailboxes that somebody has to look at: one query, for the mark beside every screen."""
    wrong = Q(failures__gt=0) | Q(missing__gt=0) | Q(gap_at__isnull=False)
    return Mailbox.objects.filter(wrong, desk=desk, enabled=True).count()


def _row(health: MailboxHealth, now: datetime) -> Row:
    fetched = health.mailbox.last_fetch_at
    told = f"last fetched {words.ago(fetched, now)}" if fetched else "never fetched"
    return Row(health, mark(*MARKS[health.standing]), told)


def _port(port: PortHealth, now: datetime) -> Port:
    return Port(port.via.label, f"last mail {words.ago(port.last_at, now)}" if port.last_at else "no mail yet")


def _coming_in(found: MailHealth, desk: Desk) -> Iterator[Figure]:
    if found.quarantined:
        mend = f"Read the reasons: roamdesk incoming list --desk {desk.slug}"
        yield Figure(mark(State.FAILED, "Quarantine"), f"{_mails(found.quarantined)} cannot be read", mend)
    else:
        yield Figure(mark(State.DONE, "Quarantine"), "Every mail could be read")
    since = _since(found.oldest_unread, found.now)
    if found.reads_slowly:
        mend = "The part that reads does not keep up: see that `roamdesk worker` runs."
        yield Figure(mark(State.OVERDUE, "Unread"), f"{_mails(found.unread)} not read yet, the oldest {since}", mend)
    else:
        waits = f"{_mails(found.unread)} not read yet, {since}"
        yield Figure(mark(State.DONE, "Unread"), waits if found.unread else "Every mail was read")


def _going_out(found: MailHealth) -> Iterator[Figure]:
    since = _since(found.oldest_unsent, found.now)
    if found.sends_slowly:
        mend = "The relay does not take it, or no worker runs: roamdesk doctor says which."
        yield Figure(mark(State.OVERDUE, "Unsent"), f"{_mails(found.unsent)} not sent yet, the oldest {since}", mend)
    else:
        waits = f"{_mails(found.unsent)} not sent yet, {since}"
        yield Figure(mark(State.DONE, "Unsent"), waits if found.unsent else "No mail waits to leave")
    if found.unknown:
        what, mend = f"{_mails(found.unknown)} handed over without an answer", "Ask the partner, or send it again."
        yield Figure(mark(State.UNKNOWN), f"{what} in the last 7 days", f"{mend} Each stands in its case.")
    if found.refused or found.bounced:
        what = f"{_mails(found.refused)} refused by the relay and {_mails(found.bounced)} come back in the last 7 days"
        yield Figure(mark(State.FAILED, "Not arrived"), what, "Correct the partner's address; each stands in its case.")


def _since(at: datetime | None, now: datetime) -> str:
    return words.ago(at, now) if at else ""


def _mails(count: int) -> str:
    return "1 mail" if count == 1 else f"{count or 'no'} mails"
