"""Real processes of the product, on the database of the test; killed at the end whatever happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

from django.db import connection

MAIN = "import sys; from roamdesk.server.cli import main; sys.exit(main(sys.argv[1:]))"


def database_url() -> str:
    """The test's database, for another process."""
    database = connection.settings_dict
    login = quote(database["USER"]) + (f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else "")
    port = f"&port={database['PORT']}" if database["PORT"] else ""
    return f"postgresql://{login}@/{database['NAME']}?host={quote(database['HOST'], safe='')}{port}"


@contextmanager
def worker(smtp_port: int) -> Iterator[subprocess.Popen[bytes]]:
    """``roamdesk worker``, which hands its mail to the relay at this port."""
    environment = os.environ | {"DATABASE_URL": database_url(), "ROAMDESK_SMTP_PORT": str(smtp_port)}
    environment |= {"ROAMDESK_SMTP_HOST": "127.0.0.1", "ROAMDESK_LOG_LEVEL": "WARNING"}
    process = subprocess.Popen([sys.executable, "-c", MAIN, "worker"], env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(20)


def wait_until(holds: Callable[[], bool], seconds: float) -> float:
    """How long it took until it held; fails the test after that many seconds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"It did not come about within {seconds} s."
        time.sleep(0.1)
    return time.monotonic() - began
