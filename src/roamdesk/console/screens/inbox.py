"""The inbox: mail by what is to be done about it; a row says who wrote, what about, and since when it waits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from roamdesk.cases.inbox import LISTS, QUARANTINE, SNOOZED, Entry, Listing, counts, due_in, listing
from roamdesk.cases.models import Case
from roamdesk.cases.understanding import stating_danger
from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.correspondence.conversations import Todo
from roamdesk.correspondence.models import Conversation, IncomingMail
from roamdesk.desks.models import Desk

TITLES = {
    Todo.NEW: "New",
    Todo.OURS: "Ours to answer",
    Todo.THEIRS: "Waiting for them",
    SNOOZED: "Put off",
    Todo.UNPLACED: "Unplaced",
    QUARANTINE: "Quarantine",
    Todo.ASIDE: "Aside",
}
EMPTY = {
    Todo.NEW: "Nobody has written anything that nobody has looked at.",
    Todo.OURS: "No mail waits for an answer of ours.",
    Todo.THEIRS: "We wait for no answer by mail.",
    SNOOZED: "Nothing is put off.",
    Todo.UNPLACED: "Every mail belongs to something that we know, or is set aside.",
    QUARANTINE: "Every mail that came could be read.",
    Todo.ASIDE: "Nothing is set aside, and no machine wrote anything that belongs nowhere.",
}
MARKS = {
    Todo.NEW: (State.TODO, "New"),
    Todo.OURS: (State.TODO, "Answer"),
    Todo.THEIRS: (State.WAITING, "With them"),
    Todo.UNPLACED: (State.UNKNOWN, "Unplaced"),
    Todo.ASIDE: (State.LATER, "Aside"),
    Todo.NOTHING: (State.DONE, "Nothing to do"),
}


@dataclass(frozen=True)
class Tab:
    key: str
    digit: int
    title: str
    count: int
    on: bool


@dataclass(frozen=True)
class Row:
    """``known`` tells a partner from a sender whom nobody knows; ``unread`` is set where it is a mail in quarantine."""

    id: str
    number: int
    mark: Mark
    who: str
    known: bool
    subject: str
    case: Case | None
    place: str
    since: datetime
    when: str
    owner: str
    unread: bool = False


@dataclass(frozen=True)
class Inbox:
    chosen: str
    title: str
    tabs: tuple[Tab, ...]
    rows: tuple[Row, ...]
    more: str
    empty: str
    elsewhere: Tab | None

    @property
    def total(self) -> int:
        return next(tab.count for tab in self.tabs if tab.on)


def inbox_screen(desk: Desk, zone: str, now: datetime, chosen: str, after: str) -> Inbox:
    """The list ``chosen`` of ``LISTS`` from the place ``after`` on. Runs in the desk's scope.

    Raises ValueError for a place that nobody gave out.
    """
    found, counted = listing(desk, chosen, now, after), counts(desk, now)
    tabs = tuple(Tab(name, digit, TITLES[name], counted[name], name == chosen) for digit, name in enumerate(LISTS, 1))
    return Inbox(
        chosen=chosen,
        title=TITLES[chosen],
        tabs=tabs,
        rows=tuple(_rows(desk, found, now, zone)),
        more=found.more,
        empty=EMPTY[chosen],
        elsewhere=next((tab for tab in tabs if tab.count and not tab.on and tab.key in _WORK), None),
    )


_WORK = (Todo.NEW, Todo.OURS, Todo.UNPLACED, QUARANTINE)


def _rows(desk: Desk, found: Listing, now: datetime, zone: str) -> list[Row]:
    danger = stating_danger(desk, [entry.conversation.pk for entry in found.entries]) if found.entries else set()
    due = due_in(desk, found.entries, now)
    rows = [_row(entry, due.get(entry.conversation.pk), now, zone) for entry in found.entries]
    rows = [replace(row, mark=mark(State.OVERDUE, "Read it now")) if row.number in danger else row for row in rows]
    return rows + [_unread(mail, now, zone) for mail in found.unread]


def _row(entry: Entry, due: datetime | None, now: datetime, zone: str) -> Row:
    talk, case = entry.conversation, entry.case
    asleep = talk.snoozed_until if talk.snoozed_until and talk.snoozed_until > now else None
    late = due is not None and due < now
    return Row(
        id=f"talk-{talk.pk}",
        number=talk.pk,
        mark=mark(State.WAITING, "Put off") if asleep else mark(State.OVERDUE) if late else mark_of(talk),
        who=correspondent(talk),
        known=talk.partner is not None,
        subject=talk.subject or "(no subject)",
        case=case,
        place=f"waits {words.age(talk.since, now)}, due {words.moment(due, now, zone)}" if due else _place(talk, case),
        since=talk.since,
        when=f"until {words.moment(asleep, now, zone)}" if asleep else words.moment(talk.since, now, zone),
        owner=str(case.owner).split()[0] if case and case.owner else "nobody" if case else "",
    )


def mark_of(talk: Conversation) -> Mark:
    return mark(*MARKS[Todo(talk.todo)])


def correspondent(talk: Conversation) -> str:
    return talk.partner.name if talk.partner else "nobody named" if talk.who == "nobody" else talk.who


def _place(talk: Conversation, case: Case | None) -> str:
    if case:
        return case.title or "case"
    if talk.todo == Todo.ASIDE:
        return f"set aside by {talk.aside_by}" if talk.aside_by else "a machine wrote it"
    return "belongs to nothing that we know"


def _unread(mail: IncomingMail, now: datetime, zone: str) -> Row:
    again = mail.next_attempt_at
    return Row(
        id=f"mail-{mail.pk}",
        number=mail.pk,
        mark=mark(State.FAILED, "Not read"),
        who=mail.envelope_from or "the null sender",
        known=True,
        subject=mail.reason or "It could not be read.",
        case=None,
        place=f"tried again {words.moment(again, now, zone)}" if again else "waits for you",
        since=mail.arrived_at,
        when=words.moment(mail.arrived_at, now, zone),
        owner="",
        unread=True,
    )
