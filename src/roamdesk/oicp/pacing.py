"""Keeping to the hub's calls per minute (section 11)."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from roamdesk.oicp.operations import Operation


class Pace(Protocol):
    """Says how long to wait until the next call of a kind may go."""

    def wait_before(self, operation: Operation, party: str) -> float:
        """Seconds, 0 for at once. The turn is taken with the answer."""
        ...


class PaceOfProcess:
    """Calls of one kind evenly apart, as far as this process makes them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def wait_before(self, operation: Operation, party: str) -> float:
        with self._lock:
            now = self._clock()
            turn = max(now, self._free_at.get((operation.name, party), now))
            self._free_at[operation.name, party] = turn + spacing(operation)
            return turn - now


def spacing(operation: Operation) -> float:
    """Seconds between two calls."""
    return 60.0 / operation.per_minute
