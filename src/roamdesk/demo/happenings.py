"""Waiting for what happens at the desks, woken by the database, with a bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

import psycopg
from django.db import connection

CHANNEL = "roamdesk_events"
LOOK_AGAIN_SECONDS = 0.2

Found = TypeVar("Found")


class NotInTime(Exception):
    """What was waited for did not happen. The text says what, and what to look at."""


class Happenings:
    """``with Happenings() as happenings``: hears of each event of a case from now on."""

    def __enter__(self) -> Happenings:
        self._listener = psycopg.connect(**database_parameters(), autocommit=True)
        self._listener.execute(f"LISTEN {CHANNEL}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def until(self, what: str, holds: Callable[[], Found | None], within: float) -> Found:
        """The first true value of ``holds``, asked after each event and now and then. Raises NotInTime."""
        give_up = time.monotonic() + within
        while True:
            found = holds()
            if found:
                return found
            if time.monotonic() > give_up:
                raise NotInTime(f"{what} did not happen within {within:g} s.")
            self.wait(LOOK_AGAIN_SECONDS)

    def wait(self, seconds: float) -> None:
        """Returns at the next event, at the latest after ``seconds``."""
        for _ in self._listener.notifies(timeout=seconds, stop_after=1):
            pass


def database_parameters() -> dict[str, Any]:
    """What psycopg itself understands of Django's connection."""
    foreign = {"cursor_factory", "context", "server_side_binding"}
    return {name: value for name, value in connection.get_connection_params().items() if name not in foreign}
