"""A real IMAP server (pymap) in a thread, and a proxy before it that misbehaves on demand."""

from __future__ import annotations

import asyncio
import imaplib
import re
import socket
import socketserver
import ssl
import threading
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer

USER, PASSWORD = "support@nordlade.example", "a-long-password"
BOUND = 20.0  # seconds, for every wait


class ImapServer:
    """``with ImapServer() as server``. With a certificate it speaks TLS, or STARTTLS where that is asked for."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, starttls: bool = False) -> None:
        self._tls, self._starttls = tls, starttls
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped, self._ready = asyncio.Event(), threading.Event()
        self._thread = threading.Thread()
        self._client: imaplib.IMAP4 | None = None
        self.port = 0
        self.mails: list[bytes] = []

    def __enter__(self) -> ImapServer:
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _begin(self) -> None:
        self._stopped = asyncio.Event()
        self._ready.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(BOUND)

    def _end(self) -> None:
        if self._client is not None:
            self._client.shutdown()
            self._client = None
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(BOUND)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        options = Namespace(
            host="127.0.0.1", port="0", debug=False, cert=None, key=None, tls=self._starttls, proxy_protocol=None,
            passlib_cfg=None, demo_data=False, demo_user=USER, demo_password=PASSWORD,
        )  # fmt: skip
        changes = {"ssl_context": self._tls} if self._starttls else {}
        backend, config = await DictBackend.init(options, **changes)
        config.apply_context()
        answer = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
        implicit = None if self._starttls else self._tls
        server = await asyncio.start_server(answer, "127.0.0.1", self.port, ssl=implicit)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopped.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def put(self, *mails: bytes, folder: str = "INBOX") -> None:
        """Deliver mails into a folder, as another program does."""
        client = self._signed_in()
        for raw in mails:
            kind, words = client.append(folder, "", "", raw)
            assert kind == "OK", words
            self.mails.append(raw)

    def _signed_in(self) -> imaplib.IMAP4:
        if self._client is None:
            self._client = imaplib.IMAP4("127.0.0.1", self.port, timeout=BOUND)
            self._client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client.login(USER, PASSWORD)
        return self._client

    def delete(self, uid: int) -> None:
        client = self._signed_in()
        client.select("INBOX")
        client.uid("STORE", str(uid), "+FLAGS", r"(\Deleted)")
        client.expunge()
        client.close()

    def unseen(self, folder: str = "INBOX") -> int:
        client = self._signed_in()
        client.select(folder, readonly=True)
        found = client.search(None, "UNSEEN")[1][0].split()
        client.close()
        return len(found)

    def count(self, folder: str) -> int:
        told = self._signed_in().status(folder, "(MESSAGES)")[1][0]
        return int(re.findall(rb"MESSAGES (\d+)", told)[0])

    def count_anew(self) -> None:
        """As after a restore on the server: the same mails under another UIDVALIDITY."""
        mails, self.mails = self.mails, []
        self._end()
        self._begin()
        self.put(*mails)


class Proxy:
    """``with Proxy(port) as proxy``: passes everything on, and harms what the server says as told.

    ``swap`` replaces bytes by others. ``cut_at`` breaks the connection within the first answer that holds these
    bytes, right after them; ``stall_at`` keeps silent from there. ``heard`` is what the client said.
    """

    def __init__(self, upstream: int) -> None:
        self.swap: Sequence[tuple[bytes, bytes]] = ()
        self.cut_at: bytes = b""
        self.stall_at: bytes = b""
        self.heard = bytearray()
        self.connections = 0
        self.release = threading.Event()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                proxy.connections += 1
                with socket.create_connection(("127.0.0.1", upstream)) as behind:
                    threading.Thread(target=proxy.listen, args=(self.request, behind), daemon=True).start()
                    with suppress(OSError):
                        proxy.speak(behind, self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def listen(self, client: socket.socket, behind: socket.socket) -> None:
        with suppress(OSError):
            while said := client.recv(65536):
                self.heard += said
                behind.sendall(said)
            behind.shutdown(socket.SHUT_RDWR)

    def speak(self, behind: socket.socket, client: socket.socket) -> None:
        while said := behind.recv(65536):
            while self.swap and not said.endswith(b"\r\n") and (more := behind.recv(65536)):
                said += more
            for before, after in self.swap:
                said = said.replace(before, after)
            cut, stall = self._end_of(said, self.cut_at), self._end_of(said, self.stall_at)
            client.sendall(said[: cut or stall or len(said)])
            if stall:
                self.release.wait(BOUND)
            if cut or stall:
                client.shutdown(socket.SHUT_RDWR)
                return

    @staticmethod
    def _end_of(said: bytes, mark: bytes) -> int:
        return said.find(mark) + len(mark) if mark and mark in said else 0
