"""The Unlock panel: newest attempt first, what each outcome means, and whom the next one touches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from roamdesk.cases.models import Case
from roamdesk.cases.selectors import CaseView
from roamdesk.charging.advice import Mark as Shape
from roamdesk.charging.advice import advice_on
from roamdesk.charging.models import Command, Session
from roamdesk.charging.plugs import End, stuck_advice
from roamdesk.console import words
from roamdesk.console.clocks import passed
from roamdesk.console.marks import Mark, State, mark
from roamdesk.procedure.model import Machine
from roamdesk.worktime import format_clock

SHAPES = {
    Shape.RING: State.LATER,
    Shape.HOURGLASS: State.WAITING,
    Shape.TICK: State.DONE,
    Shape.CROSS: State.FAILED,
    Shape.DASHED_RING: State.UNKNOWN,
}
RUNNING = (Command.State.QUEUED, Command.State.SENT)
NO_STATION = "No station of ours belongs to this label. Mend the label, or unlock in your own backend."


@dataclass(frozen=True)
class Attempt:
    mark: Mark
    text: str
    when: str
    next: str
    sent_at: datetime | None
    running: bool


@dataclass(frozen=True)
class UnlockPanel:
    """``key`` makes two presses of one button one command. ``may_send`` where the procedure asks for an Unlock now."""

    label: str
    station: str
    state: str
    attempts: tuple[Attempt, ...]
    number: int
    of: int
    touches: str
    expect: str
    tell: tuple[str, ...]
    key: str
    may_send: bool
    refused: str
    limit: str

    @property
    def running(self) -> Attempt | None:
        return next((attempt for attempt in self.attempts if attempt.running), None)


def unlock_panel(view: CaseView, now: datetime, zone: str) -> UnlockPanel | None:
    """None on the MSP's side, and where no Unlock was ever asked for."""
    commands = [command for command in view.commands if command.kind == Command.Kind.UNLOCK]
    wanted = any(row.ours and row.rule.machine is Machine.UNLOCK for row in view.duties)
    if not commands and not wanted:
        return None
    evse = view.case.evse
    station = evse.station if evse else None
    values = view.plan.facts.values
    advice = stuck_advice(str(values.get("plug", "")), _end(str(values.get("stuck_end", ""))))
    tried = sum(command.state in (Command.State.ANSWERED, Command.State.UNKNOWN) for command in commands)
    return UnlockPanel(
        label=evse.label if evse else "",
        station=station.identity if station else "",
        state=_station_state(view.case, now),
        attempts=tuple(attempt_of(command, now, zone) for command in commands),
        number=tried + 1,
        of=view.procedure.tries.get("unlock", 3),
        touches=_touches(view.case),
        expect=advice.expect,
        tell=advice.tell,
        key=f"unlock-{len(commands) + 1}",
        may_send=bool(wanted and station) and not any(command.state in RUNNING for command in commands),
        refused="" if station else NO_STATION,
        limit=format_clock(timedelta(seconds=settings.COMMAND_TIMEOUT)),
    )


def _end(told: str) -> End:
    return {"station": End.STATION, "car": End.CAR}.get(told, End.NOT_KNOWN)


def _station_state(case: Case, now: datetime) -> str:
    evse = case.evse
    if evse is None or evse.station is None:
        return "no station of ours"
    station = evse.station
    version = f"OCPP {station.version.removeprefix('ocpp')}, " if station.version else ""
    seen = words.ago(station.last_seen_at, now)
    connected = "connected" if station.is_connected else "not connected"
    return f"{version}connector {evse.connector_number}, {connected}, last seen {seen}"


def attempt_of(command: Command, now: datetime, zone: str) -> Attempt:
    """One command as a line: what came of it, when, and what is next."""
    advice = advice_on(command)
    begun = command.sent_at or command.queued_at
    when = words.clock_time(begun, zone)
    if command.answered_at and command.sent_at:
        when += f", after {max(0, round((command.answered_at - command.sent_at).total_seconds()))} s"
    running = command.state in RUNNING
    shape = mark(SHAPES[advice.mark], advice.reads)
    return Attempt(shape, passed(begun, now) if running else "", when, advice.next, begun, running)


def _touches(case: Case) -> str:
    """Whose session the command would end."""
    if case.evse is None or case.evse.station_id is None:
        return ""
    open_now = Session.objects.filter(evse__station_id=case.evse.station_id, ended_at=None).values_list(
        "evse_id", flat=True
    )
    here = sum(evse_id == case.evse_id for evse_id in open_now)
    elsewhere = len(open_now) - here
    ends = "Ends the running session on this connector" if here else "No session is running on this connector"
    other = words.counted(elsewhere, "other session is", "other sessions are")
    return (
        f"{ends}. {other} running at this station; an Unlock does not touch {'it' if elsewhere == 1 else 'them'}."
        if elsewhere
        else f"{ends}."
    )
