"""The directory of EVSEs: found by what someone reads or by an address, and how it came; one EVSE with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from roamdesk.cases.words import masked
from roamdesk.charging.models import Evidence, Evse, EvseRecord, HotlineChange, Pull, RefusedRecord, Session
from roamdesk.charging.roaming.ports import Health, health_of
from roamdesk.charging.roaming.recording import TIMES
from roamdesk.charging.roaming.selectors import hotlines_of, pulls_of, record_of, refused_records, sessions_at
from roamdesk.charging.roaming.statuses import status_confirmed_at
from roamdesk.charging.selectors import find_evse
from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.desks.models import Desk
from roamdesk.identifiers import IdentifierError
from roamdesk.partners.numbers import shown

SHOWN = 50
GRADES = {
    "cdr": (State.DONE, "CDR"),
    "started": (State.DONE, "Charging seen"),
    "authorised": (State.WAITING, "Authorised"),
    "": (State.DONE, "Seen by our station"),
}
KINDS = {
    "authorised": "Start authorised",
    "remote_start": "Remote start accepted",
    "reserved": "Reservation accepted",
    "stop_authorised": "Stop authorised",
    "remote_stop": "Remote stop accepted",
    "started": "Charging started",
    "progress": "Charging goes on",
    "ended": "Energy stopped, session open",
    "error": "Error reported",
    "cdr": "CDR",
}
PULLS = {
    Pull.State.LOADING: State.WAITING,
    Pull.State.WAITING: State.OVERDUE,
    Pull.State.SWAPPED: State.DONE,
    Pull.State.DROPPED: State.LATER,
}


@dataclass(frozen=True)
class Found:
    evse: Evse
    text: str
    note: str
    status: str
    gone: str


@dataclass(frozen=True)
class Load:
    pull: Pull
    mark: Mark
    what: str
    when: str


@dataclass(frozen=True)
class DirectoryScreen:
    found: tuple[Found, ...]
    complete: bool
    problem: str
    health: Sequence[Health]
    loads: tuple[Load, ...]
    waiting: Pull | None
    refused: Sequence[RefusedRecord]


@dataclass(frozen=True)
class Line:
    """One piece of evidence: what, when it came, its times as written, and its text."""

    what: str
    when: str
    times: tuple[tuple[str, str], ...]
    evidence: Evidence


@dataclass(frozen=True)
class SessionRow:
    session: Session
    mark: Mark
    token: str
    since: str
    ended: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class EvseScreen:
    evse: Evse
    record: EvseRecord | None
    facts: tuple[tuple[str, str], ...]
    status: str
    hotline: str
    hotline_age: str
    gone: str
    sessions: tuple[SessionRow, ...]
    hotlines: Sequence[HotlineChange]


def directory_screen(desk: Desk, wanted: str, now: datetime, zone: str) -> DirectoryScreen:
    """Runs in the desk's scope."""
    hits, complete, problem = _search(desk, wanted)
    loads = pulls_of(desk)
    return DirectoryScreen(
        found=tuple(_found(evse, text, note, now) for evse, text, note in hits[:SHOWN]),
        complete=complete and len(hits) <= SHOWN,
        problem=problem,
        health=health_of(desk, now),
        loads=tuple(_load(pull, now, zone) for pull in loads),
        waiting=next((pull for pull in loads if pull.state == Pull.State.WAITING), None),
        refused=refused_records(desk),
    )


def evse_screen(evse: Evse, now: datetime, zone: str) -> EvseScreen:
    """Runs in the desk's scope."""
    record = record_of(evse)
    return EvseScreen(
        evse=evse,
        record=record,
        facts=tuple((name, value) for name, value in _facts(evse, record) if value),
        status=_status(evse, now),
        hotline=shown(evse.hotline) if evse.hotline else "",
        hotline_age=words.age(evse.hotline_at, now),
        gone=_gone(evse, now),
        sessions=tuple(_session(session, now, zone) for session in sessions_at(evse)),
        hotlines=hotlines_of(evse),
    )


