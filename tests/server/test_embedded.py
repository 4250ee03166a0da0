"""The embedded PostgreSQL, with what was seen of it: killed owners, stale marks, shared use."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from roamdesk.server.embedded import EmbeddedServer, EmbeddedServerFailed, postmaster_pid

HOLD = """
import sys
from pathlib import Path
from roamdesk.server.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), durable=False)
print(server.start(), flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def folder(short_folder: Path) -> Iterator[Path]:
    yield short_folder / "pg"
    pid = postmaster_pid(short_folder / "pg")
    if pid is not None:
        os.kill(pid, signal.SIGQUIT)


@pytest.fixture
def owner(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the server in the folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("postgresql://")
        yield process
        with suppress(ProcessLookupError):
            process.kill()


def server_at(folder: Path) -> EmbeddedServer:
    return EmbeddedServer(folder, durable=False)


def answer(url: str, query: str = "SELECT 1") -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row and row[0]


def test_it_starts_answers_and_stops(folder: Path) -> None:
    server = server_at(folder)
    assert answer(server.start()) == 1
    assert server.release()
    assert not server.is_running()


def test_a_second_run_keeps_the_data(folder: Path) -> None:
    first = server_at(folder)
    with psycopg.connect(first.start(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS value")
    first.release()
    second = server_at(folder)
    assert answer(second.start(), "SELECT value FROM kept") == 42
    second.release()


def test_it_speaks_over_its_own_socket_only(folder: Path) -> None:
    server = server_at(folder)
    assert answer(server.start(), "SHOW listen_addresses") == ""
    server.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_as_root_it_runs_as_a_user_of_its_own_and_locks_others_out_of_the_data(folder: Path) -> None:
    server = server_at(folder)
    server.start()
    pid = postmaster_pid(folder)
    assert pwd.getpwuid(Path(f"/proc/{pid}").stat().st_uid).pw_name == "pgserver"
    assert folder.stat().st_mode & 0o007 == 0
    server.release()


def test_who_leaves_first_leaves_it_running_for_the_other(folder: Path, owner: subprocess.Popen[str]) -> None:
    server = server_at(folder)
    url = server.start()
    assert server.adopted
    assert not server.release()
    assert answer(url) == 1


def test_a_killed_owner_leaves_a_server_that_is_adopted_and_then_stopped(
    folder: Path, owner: subprocess.Popen[str]
) -> None:
    owner.kill()
    owner.wait(10)
    assert postmaster_pid(folder) is not None
    server = server_at(folder)
    assert answer(server.start()) == 1
    assert server.adopted
    assert server.release()
    assert postmaster_pid(folder) is None


def test_a_stale_mark_with_a_foreign_process_id_does_not_hinder_the_start(folder: Path) -> None:
    server = server_at(folder)
    server.start()
    mark = (folder / "postmaster.pid").read_text().splitlines()
    server.release()
    (folder / "postmaster.pid").write_text("\n".join([str(os.getpid()), *mark[1:]]) + "\n")
    assert answer(server.start()) == 1
    assert not server.adopted
    server.release()


def test_starts_at_the_same_moment_share_one_server(folder: Path) -> None:
    servers = [server_at(folder) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        urls = set(pool.map(EmbeddedServer.start, servers))
    assert len(urls) == 1
    assert sum(not server.adopted for server in servers) == 1
    assert [server.release() for server in servers] == [False, False, False, True]


def test_a_folder_with_a_long_name_is_served_too_and_to_us_only(short_folder: Path) -> None:
    server = server_at(short_folder / ("long" * 30) / "pg")
    url = server.start()
    assert answer(url) == 1
    socket_folder = Path(url.rpartition("host=")[2])
    assert socket_folder.stat().st_mode & 0o077 == 0
    server.release()


def test_what_cannot_start_says_where_to_look(folder: Path) -> None:
    server = server_at(folder)
    server.start()
    server.release()
    (folder / "postgresql.auto.conf").write_text("shared_buffers = 'much'\n")
    broken = EmbeddedServer(folder)
    with pytest.raises(EmbeddedServerFailed, match=r"shared_buffers[\s\S]*set DATABASE_URL"):
        broken.start()
