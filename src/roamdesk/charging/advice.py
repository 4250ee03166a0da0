"""What the operator reads of a command, with its mark and the next thing to do (the console's unlock table)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from roamdesk.charging.models import Command
from roamdesk.charging.ports import Outcome


class Mark(StrEnum):
    """Shapes of the console; each is a state, never a mood."""

    RING = "ring"
    HOURGLASS = "hourglass"
    TICK = "tick"
    CROSS = "square_cross"
    DASHED_RING = "dashed_ring"


@dataclass(frozen=True)
class Advice:
    """``reads`` is one line for the operator; ``next`` is what to do, in a few words."""

    mark: Mark
    reads: str
    next: str


_UNKNOWN_NEXT = "ask the User, read the status, send again"
_FAILED_NEXT = "tension off, again, at most three"
WAITING_TO_BE_SENT = Advice(Mark.HOURGLASS, "Queued, on its way to the station", "wait a few seconds")
SENT = Advice(Mark.HOURGLASS, "Sent, waiting for the station", "tell the User what to do with the plug")
ADVICE: dict[Outcome, Advice] = {
    Outcome.NOT_CONNECTED: Advice(Mark.RING, "Not sent: station not connected", "send when it returns, phone, field"),
    Outcome.NOT_POSSIBLE: Advice(Mark.RING, "Not sent: this order cannot be given", "look at the reason; phone, field"),
    Outcome.BUSY: Advice(Mark.RING, "Not sent: the station has too many orders waiting", "send again in a minute"),
    Outcome.UNLOCKED: Advice(
        Mark.TICK, "Unlocked (reported by the station)", '"Is it out?" Only the answer frees the case'
    ),
    Outcome.UNLOCK_FAILED: Advice(Mark.CROSS, "Unlock failed", _FAILED_NEXT),
    Outcome.CALL_ERROR: Advice(Mark.CROSS, "Unlock failed: the station answered with an error", _FAILED_NEXT),
    Outcome.NOT_SUPPORTED: Advice(
        Mark.CROSS,
        "Not supported: no lock at this end, or wrong connector",
        "mapping, then the car's own lock",
    ),
    Outcome.ONGOING_SESSION: Advice(Mark.HOURGLASS, "A session is still open there", "stop it, then Unlock"),
    Outcome.UNKNOWN_CONNECTOR: Advice(
        Mark.CROSS,
        "The station does not know this connector",
        "mend the mapping; say nothing to the User",
    ),
    Outcome.NO_ANSWER: Advice(Mark.DASHED_RING, "No answer: unknown. It may still unlock", _UNKNOWN_NEXT),
    Outcome.CONNECTION_LOST: Advice(
        Mark.DASHED_RING, "Connection lost after sending: unknown. It may still unlock", _UNKNOWN_NEXT
    ),
    Outcome.UNREADABLE: Advice(
        Mark.DASHED_RING, "The answer cannot be read: unknown. It may have unlocked", _UNKNOWN_NEXT
    ),
    Outcome.ACCEPTED: Advice(Mark.HOURGLASS, "Accepted by the station, not yet done", "wait for the session to stop"),
    Outcome.REJECTED: Advice(Mark.CROSS, "Rejected: the station knows no such session", "read the status, then Unlock"),
    Outcome.OCCUPIED: Advice(Mark.CROSS, "Not reserved: occupied", "read the status"),
    Outcome.FAULTED: Advice(Mark.CROSS, "Not reserved: the station has a fault there", "read the status, field"),
    Outcome.UNAVAILABLE: Advice(Mark.CROSS, "Not reserved: out of service", "read the status"),
}
_BY_HUB: dict[Outcome, Advice] = {
    Outcome.NOT_CONNECTED: Advice(Mark.RING, "Not sent: no way to the hub", "phone the CPO"),
    Outcome.ACCEPTED: Advice(
        Mark.HOURGLASS, "Accepted by the CPO, not yet seen to stop", "ask the User: has the session ended?"
    ),
    Outcome.REJECTED: Advice(Mark.CROSS, "The CPO knows no such session: it may have ended", "ask the User; phone"),
    Outcome.NOT_SUPPORTED: Advice(Mark.CROSS, "The CPO takes no remote stop", "stop with the card; phone the CPO"),
    Outcome.CALL_ERROR: Advice(Mark.CROSS, "Remote stop failed at the CPO", "stop with the card; phone the CPO"),
    Outcome.NO_ANSWER: Advice(
        Mark.DASHED_RING, "No answer from the CPO: unknown. It may still stop", "ask the User; phone the CPO"
    ),
}
_QUEUED_BY_HUB = Advice(Mark.HOURGLASS, "Queued, on its way to the hub", "wait a few seconds")
_SENT_BY_HUB = Advice(Mark.HOURGLASS, "Sent to the hub, waiting for the CPO", "stay with the User")
_OF_A_STOP: dict[Outcome, str] = {
    Outcome.CALL_ERROR: "Remote stop failed: the station answered with an error",
    Outcome.NOT_SUPPORTED: "The station does not support this command",
    Outcome.NO_ANSWER: "No answer: unknown. It may still stop",
    Outcome.CONNECTION_LOST: "Connection lost after sending: unknown. It may still stop",
    Outcome.UNREADABLE: "The answer cannot be read: unknown. It may have stopped",
}


def advice_on(command: Command) -> Advice:
    """What the operator reads of this command now, its detail and lateness included."""
    by_hub = command.station_id is None
    if command.state == Command.State.QUEUED:
        return _QUEUED_BY_HUB if by_hub else WAITING_TO_BE_SENT
    if command.state == Command.State.SENT:
        return _SENT_BY_HUB if by_hub else SENT
    outcome = Outcome(command.outcome)
    found = (_BY_HUB if by_hub else ADVICE).get(outcome, ADVICE[outcome])
    reads = found.reads if by_hub or command.kind == Command.Kind.UNLOCK else _OF_A_STOP.get(outcome, found.reads)
    return replace(found, reads=", ".join(part for part in (reads, command.detail.rstrip("."), _late(command)) if part))


def _late(command: Command) -> str:
    if not command.late or command.sent_at is None or command.answered_at is None:
        return ""
    return f"late answer, after {_seconds(command.sent_at, command.answered_at)} s"


def _seconds(begin: datetime, end: datetime) -> int:
    return round((end - begin).total_seconds())
