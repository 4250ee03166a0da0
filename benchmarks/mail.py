"""Mail that comes in: a mailbox of 50,000 mails, the same counted anew, mails of 40 MB, and 1,000 mails at once.

Rates are those of fetching (or taking) and storing, durably, against ``parse`` alone over the same mails on one core.
Each round of fetching is a process of its own, so that its memory is its own. ``MAILS=5000`` measures a smaller one.
"""

from __future__ import annotations

import json
import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django_scopes import scope

from benchmarks.figures import Figure, figure
from benchmarks.imap_peer import MEGABYTES_40, letter
from benchmarks.mail_child import peak_of
from benchmarks.people import cast
from roamdesk.correspondence.mailboxes import Given, put_mailbox
from roamdesk.correspondence.models import Arrival, IncomingMail, Mailbox
from roamdesk.correspondence.parsing.mail import parse
from roamdesk.desks.models import Desk

MAILS = int(os.environ.get("MAILS", "50000"))
AT_ONCE, SENDERS = 1000, 50
PARSED = 4000
LARGE = 5
FETCH_RATE, AT_ONCE_RATE, MEMORY, MEMORY_OF_A_FOLDER_MB = 0.25, 0.1, 3.0, 64


def figures() -> Iterator[Figure]:
    desk = cast("mail").desk
    # Of the other benchmarks' desks, several have the same address.
    desk.mail_from = "mailbench@nordlade.example"
    desk.save()
    with imap_peer() as peer:
        mailbox = _mailbox(desk, peer.port)
        yield from _folder(desk, mailbox, peer)
        yield from _large(desk, peer)
    yield from _at_once(desk)


def _folder(desk: Desk, mailbox: Mailbox, peer: Peer) -> Iterator[Figure]:
    """Twice over the same folder: at first, and when the server counts it anew."""
    for name, uidvalidity in (("mailbox_fetch_vs_parse", 1), ("mailbox_counted_anew_vs_parse", 2)):
        peer.hold(MAILS, uidvalidity)
        before = _parse_rate()
        done = _child("fetch", mailbox.pk)
        ratio = _rate(MAILS, done) / max(before, _parse_rate())
        words = f"{_rate(MAILS, done):.0f} mails/s of {MAILS}, parse alone {before:.0f}"
        yield figure(name, [ratio], FETCH_RATE, at_least=True, detail=words)
        grown = done["peak"] - done["base"]
        yield figure(
            name.replace("vs_parse", "memory"), [grown / MEMORY_OF_A_FOLDER_MB], 1.0, at_least=False,
            detail=f"{grown:.0f} MB more than at the start, of {MEMORY_OF_A_FOLDER_MB}",
        )  # fmt: skip
        _all_there(desk, mails=MAILS, arrivals=MAILS * uidvalidity)


def _large(desk: Desk, peer: Peer) -> Iterator[Figure]:
    """Several mails of 40 MB: one is in memory at a time."""
    peer.hold(LARGE, 3, large=LARGE)
    with scope(desk=desk):
        before = IncomingMail.objects.count()
    done = _child("fetch", _mailbox(desk, peer.port, name="large", folder="large").pk)
    grown, size = done["peak"] - done["base"], MEGABYTES_40 / 2**20
    words = f"{grown:.0f} MB more for mails of {size:.0f} MB, {done['seconds'] / LARGE:.2f} s each"
    yield figure("mail_40mb_memory", [grown / size], MEMORY, at_least=False, detail=words)
    with scope(desk=desk):
        assert IncomingMail.objects.count() == before + LARGE


def _at_once(desk: Desk) -> Iterator[Figure]:
    """Fifty senders with 1,000 mails between them, at the SMTP port."""
    parsing = _parse_rate()
    with receiver() as (port, process):
        base = peak_of(process)
        began = time.perf_counter()
        with ThreadPoolExecutor(SENDERS) as senders:
            list(senders.map(lambda number: _send(port, desk.mail_from, number), range(AT_ONCE)))
        spent = time.perf_counter() - began
        grown = peak_of(process) - base
    words = f"{AT_ONCE / spent:.0f} mails/s, parse alone {parsing:.0f}, {grown:.0f} MB more"
    yield figure("mails_at_once_vs_parse", [AT_ONCE / spent / parsing], AT_ONCE_RATE, at_least=True, detail=words)
    with scope(desk=desk):
        assert IncomingMail.objects.filter(arrivals__via=Arrival.Via.SMTP).count() == AT_ONCE


def _send(port: int, to: str, number: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
        smtp.sendmail("a@partner.example", [to], letter(1_000_000 + number))


def _parse_rate() -> float:
    """Mails a second on one core, parsed as the reader does."""
    mails = [letter(number) for number in range(PARSED)]
    began = time.perf_counter()
    for raw in mails:
        parse(raw)
    return PARSED / (time.perf_counter() - began)


def _rate(mails: int, done: dict[str, Any]) -> float:
    return mails / float(done["seconds"])


def _mailbox(desk: Desk, port: int, name: str = "support", folder: str = "INBOX") -> Mailbox:
    given = Given(name=name, host="127.0.0.1", port=port, user="u", security="none", folder=folder)
    with scope(desk=desk):
        return put_mailbox(desk, given, {"password": "p"}, at=datetime.now(UTC))


def _all_there(desk: Desk, mails: int, arrivals: int) -> None:
    with scope(desk=desk):
        assert (IncomingMail.objects.count(), Arrival.objects.count()) == (mails, arrivals)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@dataclass
class Peer:
    process: subprocess.Popen[str]
    port: int

    def hold(self, mails: int, uidvalidity: int, large: int = 0) -> None:
        """That many mails are in the folder from now on."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{mails} {uidvalidity} {large}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()


@contextmanager
def imap_peer() -> Iterator[Peer]:
    command = [sys.executable, "-m", "benchmarks.imap_peer"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield Peer(process, int(process.stdout.readline()))
        process.terminate()


@contextmanager
def receiver() -> Iterator[tuple[int, int]]:
    """Port and process id of a running SMTP port of ours."""
    command = [sys.executable, "-m", "benchmarks.mail_child", "receive"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield int(process.stdout.readline()), process.pid
        process.terminate()


def _child(work: str, number: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.mail_child", work, str(number)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
