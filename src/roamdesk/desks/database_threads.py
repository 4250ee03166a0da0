"""Django's database from asyncio: a few threads, each with a connection of its own."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connections

Values = ParamSpec("Values")
Result = TypeVar("Result")


class DatabaseThreads:
    """`run` waits for a free thread; a slow database does not stop the reading of sockets."""

    def __init__(self, size: int = 8) -> None:
        self._size = size
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="database")

    async def run(self, work: Callable[Values, Result], *args: Values.args, **kwargs: Values.kwargs) -> Result:
        """Calls `work` in a thread. Raises what it raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _with_living_connection, partial(work, *args, **kwargs))

    async def close(self) -> None:
        """Every thread closes its connection, then the threads end."""
        together = threading.Barrier(self._size, timeout=10)
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.run_in_executor(self._pool, _close_connection, together) for _ in range(self._size))
        )
        self._pool.shutdown()


def _with_living_connection(work: Callable[[], Result]) -> Result:
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


def _close_connection(together: threading.Barrier) -> None:
    connections.close_all()
    together.wait()
