"""How much one station may ask of us before it is slowed, and then closed."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Per connection, except the two for reconnecting, which are per identity and address."""

    waiting_calls: int = 8
    unanswered_messages: int = 64
    frame_characters: int = 2**20
    frame_bytes_that_close: int = 2**22
    frames_per_second: float = 20
    frames_at_once: int = 100
    unreadable_frames: int = 100
    unreadable_frames_per_second: float = 1
    kept_unreadable: int = 20
    kept_characters: int = 2000
    late_answers: int = 64
    seconds_for_turn: float = 4
    connects_at_once: int = 20
    connects_per_second: float = 2
    seconds_to_finish: float = 10
    seconds_to_close: float = 2
    seconds_to_open: float = 30


class Allowance:
    """A bucket of `size` that refills at `per_second`; the clock gives monotonic seconds."""

    def __init__(self, size: int, per_second: float, clock: Callable[[], float]) -> None:
        self._size = size
        self._per_second = per_second
        self._clock = clock
        self._left = float(size)
        self._at = clock()

    def wait_for_one(self) -> float:
        """Takes one and says how many seconds to wait first; 0.0 while the bucket has some."""
        self._refill()
        self._left -= 1
        return max(0.0, -self._left / self._per_second)

    def take(self) -> bool:
        """Takes one if there is one."""
        self._refill()
        if self._left < 1:
            return False
        self._left -= 1
        return True

    @property
    def is_full(self) -> bool:
        self._refill()
        return self._left >= self._size

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(self._size, self._left + (now - self._at) * self._per_second)
        self._at = now
