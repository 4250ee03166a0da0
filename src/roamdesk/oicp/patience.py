"""Waiting for a station's word while the hub waits for ours."""

from __future__ import annotations

import time
from collections.abc import Callable

from django_scopes import scopes_disabled

from roamdesk.charging.models import Command
from roamdesk.charging.ports import Outcome

PATIENCE_SECONDS = 40.0  # the hub waits 60
LOOK_EVERY = 0.1
OPEN = (Command.State.QUEUED, Command.State.SENT)


def outcome_of(pk: int, now: Callable[[], float] = time.monotonic) -> str:
    """The outcome of a command as soon as it has one; NO_ANSWER where it has none in time."""
    until = now() + PATIENCE_SECONDS
    while True:
        with scopes_disabled():
            state, outcome = Command.objects.values_list("state", "outcome").get(pk=pk)
        if state not in OPEN:
            return str(outcome)
        if now() >= until:
            return Outcome.NO_ANSWER.value
        time.sleep(LOOK_EVERY)