def _search(desk: Desk, wanted: str) -> tuple[list[tuple[Evse, str, str]], bool, str]:
    if not wanted:
        return [], True, ""
    try:
        found = find_evse(desk, wanted)
    except IdentifierError as fault:
        return [], True, str(fault)
    return [(hit.evse, hit.text, hit.note) for hit in found.hits], found.complete, ""


def _found(evse: Evse, text: str, note: str, now: datetime) -> Found:
    return Found(evse, text, note, _status(evse, now), _gone(evse, now))


def _status(evse: Evse, now: datetime) -> str:
    """The state with the age of what we know: of the station's word, or of our own fetch."""
    if not evse.status:
        return ""
    return f"{evse.status}, {words.ago(status_confirmed_at(evse), now)}"


def _gone(evse: Evse, now: datetime) -> str:
    if evse.withdrawn_at is None:
        return ""
    return f"Not in roaming data any more, since {words.ago(evse.withdrawn_at, now)}"


def _load(pull: Pull, now: datetime, zone: str) -> Load:
    kind = ("Whole directory" if pull.whole else "Changes") + (f" from {pull.source}" if pull.source else "")
    counts = (
        (pull.added, "added"), (pull.changed, "changed"), (pull.withdrawn, "withdrawn"), (pull.refused, "refused"),
        (pull.doubled, "twice"),
    )  # fmt: skip
    told = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    state = mark(PULLS[Pull.State(pull.state)], pull.get_state_display())
    return Load(
        pull, state, f"{kind}: {pull.records:,} records{', ' if told else ''}{told}",
        words.moment(pull.finished_at or pull.heard_at, now, zone),
    )  # fmt: skip


def _facts(evse: Evse, record: EvseRecord | None) -> Iterable[tuple[str, str]]:
    yield "EVSE id", evse.evse_id
    yield "Operated by", str(evse.partner or "")
    yield "Address", evse.address
    yield "Plug", evse.get_plug_display()
    if record is None:
        yield "Where exactly", evse.place_hint
        return
    yield "Where exactly", record.place
    yield "Names", record.names
    yield "Station", record.station_id
    yield "Operator", " ".join(filter(None, (record.operator_name, record.operator_id)))
    yield "Sub-operator", record.sub_operator
    yield "Plugs", record.plug_words
    yield "Power", record.power
    yield "Open", record.hours
    yield "Access", record.accessibility
    yield "Starts with", record.authentication
    yield "Payment", record.payment
    yield "Through the hub", _yes_or_no(record.remote, "can be started and stopped", "can't be started or stopped")
    yield "State", _yes_or_no(record.live_status, "is told live", "is not told live")
    yield "Coordinates", f"{record.latitude:.5f} {record.longitude:.5f}" if _placed(record) else ""


def _placed(record: EvseRecord) -> bool:
    return record.latitude is not None and record.longitude is not None


def _yes_or_no(said: bool | None, yes: str, no: str) -> str:
    return "" if said is None else yes if said else no


def _session(session: Session, now: datetime, zone: str) -> SessionRow:
    evidence = sorted(session.evidence.all(), key=lambda one: (one.received_at, one.pk))
    return SessionRow(
        session=session,
        mark=mark(*GRADES.get(session.grade, GRADES["authorised"])),
        token=masked(session.token_key) if session.token_key else "not known",
        since=words.moment(session.started_at, now, zone),
        ended=words.moment(session.ended_at, now, zone) if session.ended_at else "",
        lines=tuple(_line(one, now, zone) for one in evidence),
    )


def _line(evidence: Evidence, now: datetime, zone: str) -> Line:
    times = tuple((name.replace("_", " "), evidence.times[name]) for name in TIMES if name in evidence.times)
    what = KINDS.get(evidence.kind, evidence.kind) + (", by us" if evidence.sent_by_us else "")
    return Line(what, words.moment(evidence.received_at, now, zone), times, evidence)
