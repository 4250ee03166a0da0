"""A conversation: mails in and out in order, what is to be done, and beside it the case with its session and CDR."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from roamdesk.cases import inbox
from roamdesk.cases.belonging import Maybe
from roamdesk.cases.mailing import UNDO, filled_text, is_answer
from roamdesk.cases.models import Case
from roamdesk.cases.selectors import CaseView, case_view
from roamdesk.cases.understanding import maybes_of
from roamdesk.cases.veiling import values_of, veiled
from roamdesk.cases.words import full, masked
from roamdesk.charging.matching import SessionRecord
from roamdesk.charging.selectors import cdrs_of, sessions_for
from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.console.screens.inbox import correspondent, mark_of
from roamdesk.console.screens.letter import Letter, letter_of
from roamdesk.console.screens.notice import FATES, STATES
from roamdesk.console.screens.step import Choice
from roamdesk.console.screens.understood import UnderstoodPanel, understood_panel
from roamdesk.correspondence.answering import Answered, answered_by
from roamdesk.correspondence.drafts import draft_of, others_writing
from roamdesk.correspondence.models import Conversation, Fate, IncomingMail, Message, OutgoingFile, Verdict
from roamdesk.correspondence.texts import texts_of
from roamdesk.desks.models import Person
from roamdesk.procedure.model import Channel

MORNING, EVENING = 8, 17
MOST_SESSIONS = 3


@dataclass(frozen=True)
class Line:
    """A mail of the conversation. ``letter`` where it is opened already; ``text`` and ``files`` of ours.

    ``again``: to whom an answer of ours can be sent again, as it was refused or nothing is known of it.
    """

    id: str
    number: int
    came: bool
    who: str
    to: tuple[tuple[str, Mark], ...]
    subject: str
    when: str
    marks: tuple[Mark, ...]
    why: str
    letter: Letter | None = None
    text: str = ""
    files: tuple[OutgoingFile, ...] = ()
    again: str = ""


@dataclass(frozen=True)
class Session:
    label: str
    when: str
    token: str
    session_id: str
    cdr: str
    energy: str


@dataclass(frozen=True)
class Step:
    """A duty of the case that waits for this mail, or that an answer of ours does; a digit says that it is done.

    ``templated``: the case has a mail of its own for it, by the procedure's template.
    """

    rule: str
    title: str
    question: str
    choices: tuple[Choice, ...]
    templated: bool


@dataclass(frozen=True)
class Module:
    title: str
    text: str


@dataclass(frozen=True)
class Compose:
    answered: Answered
    draft: str
    key: str
    modules: tuple[tuple[str, tuple[Module, ...]], ...]
    others: tuple[str, ...]


@dataclass(frozen=True)
class ConversationScreen:
    talk: Conversation
    case: Case | None
    who: str
    known: bool
    mark: Mark
    asleep: str
    lines: tuple[Line, ...]
    others: tuple[tuple[Conversation, str, Mark], ...]
    compose: Compose | None
    step: Step | None
    sessions: tuple[Session, ...]
    snoozes: tuple[tuple[str, str], ...]
    maybes: tuple[Maybe, ...]
    understood: UnderstoodPanel | None
    undo: Message | None
    undo_until: datetime | None

    @property
    def newest(self) -> Line | None:
        """The newest mail that came."""
        return next((line for line in reversed(self.lines) if line.came), None)

    @property
    def may_confirm(self) -> bool:
        """What was understood can become known only in an open case, by somebody who may answer."""
        return self.compose is not None and self.case is not None and self.case.state == Case.State.OPEN


def conversation_screen(
    talk: Conversation,
    person: Person,
    now: datetime,
    *,
    may_answer: bool,
    veils: bool = False,
    typed: str | None = None,
) -> ConversationScreen:
    """Everything on the page; ``typed`` is what stood in the answer that was refused. Runs in the desk's scope.

    ``veils``: the person may not reveal, so the User's personal values are masked in the mails.
    """
    case, zone = inbox.case_about(talk), person.zone
    mails = inbox.mails_of(talk)
    newest = next((mail for mail in reversed(mails) if isinstance(mail, IncomingMail)), None)
    asleep = talk.snoozed_until if talk.snoozed_until and talk.snoozed_until > now else None
    undo = _undo(mails, now) if may_answer else None
    view = case_view(case, now, str(person)) if case else None
    return ConversationScreen(
        talk=talk,
        case=case,
        who=correspondent(talk),
        known=talk.partner is not None,
        mark=mark(State.WAITING, "Put off") if asleep else mark_of(talk),
        asleep=words.moment(asleep, now, zone) if asleep else "",
        lines=tuple(_lines(mails, case, now, zone, veils=veils)),
        others=tuple((one, correspondent(one), mark_of(one)) for one in _others(case, talk)),
        compose=_compose(talk, case, person, typed) if may_answer and case else None,
        step=_step(view) if view and may_answer else None,
        sessions=tuple(_sessions(case, now, zone)) if case else (),
        snoozes=snoozes(now, zone),
        maybes=tuple(maybes_of(newest)) if newest and case is None else (),
        understood=_understood(newest, case, now, zone) if newest else None,
        undo=undo,
        undo_until=undo.next_attempt_at if undo else None,
    )


def _understood(mail: IncomingMail, case: Case | None, now: datetime, zone: str) -> UnderstoodPanel | None:
    """What was understood of the newest mail; the cases that it may belong to are offered by themselves."""
    panel = understood_panel(mail, case, now, zone)
    return replace(panel, maybes=()) if panel and (panel.lines or panel.doubts) else None


def _lines(
    mails: list[IncomingMail | Message], case: Case | None, now: datetime, zone: str, *, veils: bool
) -> list[Line]:
    """The newest that came is opened, and what nobody has answered since our last one."""
    newest = max((at for at, mail in enumerate(mails) if isinstance(mail, IncomingMail)), default=-1)
    hidden = [value for values in values_of(case, None).values() for value in values] if veils else []
    return [
        _came(mail, now, zone, opened=at == newest, veils=veils)
        if isinstance(mail, IncomingMail)
        else _sent(mail, now, zone, hidden)
        for at, mail in enumerate(mails)
    ]


def _came(mail: IncomingMail, now: datetime, zone: str, *, opened: bool, veils: bool) -> Line:
    return Line(
        id=f"mail-{mail.pk}",
        number=mail.pk,
        came=True,
        who=mail.sender or "nobody named",
        to=(),
        subject=mail.subject or "(no subject)",
        when=words.moment(mail.arrived_at, now, zone),
        marks=tuple(_marks(mail)),
        why=mail.reason,
        letter=letter_of(mail, veils=veils) if opened else None,
    )


def _marks(mail: IncomingMail) -> list[Mark]:
    marks = []
    if mail.verdict == Verdict.BOUNCE:
        marks.append(mark(State.FAILED, "Came back"))
    elif mail.automatic:
        marks.append(mark(State.LATER, "A machine wrote it"))
    if mail.verdict == Verdict.CALENDAR:
        marks.append(mark(State.LATER, "Answer to an invitation"))
    if copies := getattr(mail, "copies", 0):
        marks.append(mark(State.LATER, f"Came {copies + 1} times"))
    return marks


def _sent(message: Message, now: datetime, zone: str, hidden: list[str]) -> Line:
    state = Message.State(message.state)
    waits = message.next_attempt_at is not None and message.next_attempt_at > now and not message.attempts
    shown = mark(State.WAITING, "Leaves in a moment") if waits else mark(STATES[state], str(state.label))
    return Line(
        id=f"sent-{message.pk}",
        number=message.pk,
        came=False,
        who=message.by or "Roamdesk, by itself",
        to=tuple((address, _fate(message, address)) for address in message.to),
        subject=message.subject,
        when=words.moment(message.queued_at, now, zone),
        marks=(shown,),
        why=message.last_reply,
        text=veiled(message.text, hidden),
        files=tuple(message.files.all()),
        again=", ".join(_again(message)),
    )


def _again(message: Message) -> list[str]:
    lost = message.state in (Message.State.REFUSED, Message.State.UNKNOWN) and is_answer(message)
    return message.addresses(Fate.REFUSED, Fate.UNKNOWN) if lost else []


def _fate(message: Message, address: str) -> Mark:
    fate = Fate(message.fates.get(address, Fate.PENDING))
    return mark(FATES[fate], str(fate.label))


def _undo(mails: list[IncomingMail | Message], now: datetime) -> Message | None:
    """Our newest answer, while it can still be taken back."""
    return next(
        (
            mail
            for mail in reversed(mails)
            if isinstance(mail, Message)
            and mail.origin == Message.Origin.PERSON
            and mail.state == Message.State.QUEUED
            and not mail.attempts
            and now < mail.queued_at + UNDO
        ),
        None,
    )


def _others(case: Case | None, talk: Conversation) -> list[Conversation]:
    return [one for one in inbox.conversations_of(case) if one.pk != talk.pk] if case else []


def _compose(talk: Conversation, case: Case, person: Person, typed: str | None) -> Compose:
    modules: dict[str, list[Module]] = {}
    for text in texts_of(case.desk, case.desk.language):
        modules.setdefault(text.language, []).append(Module(text.title, filled_text(case, text.text, str(person))))
    return Compose(
        answered=answered_by(talk, case.reference),
        draft=draft_of(talk, person) if typed is None else typed,
        key=uuid.uuid4().hex,
        modules=tuple((words.language(key), tuple(found)) for key, found in modules.items()),
        others=tuple(others_writing(talk, person)),
    )


def _step(view: CaseView) -> Step | None:
    """A duty by mail that is open: theirs when they wrote, else ours. Which one, the procedure says."""
    rows = [row for row in view.duties if row.rule.channel is Channel.MAIL and row.rule.answers]
    row = next(iter(sorted(rows, key=lambda row: row.ours)), None)
    if row is None:
        return None
    plain = [(number, answer) for number, answer in enumerate(row.rule.answers, 1) if not answer.asks]
    choices = tuple(Choice(str(number), answer.text, answer.note) for number, answer in plain)
    if not choices:
        return None
    question = row.rule.question or "What has happened?"
    return Step(row.rule.id, row.title, question, choices, templated=row.ours and bool(row.rule.message))


def _sessions(case: Case, now: datetime, zone: str) -> list[Session]:
    """Those at the EVSE or with the token around the time when the case was opened."""
    pointer = case.known.get("values", {}).get("token")
    token = full(case, "token", pointer) if isinstance(pointer, dict) else ""
    if case.evse is None and not token:
        return []
    found = sessions_for(case.desk, evse=case.evse, token=token, now=case.opened_at)[:MOST_SESSIONS]
    bills = {pk: (cdr, energy) for pk, cdr, energy in cdrs_of([session.pk for session in found])}
    return [_session(session, *bills.get(session.pk, ("", None)), now, zone) for session in found]


def _session(session: SessionRecord, cdr: str, energy: Decimal | None, now: datetime, zone: str) -> Session:
    return Session(
        label=session.evse_label or session.evse_id or "EVSE not known",
        when=_span(session.started_at, session.ended_at, now, zone),
        token=masked(session.token_key) if session.token_key else "no token",
        session_id=session.session_id,
        cdr=cdr,
        energy=f"{energy.normalize():f} kWh" if energy is not None else "",
    )


def _span(started: datetime, ended: datetime | None, now: datetime, zone: str) -> str:
    until = words.moment(ended, now, zone) if ended else "still open"
    return f"{words.moment(started, now, zone)} – {until}"


def snoozes(now: datetime, zone: str) -> tuple[tuple[str, str], ...]:
    """Words and instant (ISO, UTC offset) of the times that can be chosen, in the person's zone."""
    local = now.astimezone(ZoneInfo(zone))
    evening, morning = _at(local, EVENING), _at(local + timedelta(days=1), MORNING)
    monday = _at(local + timedelta(days=7 - local.weekday()), MORNING)
    choices = [("In two hours", local + timedelta(hours=2))]
    choices += [("This evening, 17:00", evening)] if evening > local + timedelta(hours=2) else []
    choices += [
        ("Tomorrow, 08:00", morning),
        ("Monday, 08:00", monday),
        ("In a week", _at(local + timedelta(7), MORNING)),
    ]
    return tuple((text, at.replace(microsecond=0).isoformat()) for text, at in choices)


def _at(day: datetime, hour: int) -> datetime:
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)
