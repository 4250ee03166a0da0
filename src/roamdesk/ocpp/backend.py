"""The engine's two ports on the desk's database: who may connect, and what becomes of what stations tell."""

from datetime import datetime

from roamdesk.charging.services import (
    StationRefused,
    check_station,
    refuse_station,
    station_connected,
    station_disconnected,
)
from roamdesk.desks.database_threads import DatabaseThreads
from roamdesk.ocpp.credentials import BasicCredentials
from roamdesk.ocpp.events import Reply, StationEvent
from roamdesk.ocpp.ports import Admission, Admitted, Refused
from roamdesk.ocpp.storing import on_station, store


class DatabaseRegistry:
    """StationRegistry on charging's stations."""

    def __init__(self, threads: DatabaseThreads) -> None:
        self._threads = threads

    async def admit(
        self,
        identity: str,
        credentials: BasicCredentials | None,
        secure: bool,
        remote: str,
        version: str,
        at: datetime,
    ) -> Admission:
        passwords = credentials.password_spellings() if credentials else ()
        try:
            station = await self._threads.run(check_station, identity, passwords, secure=secure)
        except StationRefused as refused:
            return Refused(refused.status, str(refused))
        return Admitted(station.pk)

    async def refused(self, identity: str, remote: str, reason: str, at: datetime) -> None:
        await self._threads.run(refuse_station, identity, remote, reason, at)

    async def connected(self, station_id: int, version: str, connection_id: str, at: datetime) -> None:
        await self._threads.run(on_station, station_id, station_connected, connection_id, version, at)

    async def disconnected(self, station_id: int, connection_id: str, reason: str, at: datetime) -> None:
        await self._threads.run(on_station, station_id, station_disconnected, connection_id, at)


class DatabaseEvents:
    """StationEvents into charging's session store."""

    def __init__(self, threads: DatabaseThreads) -> None:
        self._threads = threads

    async def handle(self, station_id: int, event: StationEvent, at: datetime) -> Reply:
        return await self._threads.run(on_station, station_id, store, event, at)
