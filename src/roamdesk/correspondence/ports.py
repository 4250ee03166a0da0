"""Who hears when a message changes or a mail came. An upper floor registers; this floor never names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django_scopes import scope

from roamdesk.correspondence.models import IncomingMail, Message
from roamdesk.correspondence.parsing.mail import ParsedMail
from roamdesk.desks.models import Desk

MessageListener = Callable[[Message], None]
MailListener = Callable[[IncomingMail], None]
ReferenceFinder = Callable[[Desk, str], str]
MailReader = Callable[[IncomingMail, ParsedMail], None]
CaseFinder = Callable[[IncomingMail, ParsedMail], "Filed | None"]
CalendarReader = Callable[[Desk, bytes, str, datetime], str]

_listeners: list[MessageListener] = []
_mail_listeners: list[MailListener] = []
_finders: list[ReferenceFinder] = []
_calendar_readers: list[CalendarReader] = []
_mail_readers: list[MailReader] = []
_by_their_reference: list[CaseFinder] = []
_openers: list[CaseFinder] = []


@dataclass(frozen=True)
class Filed:
    """What a mail is about (``case:17``), and why in words; ``about`` is empty where only a person can say it."""

    reason: str
    about: str = ""


def on_message_changed(listener: MessageListener) -> None:
    """``listener`` hears each outcome, in the transaction that stored it, within the message's desk.

    It hears of queued (again), accepted, unknown, refused, bounced and answered, and may hear one twice.
    """
    if listener not in _listeners:
        _listeners.append(listener)


def message_changed(message: Message) -> None:
    with scope(desk=message.desk):
        for listener in _listeners:
            listener(message)


def on_mail_read(listener: MailListener) -> None:
    """``listener`` hears of each mail that was read, in that transaction, within the mail's desk.

    It may hear of one mail twice. What it raises puts the mail into quarantine, and it is read again later.
    """
    if listener not in _mail_listeners:
        _mail_listeners.append(listener)


def mail_read(mail: IncomingMail) -> None:
    for listener in _mail_listeners:
        listener(mail)


def on_reference(finder: ReferenceFinder) -> None:
    """``finder`` tells what a reference of ours in a subject is about (``case:17``), empty for nothing."""
    if finder not in _finders:
        _finders.append(finder)


def about_reference(desk: Desk, reference: str) -> str:
    return next((about for finder in _finders if (about := finder(desk, reference))), "")


def on_their_reference(finder: CaseFinder) -> None:
    """``finder`` tells what a mail is about by its sender and the sender's own reference; None for nothing."""
    if finder not in _by_their_reference:
        _by_their_reference.append(finder)


def by_their_reference(mail: IncomingMail, read: ParsedMail) -> Filed | None:
    return next((filed for finder in _by_their_reference if (filed := finder(mail, read))), None)


def on_new_matter(opener: CaseFinder) -> None:
    """``opener`` takes up a person's mail that belongs to nothing, in the transaction of its reading."""
    if opener not in _openers:
        _openers.append(opener)


def new_matter(mail: IncomingMail, read: ParsedMail) -> Filed | None:
    return next((filed for opener in _openers if (filed := opener(mail, read))), None)


def on_mail_parsed(reader: MailReader) -> None:
    """``reader`` is given each mail with its parts, once it is known where it stands and before ``on_mail_read``."""
    if reader not in _mail_readers:
        _mail_readers.append(reader)


def mail_parsed(mail: IncomingMail, read: ParsedMail) -> None:
    for reader in _mail_readers:
        reader(mail, read)


def on_calendar_reply(reader: CalendarReader) -> None:
    """``reader`` takes an iCalendar object with METHOD:REPLY and its sender; its words, empty for an unknown one."""
    if reader not in _calendar_readers:
        _calendar_readers.append(reader)


def calendar_reply(desk: Desk, raw: bytes, sender: str, at: datetime) -> str:
    return next((told for reader in _calendar_readers if (told := reader(desk, raw, sender, at))), "")
