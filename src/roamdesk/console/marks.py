"""A mark is shape, word and hue together; take away any one and it still reads. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What hue and shape mean, and nothing else."""

    DANGER = "danger"
    OVERDUE = "overdue"
    WAITING = "waiting"
    DONE = "done"
    UNKNOWN = "unknown"
    FAILED = "failed"
    TODO = "todo"
    LATER = "later"


_WORDS = {
    State.DANGER: "Danger",
    State.OVERDUE: "Overdue",
    State.WAITING: "Waiting",
    State.DONE: "Done",
    State.UNKNOWN: "Not known",
    State.FAILED: "Failed",
    State.TODO: "To do",
    State.LATER: "Later",
}


@dataclass(frozen=True)
class Mark:
    state: State
    word: str

    @property
    def icon(self) -> str:
        return self.state.value

    @property
    def hue(self) -> str:
        """The class that colours an icon alone; failed, to do and later have no hue."""
        return f"c-{self.state}" if self.state in _COLOURED else "faint" if self.state is State.LATER else ""


_COLOURED = {State.DANGER, State.OVERDUE, State.WAITING, State.DONE, State.UNKNOWN}


def mark(state: State, word: str = "") -> Mark:
    return Mark(state, word or _WORDS[state])
