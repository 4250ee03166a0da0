"""The port that the hub calls: TLS with a client certificate, a thread per call, no framework in between."""

from __future__ import annotations

import logging
import re
import signal
import ssl
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from types import FrameType
from typing import Any
from urllib.parse import unquote

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cryptography import x509
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from procrastinate.contrib.django import app

from roamdesk.oicp.admission import Caller
from roamdesk.oicp.following import Follower
from roamdesk.oicp.reception import LONGEST_REQUEST, Inbound, answer

logger = logging.getLogger(__name__)

_PATH = re.compile(r"/oicp/(?P<desk>[-\w]{1,50})(?P<path>/.*)", re.ASCII | re.DOTALL)
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
StartResponse = Callable[[str, list[tuple[str, str]]], object]
Environ = dict[str, Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

THREADS = 16
LONGEST_QUEUE = 200
IDLE_SECONDS = 75


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """WSGI. `/oicp/<desk>/api/oicp/...` is the desk's; everything is answered with 200 and an OICP message."""
    close_old_connections()
    body = answer(_inbound(environ))
    start_response("200 OK", [("Content-Type", "application/json;charset=UTF-8"), ("Content-Length", str(len(body)))])
    return [body]


def _inbound(environ: Environ) -> Inbound:
    match = _PATH.fullmatch(_path(environ))
    body = environ["wsgi.input"].read(_length(environ)) if environ["REQUEST_METHOD"] == "POST" else b""
    return Inbound(
        desk=match["desk"] if match else "",
        path=match["path"] if match else "",
        body=body,
        caller=caller_of(environ),
        at=datetime.now(UTC),
        process_id=str(environ.get("HTTP_PROCESS_ID", "")),
    )


def _path(environ: Environ) -> str:
    """Decoded, and a plus stays a plus: DIN ids begin with one (section 2)."""
    return str(environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")


def _length(environ: Environ) -> int:
    try:
        return min(int(environ.get("CONTENT_LENGTH") or LONGEST_REQUEST + 1), LONGEST_REQUEST + 1)
    except ValueError:
        return LONGEST_REQUEST + 1


def caller_of(environ: Environ) -> Caller:
    """By the certificate that TLS proved; else by the header of the proxy that we were told to trust."""
    if pem := environ.get("SSL_CLIENT_CERT"):
        return Caller(common_name(str(pem)))
    proxies, header = settings.OICP_PROXIES, settings.OICP_PROXY_HEADER
    if header and environ.get("REMOTE_ADDR") in proxies:
        return Caller(_from_header(str(environ.get("HTTP_" + header.upper().replace("-", "_"), ""))))
    return Caller()


def _from_header(text: str) -> str:
    """A certificate (PEM, perhaps percent-encoded), or the distinguished name that the proxy read from it."""
    plain = unquote(text).strip()
    if pem := _PEM.search(plain):
        return common_name(pem[0])
    found = re.search(r"(?:^|[,/+]\s*)CN\s*=\s*([^,/+]+)", plain)
    return found[1].strip() if found else ""


@lru_cache(64)
def common_name(pem: str) -> str:
    """Empty when it cannot be read."""
    try:
        names = x509.load_pem_x509_certificate(pem.encode()).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return ""
    return str(names[0].value) if len(names) == 1 else ""


class Port:
    """`start` listens and returns; `stop` answers what is under way first."""

    def __init__(
        self,
        host: str,
        port: int,
        serves: Application = application,
        *,
        certificate: str = "",
        key: str = "",
        roots: str = "",
        longest_body: int = 4 * LONGEST_REQUEST,
    ) -> None:
        """Without a certificate it speaks plain HTTP, for a proxy before it. Raises OSError, ssl.SSLError."""
        self._serves = serves
        self._held: set[BaseDatabaseWrapper] = set()
        self._server = wsgi.Server(
            (host, port), self._application, numthreads=THREADS, max=THREADS * 2, request_queue_size=LONGEST_QUEUE,
            timeout=IDLE_SECONDS, server_name="roamdesk",
        )  # fmt: skip
        self._server.max_request_body_size = longest_body
        if certificate:
            self._server.ssl_adapter = _adapter(certificate, key, roots)
        self._thread = threading.Thread(target=self._server.serve, name="oicp port", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.bind_addr[1])

    def start(self) -> None:
        self._server.prepare()
        self._thread.start()

    def stop(self) -> None:
        self._server.stop()
        self._thread.join(10)
        for held in self._held:
            held.inc_thread_sharing()
            held.close()

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """A thread of the pool keeps its connection to the database from call to call."""
        self._held.add(connections[DEFAULT_DB_ALIAS])
        return self._serves(environ, start_response)


def _adapter(certificate: str, key: str, roots: str) -> BuiltinSSLAdapter:
    """TLS 1.2 or later. With `roots`, whoever has no certificate under them is not let in."""
    adapter = BuiltinSSLAdapter(certificate, key or certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key or None)
    if roots:
        context.load_verify_locations(roots)
        context.verify_mode = ssl.CERT_REQUIRED
    adapter.context = context
    return adapter


def run() -> None:
    """Serves the hub until SIGTERM or SIGINT. Address, certificates and roots come from the settings."""
    told = threading.Event()

    def tell(_: int, __: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    host, _, port = settings.OICP_LISTEN.rpartition(":")
    server = Port(
        host.strip("[]"), int(port), certificate=settings.OICP_CERTIFICATE, key=settings.OICP_KEY,
        roots=settings.OICP_ROOTS,
    )  # fmt: skip
    follower = Follower(lambda: app.configure_task("oicp.fold_due", allow_unknown=True, queue="hub").defer())
    follower.start()
    server.start()
    logger.info("the hub is served at %s", settings.OICP_LISTEN)
    told.wait()
    server.stop()
    follower.stop()
