"""A TLS server that answers as it is told, and remembers what it was asked: the hub at its worst."""

from __future__ import annotations

import json
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

from roamdesk.oicp.transport import Credentials


@dataclass
class Reply:
    """What to answer; `manner` is how: whole, cut (no answer at all), half (broken off), late."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    manner: str = "whole"


@dataclass
class Asked:
    path: str
    body: bytes
    headers: dict[str, str]
    connection: tuple[str, int]


def ack(result: bool = True, code: str = "000", **more: Any) -> Reply:
    document = {"Result": result, "StatusCode": {"Code": code, "Description": None, "AdditionalInfo": None}, **more}
    return Reply(json.dumps(document).encode(), headers={"Process-ID": "11111111-2222-3333-4444-555555555555"})


class HubDouble:
    """`with`: inside, it listens at `base_url`. Replies are given in order, the last one for ever."""

    def __init__(self, authority: trustme.CA, *, host: str = "127.0.0.1", wants_certificate: bool = True) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(context)
        if wants_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            authority.configure_trust(context)
        self.replies: list[Reply] = [ack()]
        self.asked: list[Asked] = []
        self.let_go = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.context = context
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"https://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> HubDouble:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake in the connection's own thread: a caller without certificate blocks nobody."""
        try:
            wrapped = self.context.wrap_socket(request, server_side=True)
        except (ssl.SSLError, OSError):
            return
        try:
            super().finish_request(wrapped, client_address)
        finally:
            wrapped.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that the other side cut is no news."""


def _handler(hub: HubDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            hub.asked.append(Asked(self.path, body, dict(self.headers), self.client_address))
            reply = hub.next_reply()
            if reply.manner == "late":
                hub.let_go.wait(20)
            if reply.manner in ("late", "cut"):
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body) * (2 if reply.manner == "half" else 1)))
            self.end_headers()
            self.wfile.write(reply.body)
            self.close_connection = self.close_connection or reply.manner == "half"

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler


def credentials_in(folder: Path, authority: trustme.CA, name: str, root: trustme.CA | None = None) -> Credentials:
    """Our side's certificate as files; `root` is whom we trust, when not the same authority."""
    folder.mkdir(parents=True, exist_ok=True)
    issued = authority.issue_cert(name, common_name=name)
    certificate, key, trusted = folder / "certificate.pem", folder / "key.pem", folder / "root.pem"
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    (root or authority).cert_pem.write_to_path(trusted)
    return Credentials(certificate, key, trusted)
