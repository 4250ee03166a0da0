"""An IMAP server that costs next to nothing, so that what is measured is ours: every mail is made from its number.

``python -m benchmarks.imap_peer`` prints its port and obeys lines on its standard input: ``mails uidvalidity large``.
The first ``large`` mails have 40 MB each.
"""

from __future__ import annotations

import re
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator

MEGABYTES_40 = 40 * 1024 * 1024
FIRST = 1
BODY = b"The cable at DE*NDL*E0472*1 is stuck, the User waits. Please call back.\r\n" * 20


def letter(number: int, large: bool = False) -> bytes:
    """A mail as help desks write them, of about 3.5 KB or 40 MB; the same number gives the same bytes."""
    head = (
        f"Return-Path: <agent{number % 50}@partner.example>\r\nReceived: from mx.partner.example (192.0.2.7)\r\n"
        f"From: Agent {number % 50} <agent{number % 50}@partner.example>\r\nTo: support@nordlade.example\r\n"
        f"Message-ID: <{number}.{number * 7919}@partner.example>\r\nDate: Tue, 10 Mar 2026 10:15:00 +0100\r\n"
        f"Subject: Ticket {number}: cable stuck\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="b1"\r\n\r\n'
    ).encode()
    text = BODY * (MEGABYTES_40 // len(BODY)) if large else BODY
    html = b"<p>" + BODY[:1200] + b"</p>"
    return (
        head + b"--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text
        + b"--b1\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html + b"\r\n--b1--\r\n"
    )  # fmt: skip


class Folder:
    mails, uidvalidity, large = 0, 1, 0

    def letter(self, uid: int) -> bytes:
        return letter(uid, uid < FIRST + self.large)


FOLDER = Folder()


class Conversation(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        while line := self.rfile.readline().decode().strip():
            tag, _, said = line.partition(" ")
            for piece in self.answers(said):
                self.wfile.write(piece)
            self.wfile.write(f"{tag} OK done\r\n".encode())

    def answers(self, said: str) -> Iterator[bytes]:
        last = FIRST + FOLDER.mails - 1
        if said == "CAPABILITY":
            yield b"* CAPABILITY IMAP4REV1\r\n"
        elif said.startswith("EXAMINE"):
            yield f"* {FOLDER.mails} EXISTS\r\n* OK [UIDVALIDITY {FOLDER.uidvalidity}] so\r\n".encode()
        elif found := re.match(r"UID SEARCH UID (\d+):\*", said):
            uids = range(min(int(found[1]), last), last + 1)
            yield f"* SEARCH {' '.join(map(str, uids))}\r\n".encode()
        elif said.startswith("UID FETCH"):
            for uid in map(int, said.split(" ")[2].split(",")):
                yield from self.fetched(uid, "BODY" in said)
        elif said == "LOGOUT":
            yield b"* BYE\r\n"

    def fetched(self, uid: int, whole: bool) -> Iterator[bytes]:
        raw = FOLDER.letter(uid)
        if not whole:
            yield f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(raw)})\r\n".encode()
            return
        yield f"* {uid} FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode()
        yield raw
        yield b")\r\n"


def main() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        for line in sys.stdin:
            FOLDER.mails, FOLDER.uidvalidity, FOLDER.large = map(int, line.split())
            print("so", flush=True)


if __name__ == "__main__":
    main()
