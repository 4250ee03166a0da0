from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence

import pytest

from roamdesk.server import supervisor
from roamdesk.server.supervisor import Part, Supervisor

UNTIL_TOLD = [sys.executable, "-c", "import signal; signal.pause()"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()",
]
CRASHING = [sys.executable, "-c", "raise SystemExit(3)"]
PATIENCE = 20


class Told(list[str]):
    """What the supervisor said; stops it after so many lines."""

    def __init__(self, stopping: threading.Event, enough: int) -> None:
        super().__init__()
        self._stopping, self._enough = stopping, enough

    def __call__(self, line: str) -> None:
        self.append(line)
        if len(self) == self._enough:
            self._stopping.set()


def supervise(*stages: Sequence[Part], enough: int = 1) -> Told:
    """Runs until ``enough`` lines were said, at most 20 seconds."""
    stopping = threading.Event()
    told = Told(stopping, enough)
    give_up = threading.Timer(PATIENCE, stopping.set)
    give_up.start()
    Supervisor(stages, say=told, stopping=stopping).run(is_ready=lambda: True, on_ready=lambda: None)
    give_up.cancel()
    return told


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "TICK", 0.01)


def test_a_part_that_keeps_dying_is_started_again_at_longer_and_longer_intervals() -> None:
    told = supervise([Part("worker", CRASHING, pause=0.02)], enough=3)
    assert list(told) == [
        f"worker stopped by itself (exit code 3); starting it again in {pause} s" for pause in ("0.02", "0.04", "0.08")
    ]


def test_the_pause_has_an_upper_end() -> None:
    part = Part("worker", CRASHING, pause=20)
    part.start()
    assert part.process is not None
    part.process.wait(PATIENCE)
    part.bury()
    assert part.pause == supervisor.LONGEST_PAUSE


def test_a_part_that_ran_steadily_is_started_again_soon() -> None:
    part = Part("worker", CRASHING, pause=20)
    part.start()
    assert part.process is not None
    part.process.wait(PATIENCE)
    part.started_at = time.monotonic() - supervisor.STEADY_AFTER - 1
    assert part.bury().endswith(f"in {supervisor.FIRST_PAUSE:g} s")


def test_the_others_run_on_while_one_dies() -> None:
    steady = Part("web", UNTIL_TOLD)
    seen: list[bool] = []
    stopping = threading.Event()

    def say(_: str) -> None:
        seen.append(steady.has_died())
        stopping.set()

    crashing = Part("worker", CRASHING)
    Supervisor([[steady, crashing]], say=say, stopping=stopping).run(is_ready=lambda: False, on_ready=lambda: None)
    assert seen == [False]
    assert steady.has_died()


def test_being_ready_is_told_once() -> None:
    ready: list[str] = []
    stopping = threading.Event()
    looks = iter([False, False, True, True, True])

    def is_ready() -> bool:
        return next(looks)

    def on_ready() -> None:
        ready.append("ready")
        stopping.set()

    Supervisor([[Part("web", UNTIL_TOLD)]], stopping=stopping).run(is_ready=is_ready, on_ready=on_ready)
    assert ready == ["ready"]


def test_a_part_that_does_not_stop_is_killed_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.2)
    stubborn = Part("demo", STUBBORN)
    stopping = threading.Event()
    told: list[str] = []
    Supervisor([[stubborn]], say=told.append, stopping=stopping).run(
        is_ready=lambda: True, on_ready=lambda: threading.Timer(1, stopping.set).start()
    )
    assert told == ["demo did not stop within 0.2 s and was killed"]
    assert stubborn.has_died()
