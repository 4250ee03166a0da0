"""The two ports of the OCPP engine, kept in memory, for tests and benchmarks without a database."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from roamdesk.ocpp.credentials import BasicCredentials, SecurityProfile
from roamdesk.ocpp.events import Authorize, Reply, StationEvent, TokenStatus, TransactionStarted, Unhandled
from roamdesk.ocpp.outcomes import CommandOutcome
from roamdesk.ocpp.ports import Admission, Admitted, Refused

Hook = Callable[[int, StationEvent], Awaitable[None]]
Event = TypeVar("Event", bound=StationEvent)
BOUND = 5.0


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class KnownStation:
    station_id: int
    profile: SecurityProfile = SecurityProfile.NONE
    password: str = ""


class Signals:
    """A list that can be waited on."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()

    async def changed(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(BOUND), self._changed:
            await self._changed.wait_for(holds)


@dataclass
class MemoryRegistry:
    stations: dict[str, KnownStation] = field(default_factory=dict)
    log: list[tuple[str, int, str]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)
    signals: Signals = field(default_factory=Signals)

    def know(self, identity: str, profile: SecurityProfile = SecurityProfile.NONE, password: str = "") -> int:
        station_id = len(self.stations) + 1
        self.stations[identity] = KnownStation(station_id, profile, password)
        return station_id

    async def admit(
        self,
        identity: str,
        credentials: BasicCredentials | None,
        secure: bool,
        remote: str,
        version: str,
        at: datetime,
    ) -> Admission:
        self.asked.append(identity)
        known = self.stations.get(identity)
        if known is None:
            return Refused(404, "no station of this identity is registered")
        objection = known.profile.objection_to(with_password=credentials is not None, secure=secure)
        if objection is not None:
            return Refused(401 if credentials is None else 403, objection)
        if credentials is not None and known.password not in credentials.password_spellings():
            return Refused(401, "wrong password")
        return Admitted(known.station_id)

    async def refused(self, identity: str, remote: str, reason: str, at: datetime) -> None:
        self.refusals.append((identity, reason))

    async def connected(self, station_id: int, version: str, connection_id: str, at: datetime) -> None:
        self.log.append(("connected", station_id, connection_id))
        await self.signals.changed()

    async def disconnected(self, station_id: int, connection_id: str, reason: str, at: datetime) -> None:
        self.log.append(("disconnected", station_id, connection_id))
        self.reasons.append(reason)
        await self.signals.changed()

    async def until_logged(self, what: str, times: int = 1) -> None:
        await self.signals.until(lambda: [entry[0] for entry in self.log].count(what) >= times)


@dataclass
class MemoryEvents:
    seen: list[StationEvent] = field(default_factory=list)
    late: list[tuple[int, str, CommandOutcome]] = field(default_factory=list)
    hook: Hook | None = None
    token: TokenStatus = TokenStatus.ACCEPTED
    next_transaction: int = 41
    signals: Signals = field(default_factory=Signals)

    async def handle(self, station_id: int, event: StationEvent, at: datetime) -> Reply:
        self.seen.append(event)
        await self.signals.changed()
        if self.hook is not None:
            await self.hook(station_id, event)
        return self._reply_to(event)

    async def note_late(self, station_id: int, message_id: str, outcome: CommandOutcome) -> None:
        self.late.append((station_id, message_id, outcome))
        await self.signals.changed()

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.seen if isinstance(event, kind)]

    async def until_seen(self, kind: type[StationEvent], times: int = 1) -> None:
        await self.signals.until(lambda: len(self.of(kind)) >= times)

    async def until_late(self) -> None:
        await self.signals.until(lambda: bool(self.late))

    async def until_unreadable(self, times: int) -> None:
        await self.until_seen(Unhandled, times)

    def _reply_to(self, event: StationEvent) -> Reply:
        if isinstance(event, TransactionStarted):
            self.next_transaction += 1
            return Reply(token=self.token, transaction_id=self.next_transaction)
        return Reply(token=self.token if isinstance(event, Authorize) else None)
