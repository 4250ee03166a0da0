"""The port to roaming: what the business asks of whoever speaks with a hub, in business words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from roamdesk.charging.ports import Outcome
from roamdesk.desks.models import Desk


@dataclass(frozen=True)
class StopOrder:
    """End this session. ``session_id`` and ``evse_id`` are as received."""

    session_id: str
    evse_id: str
    cpo_session_id: str = ""
    msp_session_id: str = ""


@dataclass(frozen=True)
class StopAnswer:
    """ACCEPTED, REJECTED (no such session), NOT_SUPPORTED, CALL_ERROR; NO_ANSWER where the outcome is not known.

    ``detail`` is a sentence for the operator; ``request`` and ``response`` are the texts of the wire.
    """

    outcome: Outcome
    detail: str = ""
    request: str = ""
    response: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Health:
    """How a desk is connected with a hub, in words; instants UTC. ``wrong`` are sentences, with the mend."""

    hub: str
    certificate_until: datetime | None = None
    last_contact_at: datetime | None = None
    wrong: tuple[str, ...] = ()


class RoamingBackend(Protocol):
    """Speaks with a hub for the desks that it serves. ``stop`` blocks, in a worker; it may raise."""

    name: str

    def serves(self, desk: Desk) -> bool: ...

    def stop(self, desk: Desk, order: StopOrder) -> StopAnswer: ...

    def health(self, desk: Desk, now: datetime) -> Health: ...


_backends: list[RoamingBackend] = []


def register_backend(backend: RoamingBackend) -> None:
    if backend not in _backends:
        _backends.append(backend)


def backend_for(desk: Desk) -> RoamingBackend | None:
    return next((backend for backend in _backends if backend.serves(desk)), None)


def health_of(desk: Desk, now: datetime) -> list[Health]:
    """Of every hub that the desk is connected with."""
    return [backend.health(desk, now) for backend in _backends if backend.serves(desk)]
