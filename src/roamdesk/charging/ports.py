"""The port to charging: what the business asks of a backend, in business words.

A protocol edge registers a backend; this floor never names a protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from roamdesk.charging.models import Command


class Outcome(StrEnum):
    """Every answer apart; silence is never taken for one (A17)."""

    NOT_CONNECTED = "not_connected"
    NOT_POSSIBLE = "not_possible"
    BUSY = "busy"
    UNLOCKED = "unlocked"
    UNLOCK_FAILED = "unlock_failed"
    NOT_SUPPORTED = "not_supported"
    ONGOING_SESSION = "ongoing_session"
    UNKNOWN_CONNECTOR = "unknown_connector"
    CALL_ERROR = "call_error"
    NO_ANSWER = "no_answer"
    CONNECTION_LOST = "connection_lost"
    UNREADABLE = "unreadable"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    OCCUPIED = "occupied"
    FAULTED = "faulted"
    UNAVAILABLE = "unavailable"


class ChargingBackend(Protocol):
    """Performs the commands that were queued for stations it reaches."""

    name: str

    def serves(self, command: Command) -> bool: ...

    def wake(self, command: Command) -> None:
        """Called in the transaction that queued the command: tell whoever holds the connection."""


CommandListener = Callable[[Command], None]

_backends: list[ChargingBackend] = []
_listeners: list[CommandListener] = []


def register_backend(backend: ChargingBackend) -> None:
    _backends.append(backend)


def backend_for(command: Command) -> ChargingBackend | None:
    return next((backend for backend in _backends if backend.serves(command)), None)


def on_command_finished(listener: CommandListener) -> None:
    """``listener`` hears each answer, silence and late answer, in the transaction that stored it."""
    if listener not in _listeners:
        _listeners.append(listener)


def command_finished(command: Command) -> None:
    for listener in _listeners:
        listener(command)
