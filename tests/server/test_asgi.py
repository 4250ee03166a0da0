"""The front that hands pages to Django."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from roamdesk.server import asgi


class Bridge:
    """Stands in for Django in its threads: answers, with or without reading the body."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.headers = scope["headers"]
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})


class Visitor:
    """Sends a body in pieces and notes at which piece the answer came."""

    def __init__(self, pieces: int, size: int = 1) -> None:
        self._left: Iterator[int] = iter(range(pieces - 1, -1, -1))
        self._size = size
        self.unsent = pieces
        self.answered_with_unsent: int | None = None

    async def receive(self) -> dict[str, Any]:
        self.unsent = next(self._left)
        return {"type": "http.request", "body": b"x" * self._size, "more_body": self.unsent > 0}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.answered_with_unsent = self.unsent


@pytest.fixture
def bridge(monkeypatch: pytest.MonkeyPatch) -> Bridge:
    bridge = Bridge()
    monkeypatch.setattr(asgi, "_django", bridge)
    return bridge


def request(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http", "method": "POST", "path": "/", "headers": list(headers)}


async def test_who_is_still_sending_gets_the_answer_after_the_last_piece(bridge: Bridge) -> None:
    visitor = Visitor(pieces=5)
    await asgi.application(request((b"content-length", b"5")), visitor.receive, visitor.send)
    assert visitor.answered_with_unsent == 0


async def test_who_sends_without_end_is_cut_off(bridge: Bridge) -> None:
    visitor = Visitor(pieces=1000, size=1_000_000)
    await asgi.application(request((b"transfer-encoding", b"chunked")), visitor.receive, visitor.send)
    assert visitor.answered_with_unsent == 1000 - asgi.MOST_TAKEN_IN_VAIN // 1_000_000


async def test_a_header_that_only_looks_like_the_proxys_is_dropped(bridge: Bridge) -> None:
    visitor = Visitor(pieces=1)
    headers = [(b"x_forwarded_proto", b"https"), (b"x-request-start", b"1")]
    await asgi.application(request(*headers), visitor.receive, visitor.send)
    assert bridge.headers == [(b"x-request-start", b"1")]
