"""Starts the parts of an installation, restarts one that dies, and stops them in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from roamdesk.server.offspring import marked_as_ours

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0
GRACE_SECONDS = 15.0
TICK = 0.1


@dataclass
class Part:
    """One process. ``pause`` is the wait in seconds before its next start; it doubles with each early death."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    pause: float = FIRST_PAUSE

    def start(self) -> None:
        # A session of its own: Ctrl-C in the terminal reaches the supervisor only, which stops the parts in order.
        self.process = subprocess.Popen(self.command, env=marked_as_ours(), start_new_session=True)
        self.started_at = time.monotonic()

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def bury(self) -> str:
        """Plan the next start; what to tell about this death."""
        assert self.process is not None
        code, self.process = self.process.returncode, None
        if time.monotonic() - self.started_at > STEADY_AFTER:
            self.pause = FIRST_PAUSE
        told = f"{self.name} stopped by itself ({_in_words(code)}); starting it again in {self.pause:g} s"
        self.start_again_at = time.monotonic() + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        return told

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait_or_kill(self, until: float) -> bool:
        """True when it went by itself before ``until`` (monotonic seconds)."""
        if self.process is None:
            return True
        try:
            self.process.wait(max(0.0, until - time.monotonic()))
            return True
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            return False


@dataclass
class Supervisor:
    """``stages`` start together and stop one after the other, the first stage first."""

    stages: Sequence[Sequence[Part]]
    say: Callable[[str], None] = print
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def parts(self) -> list[Part]:
        return [part for stage in self.stages for part in stage]

    def run(self, *, is_ready: Callable[[], bool], on_ready: Callable[[], None]) -> None:
        """Returns when ``stopping`` is set and every part has ended."""
        try:
            for part in self.parts:
                part.start()
            told = False
            while not self.stopping.wait(TICK):
                self._look_after_parts()
                if not told and is_ready():
                    on_ready()
                    told = True
        finally:
            self._stop_all()

    def _look_after_parts(self) -> None:
        for part in self.parts:
            if part.has_died():
                self.say(part.bury())
            elif part.process is None and time.monotonic() >= part.start_again_at:
                part.start()

    def _stop_all(self) -> None:
        for stage in self.stages:
            until = time.monotonic() + GRACE_SECONDS
            for part in stage:
                part.stop()
            for part in stage:
                if not part.wait_or_kill(until):
                    self.say(f"{part.name} did not stop within {GRACE_SECONDS:g} s and was killed")


def part(name: str, *words: str) -> Part:
    """A part that is a ``roamdesk`` subcommand."""
    return Part(name, [sys.executable, "-m", "roamdesk.server.cli", *words])


def _in_words(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
