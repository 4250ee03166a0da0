"""An SMTP relay that misbehaves on demand, and tells the test how far the conversation has come."""

from __future__ import annotations

import socket
import socketserver
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

BOUND = 20  # seconds, for every wait


@dataclass
class Script:
    """What the relay says; ``None`` drops the connection there, ``hold`` waits until the test releases it."""

    greeting: str = "220 peer"
    sender: str | None = "250 ok"
    recipients: dict[str, str] = field(default_factory=dict)
    data: str | None = "354 go on"
    final: str | None = "250 taken"
    hold_data: bool = False
    hold_final: bool = False


class SmtpPeer:
    """``with SmtpPeer() as peer``: a relay on a port of its own.

    ``taken`` are the mails it said 250 to, ``seen`` all whose final dot arrived.
    """

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self.taken: list[EmailMessage] = []
        self.seen: list[EmailMessage] = []
        self.envelopes: list[list[str]] = []
        self.senders: list[str] = []
        self.at_data, self.at_dot, self.answered = threading.Event(), threading.Event(), threading.Event()
        self.release = threading.Event()
        peer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                Conversation(peer, self).run()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> SmtpPeer:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()


class Conversation:
    """One connection, line by line."""

    def __init__(self, peer: SmtpPeer, handler: socketserver.StreamRequestHandler) -> None:
        self.peer, self.handler, self.envelope = peer, handler, list[str]()

    def run(self) -> None:
        script = self.peer.script
        try:
            self.say(script.greeting)
            while line := self.handler.rfile.readline():
                self.hear(line.decode().strip(), script)
        except (Dropped, OSError):
            return

    def hear(self, line: str, script: Script) -> None:
        word, address = line.split(" ")[0].split(":")[0].upper(), line.partition("<")[2].partition(">")[0]
        if word == "RCPT":
            reply = script.recipients.get(address, "250 ok")
            self.envelope += [address] if reply.startswith("250") else []
            self.say(reply)
        elif word == "DATA":
            self.data(script)
        else:
            self.peer.senders += [address] if word == "MAIL" else []
            self.say({"MAIL": script.sender, "QUIT": "221 bye"}.get(word, "250 peer"))

    def data(self, script: Script) -> None:
        self.peer.at_data.set()
        self.wait(script.hold_data)
        self.say(script.data)
        if not (script.data or "").startswith("354"):
            return
        mail = message_from_bytes(self.content(), policy=default)
        self.peer.seen.append(mail)
        self.peer.at_dot.set()
        self.wait(script.hold_final)
        if (script.final or "").startswith("250"):
            self.peer.taken.append(mail)
            self.peer.envelopes.append(self.envelope)
        self.say(script.final)
        self.peer.answered.set()

    def content(self) -> bytes:
        lines: list[bytes] = []
        while (line := self.handler.rfile.readline()) != b".\r\n":
            if not line:
                raise Dropped
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def wait(self, hold: bool) -> None:
        if hold:
            self.peer.release.wait(BOUND)

    def say(self, reply: str | None) -> None:
        if reply is None:
            self.handler.connection.shutdown(socket.SHUT_RDWR)
            raise Dropped
        self.handler.wfile.write(reply.encode() + b"\r\n")


class Dropped(Exception):
    """The conversation is over."""
