"""``roamdesk serve`` as a person runs it: it comes up, keeps its parts up, and leaves nothing behind."""

from __future__ import annotations

import http.cookiejar
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from builders import PASSWORD
from roamdesk.server.embedded import postmaster_pid

PATIENCE = 60
STOPS_WITHIN_SECONDS = 5
pytestmark = pytest.mark.timeout(180)


class Serving:
    """A running ``roamdesk serve`` with data under ``var``."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.port, self.stations_port = _free_port(), _free_port()
        self.environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | {
            "ROAMDESK_VAR": str(var),
            "ROAMDESK_LISTEN": f"127.0.0.1:{self.port}",
            "ROAMDESK_STATIONS_LISTEN": f"127.0.0.1:{self.stations_port}",
        }
        command = [sys.executable, "-m", "roamdesk.server.cli", "serve"]
        self.process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said: queue.Queue[str] = queue.Queue()
        self.listening = threading.Thread(target=self._listen)
        self.listening.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.put(line)

    def wait_for(self, words: str) -> str:
        """The first line with those words; everything that was said when it does not come."""
        heard = []
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and (self.process.poll() is None or not self.said.empty()):
            try:
                heard.append(self.said.get(timeout=0.5))
            except queue.Empty:
                continue
            if words in heard[-1]:
                return heard[-1]
        raise AssertionError(f"{words!r} was not said, but:\n{''.join(heard)}")

    def processes(self) -> set[int]:
        """Ids of every process of this installation: those with its data folder in their environment."""
        mark = f"ROAMDESK_VAR={self.var}".encode()
        found = {int(folder.name) for folder in Path("/proc").glob("[0-9]*") if mark in _environment(folder)}
        postmaster = postmaster_pid(self.var / "pg")
        return found | ({postmaster} if postmaster else set())

    def part(self, name: str) -> int | None:
        """Process id of a part, none while it is down."""
        mark = [b"roamdesk.server.cli", name.encode()]
        return next((pid for pid in self.processes() if _command(pid)[-2:] == mark), None)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def page(self, path: str) -> int:
        return int(urllib.request.urlopen(self.url(path), timeout=10).status)

    def roamdesk(self, *words: str, typed: str = "") -> str:
        """What another roamdesk command on the same installation prints."""
        command = [sys.executable, "-m", "roamdesk.server.cli", *words]
        done = subprocess.run(
            command, env=self.environment, input=typed, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def logged_in(self, username: str) -> urllib.request.OpenerDirector:
        """A browser whose person has logged in."""
        cookies = http.cookiejar.CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
        browser.open(self.url("/account/login/"), timeout=10).close()
        [token] = [cookie.value for cookie in cookies if cookie.name == "csrftoken"]
        form = {"login": username, "password": PASSWORD, "csrfmiddlewaretoken": token, "next": "/healthz"}
        browser.open(self.url("/account/login/"), urllib.parse.urlencode(form).encode(), timeout=10).close()
        return browser

    def end(self) -> None:
        """Whatever a failed test left."""
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self.listening.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def serving(short_folder: Path) -> Iterator[Callable[[], Serving]]:
    """Starts one, as often as it is called, on the same data."""
    started: list[Serving] = []

    def start() -> Serving:
        started.append(Serving(short_folder / "var"))
        started[-1].wait_for("Roamdesk is up")
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture(scope="module")
def desk() -> Iterator[Serving]:
    """One that runs all the while."""
    with TemporaryDirectory(prefix="roamdesk-test-", ignore_cleanup_errors=True) as folder:
        desk = Serving(Path(folder) / "var")
        try:
            desk.wait_for("Roamdesk is up")
            yield desk
        finally:
            desk.end()


def test_the_console_answers_where_it_says(desk: Serving) -> None:
    assert str(desk.port) in desk.wait_for("Console")
    assert str(desk.stations_port) in desk.wait_for("Stations")
    assert desk.page("/healthz") == 200
    assert desk.page("/account/login/") == 200


def test_a_text_of_ten_megabytes_is_refused_and_nobody_else_is_affected(desk: Serving) -> None:
    post = urllib.request.Request(desk.url("/account/login/"), b"login=" + b"x" * 10_000_000)
    post.add_header("Cookie", f"csrftoken={'a' * 32}")
    with pytest.raises(urllib.error.HTTPError, match="400") as refused:
        urllib.request.urlopen(post, timeout=PATIENCE)
    assert "larger than 2 MB" in refused.value.read().decode()
    refused.value.close()
    assert desk.page("/account/login/") == 200


def test_a_part_that_dies_is_started_again_and_said(desk: Serving) -> None:
    dead = desk.part("worker")
    assert dead is not None
    os.kill(dead, signal.SIGKILL)
    assert "signal SIGKILL" in desk.wait_for("worker stopped by itself")
    wait_until(lambda: desk.part("worker") not in {None, dead})


def test_it_stops_with_a_stream_open_leaves_no_process_and_keeps_the_data(
    serving: Callable[[], Serving],
) -> None:
    first = serving()
    add_olga(first)
    with first.logged_in("olga").open(first.url("/live/voltpass/events"), timeout=PATIENCE) as stream:
        assert stream.readline() == b"retry: 2000\n"
        began = time.monotonic()
        assert first.stop(signal.SIGINT) == 0
        assert time.monotonic() - began < STOPS_WITHIN_SECONDS
    assert first.processes() == set()
    second = serving()
    with second.logged_in("olga").open(second.url("/live/voltpass/events"), timeout=PATIENCE) as stream:
        assert stream.status == 200
    assert second.stop(signal.SIGTERM) == 0


def test_parts_end_when_serve_is_killed_and_the_next_start_adopts_the_database(
    serving: Callable[[], Serving],
) -> None:
    first = serving()
    first.stop(signal.SIGKILL)
    postmaster = postmaster_pid(first.var / "pg")
    wait_until(lambda: first.processes() == {postmaster})
    second = serving()
    assert postmaster_pid(second.var / "pg") == postmaster
    assert second.stop() == 0
    assert second.processes() == set()


def test_a_database_that_does_not_answer_is_said_in_words(short_folder: Path) -> None:
    nowhere = {"DATABASE_URL": "postgresql://x:secret@127.0.0.1:1/none", "ROAMDESK_VAR": str(short_folder)}
    nowhere |= {"ROAMDESK_LISTEN": f"127.0.0.1:{_free_port()}", "ROAMDESK_STATIONS_LISTEN": f"127.0.0.1:{_free_port()}"}
    command = [sys.executable, "-m", "roamdesk.server.cli", "serve"]
    done = subprocess.run(command, env=os.environ | nowhere, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert done.stderr.startswith("roamdesk: the database does not answer: ")
    assert done.stderr.endswith("Start it, or correct DATABASE_URL.\n")
    assert "secret" not in done.stderr


def add_olga(desk: Serving) -> None:
    """Another command on the running installation: a desk and someone who works there."""
    desk.roamdesk(
        *("desk", "add", "voltpass", "--name", "VoltPass", "--msp", "--prefix", "VPS"),
        *("--mail-from", "support@voltpass.example"),
    )
    words = ("user", "add", "olga", "--desk", "voltpass", "--role", "operator", "--password-stdin")
    assert "olga at VoltPass: operator." in desk.roamdesk(*words, typed=PASSWORD)


def wait_until(holds: Callable[[], bool]) -> None:
    """Raises AssertionError when it does not hold within a minute."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


def _command(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return []
