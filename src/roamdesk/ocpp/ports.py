"""What the engine needs from the rest of the house: who may connect, and somebody to listen."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from roamdesk.ocpp.credentials import BasicCredentials
from roamdesk.ocpp.events import Reply, StationEvent
from roamdesk.ocpp.outcomes import CommandOutcome


@dataclass(frozen=True, slots=True)
class Admitted:
    station_id: int


@dataclass(frozen=True, slots=True)
class Refused:
    """404 unknown identity, 401 wrong or missing password, 403 wrong security profile or switched off."""

    status: Literal[401, 403, 404]
    reason: str


Admission = Admitted | Refused


class StationRegistry(Protocol):
    """Who may connect, and who is connected. Instants are UTC."""

    async def admit(
        self,
        identity: str,
        credentials: BasicCredentials | None,
        secure: bool,
        remote: str,
        version: str,
        at: datetime,
    ) -> Admission:
        """Asked during the WebSocket handshake; credentials, if any, already name this identity."""

    async def refused(self, identity: str, remote: str, reason: str, at: datetime) -> None:
        """Told of everybody who was not let in, with the reason that was given; may be called often."""

    async def connected(self, station_id: int, version: str, connection_id: str, at: datetime) -> None: ...

    async def disconnected(self, station_id: int, connection_id: str, reason: str, at: datetime) -> None:
        """May come after `connected` of a newer connection of the same station: compare `connection_id`."""


class StationEvents(Protocol):
    """The listener. One station's events come one after another, in its order; repeats are possible."""

    async def handle(self, station_id: int, event: StationEvent, at: datetime) -> Reply:
        """`at` is when it reached us (UTC). An exception becomes CALLERROR InternalError."""


LateAnswerListener = Callable[[int, str, CommandOutcome], Awaitable[None]]
Clock = Callable[[], datetime]
