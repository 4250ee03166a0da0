"""A central system on a free loopback port, with its ports in memory, and simulated stations that end with it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from roamdesk.demo.stations import Behaviour, SimulatedStation
from roamdesk.ocpp.central import CentralSystem
from roamdesk.ocpp.limits import Limits
from station_doubles import MemoryEvents, MemoryRegistry, utc_now


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def events() -> MemoryEvents:
    return MemoryEvents()


@pytest.fixture
def limits() -> Limits:
    return Limits(seconds_to_finish=0.5, frames_per_second=2000, frames_at_once=2000)


@pytest.fixture
async def central(registry: MemoryRegistry, events: MemoryEvents, limits: Limits) -> AsyncIterator[CentralSystem]:
    system = CentralSystem(registry, events, clock=utc_now, on_late_answer=events.note_late, limits=limits)
    await system.serve("127.0.0.1", 0)
    yield system
    await system.close()


@pytest.fixture
def url(central: CentralSystem) -> str:
    return f"ws://127.0.0.1:{central.port}/ocpp"


@pytest.fixture
async def station(registry: MemoryRegistry, url: str) -> AsyncIterator[Callable[..., Awaitable[SimulatedStation]]]:
    """Registers (as number 1, 2, ...), builds and starts simulated stations."""
    started: list[SimulatedStation] = []

    async def start(
        version: str = "ocpp1.6", behaviour: Behaviour = Behaviour.UNLOCKS, **options: Any
    ) -> SimulatedStation:
        identity = f"NDL-{len(started) + 1}"
        registry.know(identity)
        simulated = SimulatedStation(url, identity, version, behaviour, **options)
        started.append(simulated)
        await simulated.start()
        return simulated

    yield start
    for simulated in started:
        await simulated.stop()
