"""One HTTPS connection pool to a hub: our certificate, its root, bounded answers, no surprises."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
)

LARGEST_ANSWER = 64 * 1024 * 1024
_CHUNK = 256 * 1024
CONNECT_SECONDS = 10.0
_HEADERS = {
    "Content-Type": "application/json;charset=UTF-8",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": "roamdesk",
}


@dataclass(frozen=True)
class Credentials:
    """Where our client certificate (with chain), its key and the hub's root stand, as PEM files."""

    certificate: Path
    key: Path
    root: Path


class CredentialsUnusable(ValueError):
    """A file is missing, unreadable, or does not fit the others. The text names it."""


class CallFailed(Exception):
    """No HTTP answer. `arrived` is False only when the hub can't have seen the call."""

    def __init__(self, says: str, *, arrived: bool) -> None:
        super().__init__(says)
        self.arrived = arrived


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    body: bytes
    process_id: str


def tls_context(credentials: Credentials) -> ssl.SSLContext:
    """TLS 1.2 or 1.3, trusting the hub's root and nobody else's. Raises CredentialsUnusable."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(credentials.root)
    except (OSError, ssl.SSLError) as problem:
        raise CredentialsUnusable(f"The hub's root {credentials.root} cannot be read: {_reason(problem)}.") from None
    try:
        context.load_cert_chain(credentials.certificate, credentials.key)
    except (OSError, ssl.SSLError) as problem:
        raise CredentialsUnusable(
            f"Certificate {credentials.certificate} and key {credentials.key} cannot be used: {_reason(problem)}."
        ) from None
    return context


class Transport:
    """Posts bodies to a hub. May be used by several threads. `close` ends its connections."""

    def __init__(self, base_url: str, credentials: Credentials, *, connections: int = 8) -> None:
        """`base_url` is scheme, host and port, without `/api/oicp`. Raises CredentialsUnusable."""
        self._base_url = base_url.rstrip("/").removesuffix("/api/oicp")
        if not self._base_url.startswith("https://"):
            raise CredentialsUnusable(f"The hub's address {base_url!r} must begin with https://.")
        self._pool = urllib3.PoolManager(
            num_pools=2, maxsize=connections, ssl_context=tls_context(credentials), retries=False
        )

    def post(self, path: str, body: bytes, *, patience: float) -> HttpAnswer:
        """One call, never repeated here. `patience` in seconds. Raises CallFailed."""
        try:
            response = self._pool.request(
                "POST", self._base_url + path, body=body, headers=_HEADERS, redirect=False, retries=False,
                preload_content=False, timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=patience),
            )  # fmt: skip
        except HTTPError as problem:
            raise _failed(problem) from problem
        try:
            return HttpAnswer(response.status, _read(response), response.headers.get("Process-ID", "")[:64])
        except HTTPError as problem:
            raise CallFailed(f"The answer broke off: {_reason(problem)}.", arrived=True) from problem
        finally:
            self._let_go(response)

    def _let_go(self, response: urllib3.BaseHTTPResponse) -> None:
        """After 408 and 5xx the same connection tends to stay bad (section 2): it is not used again."""
        if response.status == 408 or response.status >= 500:
            self._pool.clear()
        response.close()
        response.release_conn()

    def close(self) -> None:
        self._pool.clear()


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := response.read(_CHUNK, decode_content=True):
        parts.append(chunk)
        size += len(chunk)
        if size > LARGEST_ANSWER:
            raise CallFailed(f"The answer is larger than {LARGEST_ANSWER} bytes.", arrived=True)
    return b"".join(parts)


def _failed(problem: HTTPError) -> CallFailed:
    if isinstance(problem, ConnectTimeoutError | NewConnectionError | NameResolutionError | LocationParseError):
        return CallFailed(f"The hub cannot be reached: {_reason(problem)}.", arrived=False)
    if isinstance(problem, SSLError):
        return CallFailed(f"No TLS connection to the hub: {_reason(problem)}.", arrived=False)
    return CallFailed(f"No answer from the hub: {_reason(problem)}.", arrived=True)


def _reason(problem: BaseException) -> str:
    """The part of an error that helps a person, without object addresses."""
    cause = problem.args[-1] if problem.args else problem
    if isinstance(cause, BaseException) and cause is not problem:
        return _reason(cause)
    if isinstance(problem, ssl.SSLCertVerificationError):
        return problem.verify_message
    text = str(getattr(problem, "strerror", None) or problem)
    return text.rpartition("object at ")[2].partition(">: ")[2] or text
