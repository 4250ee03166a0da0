"""How the stand-in can be told to fail: each documented way once, for the next call that it fits."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    PARTNER_SILENT = "310"  # the partner gets the call, the caller hears that it did not answer
    SESSION_UNKNOWN = "session unknown"
    RECORD_TWICE = "record twice"  # a charge detail record is forwarded twice
    NOT_FORWARDED = "not forwarded"  # stored and acknowledged, the MSP never hears
    SYSTEM_ERROR = "500"
    UNAUTHORIZED = "401"
    INVALID = "400"
    PROXY_REFUSES = "403"
    NOT_FOUND = "404"
    TIMED_OUT = "408"
    TOO_MANY = "429"


@dataclass
class Faults:
    """Told in order; `take` gives one away when it fits and is due."""

    waiting: deque[tuple[str, Fault]] = field(default_factory=deque)

    def fail_next(self, fault: Fault, operation: str = "") -> None:
        """The next call of `operation`, or any, fails like this."""
        self.waiting.append((operation, fault))

    def take(self, operation: str, *fitting: Fault) -> Fault | None:
        for entry in self.waiting:
            if entry[0] in ("", operation) and entry[1] in fitting:
                self.waiting.remove(entry)
                return entry[1]
        return None


OF_HTTP = (
    Fault.SYSTEM_ERROR, Fault.UNAUTHORIZED, Fault.INVALID, Fault.PROXY_REFUSES, Fault.NOT_FOUND, Fault.TIMED_OUT,
    Fault.TOO_MANY,
)  # fmt: skip
