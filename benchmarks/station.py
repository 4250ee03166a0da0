"""``python -m benchmarks.station IDENTITY DESK_PORT BARE_PORT``: one simulated station at two endpoints."""

from __future__ import annotations

import asyncio
import sys

from roamdesk.demo.stations import SimulatedStation


async def stand_at_both(identity: str, desk_port: int, bare_port: int) -> None:
    """Until the process is ended. Tries until the desk's endpoint is there."""
    await SimulatedStation(f"ws://127.0.0.1:{bare_port}", "bare").start(quiet=True)
    at_desk = SimulatedStation(f"ws://127.0.0.1:{desk_port}", identity)
    while True:
        try:
            await at_desk.start()
            break
        except OSError:
            await asyncio.sleep(0.2)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(stand_at_both(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
