"""The hub asks whether a card may charge, 200 times a second over real TLS: p99 of the answer, from when it was due.

The port and a worker are processes of their own, the hub is this one, all on this machine; the database is written
with fsync. Of a card of ours the exchange is kept before the answer, and the session follows within a second; of
others nothing is kept. OICP_SECONDS makes a round shorter.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django_scopes import scope, scopes_disabled

from benchmarks.figures import Figure, figure
from roamdesk.charging.models import Session, Token
from roamdesk.demo.hub.authority import Papers, issue
from roamdesk.desks.models import Desk
from roamdesk.oicp.connecting import connect
from roamdesk.oicp.models import Exchange
from roamdesk.oicp.wire.charging import AuthorizeStart
from roamdesk.oicp.wire.parts import IdentificationType, MifareIdentification
from roamdesk.oicp.wire.writing import encode

PER_SECOND, SECONDS, ROUNDS, WARM = 200, float(os.environ.get("OICP_SECONDS", "2")), 5, 60
CONNECTIONS = 8
TARGET_MS, FOLLOWS_WITHIN, READY_WITHIN = 10.0, 1.0, 40.0
PATH = "/oicp/voltpass-bench/api/oicp/charging/v21/operators/DE*NDL/authorize/start"
OURS, ANOTHERS = "04A2B3C4D5E680", "04FFFFFFFFFF80"
NAMES = {"hub": "hub.example", "desk": "voltpass.example", "port": "desk.example"}
MAIN = "import sys; from roamdesk.server.cli import main; sys.exit(main(sys.argv[1:]))"


def figures() -> Iterator[Figure]:
    papers = issue(Path(os.environ["ROAMDESK_VAR"]) / "bench-hub", NAMES)
    desk, port = _desk(papers), _free_port()
    with _process(papers, port, "oicp", "port"), _process(papers, port, "worker"):
        hub = _Hub(papers, port)
        hub.warm_up()
        yield _answered("oicp_authorise_unknown", hub, ANOTHERS, lambda: "")
        yield _answered("oicp_authorise_ours", hub, OURS, _until_all_follow)
        yield _followed(desk, hub)


def _answered(name: str, hub: _Hub, uid: str, after: Any) -> Figure:
    rounds, notes = [], []
    for _ in range(ROUNDS):
        rounds.append(sorted(hub.ask(uid, round(PER_SECOND * SECONDS), PER_SECOND)))
        notes.append(after())
    p99s = [milliseconds[int(len(milliseconds) * 0.99)] for milliseconds in rounds]
    middles = sorted(milliseconds[len(milliseconds) // 2] for milliseconds in rounds)
    detail = f"p99 {sorted(p99s)[ROUNDS // 2]:.1f} ms, median {middles[ROUNDS // 2]:.1f} ms at {PER_SECOND}/s"
    return figure(name, [p99 / TARGET_MS for p99 in p99s], 1.0, at_least=False, detail=detail + notes[-1])


def _until_all_follow() -> str:
    began = time.perf_counter()
    with scopes_disabled():
        while Exchange.objects.filter(unfolded=True).exists():
            time.sleep(0.02)
    return f"; all sessions {time.perf_counter() - began:.1f} s after the last answer"


def _followed(desk: Desk, hub: _Hub) -> Figure:
    """From the answer to the session, at rest."""
    lags = []
    for _ in range(ROUNDS):
        with scope(desk=desk):
            before = Session.objects.count()
            hub.ask(OURS, 1, PER_SECOND)
            began = time.perf_counter()
            while Session.objects.count() == before:
                time.sleep(0.005)
        lags.append(time.perf_counter() - began)
    detail = f"{sorted(lags)[ROUNDS // 2] * 1000:.0f} ms from the answer to the session"
    return figure("oicp_session_follows", [lag / FOLLOWS_WITHIN for lag in lags], 1.0, at_least=False, detail=detail)


def _desk(papers: Papers) -> Desk:
    desk = Desk.objects.create(
        name="VoltPass", slug="voltpass-bench", plays_msp=True, provider_ids=["DE-VPS"], reference_prefix="VPB",
        mail_from="support@voltpass.example",
    )  # fmt: skip
    connect(
        desk, base_url="https://127.0.0.1:9", credentials=papers.of("desk"), provider_id="DE-VPS",
        callers=[NAMES["hub"]],
    )  # fmt: skip
    with scope(desk=desk):
        Token.objects.create(desk=desk, value=OURS, contract_id="DE-VPS-C00012345-2")
    return desk


class _Hub:
    """Calls the port over connections that stay open, as the hub does."""

    def __init__(self, papers: Papers, port: int) -> None:
        files = papers.of("hub")
        self._tls = ssl.create_default_context(cafile=str(files.root))
        self._tls.load_cert_chain(files.certificate, files.key)
        self._port = port
        self._asked = 0

    def warm_up(self) -> None:
        """Waits for the port, and has each of its threads prepare its statements."""
        until = time.monotonic() + READY_WITHIN
        while True:
            try:
                self.ask(OURS, 1, PER_SECOND)
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        self.ask(OURS, WARM * CONNECTIONS, PER_SECOND)
        _until_all_follow()

    def ask(self, uid: str, count: int, per_second: float) -> list[float]:
        """Ask evenly apart, each about a session of its own; milliseconds from when each call was due."""
        bodies = [self._body(uid) for _ in range(count)]
        return asyncio.run(self._ask(bodies, 1 / per_second))

    def _body(self, uid: str) -> bytes:
        self._asked += 1
        return encode(
            AuthorizeStart(
                OperatorID="DE*NDL", EvseID="DE*NDL*E0417*1", SessionID=f"7c1f0a52-3d0e-4b6a-9d41-{self._asked:012d}",
                Identification=IdentificationType(RFIDMifareFamilyIdentification=MifareIdentification(UID=uid)),
            )
        )  # fmt: skip

    async def _ask(self, bodies: list[bytes], apart: float) -> list[float]:
        streams = [
            await asyncio.open_connection("127.0.0.1", self._port, ssl=self._tls)
            for _ in range(min(CONNECTIONS, len(bodies)))
        ]
        began, spent = time.perf_counter() + 0.05, [0.0] * len(bodies)

        async def over(place: int) -> None:
            for number in range(place, len(bodies), len(streams)):
                due = began + number * apart
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                await _post(*streams[place], bodies[number])
                spent[number] = (time.perf_counter() - due) * 1000

        await asyncio.gather(*(over(place) for place in range(len(streams))))
        for _, writer in streams:
            writer.close()
        return spent


async def _post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> bytes:
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answered = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(answered.partition(b"content-length:")[2].partition(b"\r\n")[0])
    said = await reader.readexactly(length)
    if b"uthorized" not in said:
        raise RuntimeError(f"The port did not answer an authorisation: {said[:300]!r}")
    return said


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _process(papers: Papers, port: int, *words: str) -> Iterator[None]:
    ours = papers.of("port")
    settings = {
        "ROAMDESK_OICP_LISTEN": f"127.0.0.1:{port}", "ROAMDESK_OICP_CERTIFICATE": str(ours.certificate),
        "ROAMDESK_OICP_KEY": str(ours.key), "ROAMDESK_OICP_ROOTS": str(ours.root),
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-c", MAIN, *words], env=os.environ | settings)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)
