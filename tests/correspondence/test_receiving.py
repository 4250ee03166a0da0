"""The port for mail, by real sockets: what was answered with 250 is stored, and nothing else."""

from __future__ import annotations

import asyncio
import resource
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError, connections
from django_scopes import scopes_disabled

from roamdesk.correspondence import intake, receiving
from roamdesk.correspondence.models import Arrival, IncomingMail
from roamdesk.correspondence.receiving import Receiver
from roamdesk.desks.models import Desk

US = "support@nordlade.example"
THEM = "a.agent@voltpass.example"
BOUND = 30


class RunningReceiver(threading.Thread):
    """A receiver on a thread of its own: ``smtp`` and ``lmtp`` are its ports."""

    def __init__(self, at: datetime) -> None:
        super().__init__(daemon=True)
        self._at, self._up = at, threading.Event()
        self.smtp = self.lmtp = 0

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()
        async with Receiver(lambda: self._at) as receiver:
            self.smtp = await receiver.listen("127.0.0.1", 0, Arrival.Via.SMTP)
            self.lmtp = await receiver.listen("127.0.0.1", 0, Arrival.Via.LMTP)
            self._up.set()
            await self._told.wait()

    def __enter__(self) -> RunningReceiver:
        self.start()
        assert self._up.wait(BOUND)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self.is_alive():
            self._loop.call_soon_threadsafe(self._told.set)
        self.join(BOUND)


@pytest.fixture
def receiver(outbox_db: None, cpo_desk: Desk, msp_desk: Desk, at: datetime) -> Iterator[RunningReceiver]:
    with RunningReceiver(at) as running:
        yield running


def letter(number: int = 1, body: str = "Hello\r\n") -> bytes:
    head = f"From: {THEM}\r\nTo: {US}\r\nMessage-ID: <{number}@voltpass.example>\r\nSubject: No. {number}\r\n\r\n"
    return head.encode() + body.encode()


def send(port: int, raw: bytes, *recipients: str, sender: str = THEM) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=BOUND) as smtp:
        smtp.sendmail(sender, list(recipients or [US]), raw)


def rows() -> list[IncomingMail]:
    with scopes_disabled():
        return list(IncomingMail.objects.order_by("pk"))


class Line:
    """A conversation word by word."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=BOUND)
        self.file = self.socket.makefile("rb")
        self.hear()

    def hear(self) -> str:
        while (line := self.file.readline().decode())[3:4] == "-":
            pass
        return line.strip()

    def say(self, text: str) -> str:
        self.socket.sendall(text.encode() + b"\r\n")
        return self.hear()

    def open(self, hello: str = "EHLO peer") -> None:
        for text in (hello, f"MAIL FROM:<{THEM}>", f"RCPT TO:<{US}>"):
            assert self.say(text).startswith("250")
        assert self.say("DATA").startswith("354")

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture
def line(receiver: RunningReceiver) -> Iterator[Line]:
    spoken = Line(receiver.smtp)
    yield spoken
    spoken.close()


def until(true: Callable[[], bool]) -> None:
    deadline = threading.Event()
    waited = 0.0
    while not true():
        assert waited < BOUND
        deadline.wait(0.02)
        waited += 0.02


def test_a_mail_that_was_answered_with_250_is_stored_byte_for_byte(receiver: RunningReceiver, at: datetime) -> None:
    raw = letter(body=".\r\n..two\r\nLadestra\u00dfe\r\n")
    send(receiver.smtp, raw)
    [row] = rows()
    assert (bytes(row.raw), row.envelope_from, row.recipients, row.arrived_at) == (raw, THEM, [US], at)


def test_a_report_comes_from_the_null_sender(receiver: RunningReceiver) -> None:
    send(receiver.smtp, letter(), sender="<>")
    assert rows()[0].envelope_from == ""


def test_an_unknown_recipient_is_refused_for_good_and_the_others_are_taken(receiver: RunningReceiver) -> None:
    with smtplib.SMTP("127.0.0.1", receiver.smtp, timeout=BOUND) as smtp:
        refused = smtp.sendmail(THEM, [US, "nobody@nordlade.example"], letter())
    assert refused["nobody@nordlade.example"][0] == 550
    assert rows()[0].recipients == [US]


def test_the_size_limit_is_announced_and_a_larger_mail_is_refused(receiver: RunningReceiver) -> None:
    with smtplib.SMTP("127.0.0.1", receiver.smtp, timeout=BOUND) as smtp:
        smtp.ehlo()
        assert int(smtp.esmtp_features["size"]) == receiving.LARGEST
        assert smtp.mail(THEM, [f"SIZE={receiving.LARGEST + 1}"])[0] == 552


def test_a_mail_that_turns_out_too_large_is_refused_and_not_stored(
    receiver: RunningReceiver, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "LARGEST", 10_000)
    line.open()
    assert line.say("x" * 60 + "\r\n" + ("y" * 9_000 + "\r\n") * 3 + ".").startswith("552")
    assert rows() == []
    assert line.say("NOOP").startswith("250")


def test_a_client_that_breaks_off_within_the_content_leaves_nothing(line: Line) -> None:
    line.open()
    line.socket.sendall(letter()[:-10])
    line.close()
    assert rows() == []


def test_a_mail_sent_again_after_a_lost_answer_is_one_mail(receiver: RunningReceiver, line: Line) -> None:
    line.open()
    line.socket.sendall(letter() + b".\r\n")
    until(lambda: len(rows()) == 1)
    line.close()
    send(receiver.smtp, letter())
    assert len(rows()) == 1
    with scopes_disabled():
        assert Arrival.objects.count() == 2


def test_while_the_database_is_away_the_sender_is_told_to_come_again(
    receiver: RunningReceiver, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.open()

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(intake, "store", away)
    assert line.say("Subject: x\r\n\r\nhello\r\n.").startswith("451")
    monkeypatch.setattr(intake, "desks_at", away)
    assert line.say(f"MAIL FROM:<{THEM}>").startswith("250")
    assert line.say(f"RCPT TO:<{US}>").startswith("451")


def test_a_database_that_drops_its_connections_costs_an_answer_and_no_mail(receiver: RunningReceiver) -> None:
    send(receiver.smtp, letter(1))
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    answers = []
    for number in (2, 2, 2, 2, 2, 2):
        with smtplib.SMTP("127.0.0.1", receiver.smtp, timeout=BOUND) as smtp:
            smtp.ehlo()
            smtp.mail(THEM)
            answers.append(smtp.rcpt(US)[0])
            if answers[-1] == 250:
                answers[-1] = smtp.data(letter(number))[0]
    assert set(answers) <= {250, 451}
    assert answers[-1] == 250
    assert len(rows()) == 2


def test_a_fault_of_ours_is_temporary_for_the_sender(
    receiver: RunningReceiver, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.open()

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(intake, "store", broken)
    assert line.say("Subject: x\r\n\r\nhello\r\n.").startswith("451")


def test_only_a_dot_between_whole_line_ends_ends_a_mail(line: Line) -> None:
    line.open()
    assert line.say("one\n.\nMAIL FROM:<x@y.example>\n.\r\n..two\r\n.").startswith("250")
    assert bytes(rows()[0].raw) == b"one\n.\nMAIL FROM:<x@y.example>\n.\r\n.two\r\n"


def test_a_line_of_a_megabyte_is_taken(receiver: RunningReceiver, line: Line) -> None:
    line.open()
    assert line.say("z" * 1_000_000 + "\r\n.").startswith("250")
    assert bytes(rows()[0].raw) == b"z" * 1_000_000 + b"\r\n"


def test_lmtp_answers_for_each_recipient(receiver: RunningReceiver) -> None:
    spoken = Line(receiver.lmtp)
    assert spoken.say("EHLO peer").startswith("500")
    for text in ("LHLO peer", "MAIL FROM:<>", f"RCPT TO:<{US}>", "RCPT TO:<support@voltpass.example>"):
        assert spoken.say(text).startswith("250")
    assert spoken.say("DATA").startswith("354")
    assert [spoken.say("Subject: x\r\n\r\n."), spoken.hear()] == ["250 2.0.0 Stored"] * 2
    spoken.close()
    with scopes_disabled():
        assert set(Arrival.objects.values_list("via", "mail__desk__slug")) == {
            ("lmtp", "nordlade"),
            ("lmtp", "voltpass"),
        }


def test_more_than_fits_in_memory_is_put_off_and_the_next_mail_is_taken(
    receiver: RunningReceiver, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "ROOM", 1_000)
    line.open()
    assert line.say(("w" * 70 + "\r\n") * 20 + ".").startswith("452")
    send(receiver.smtp, letter())
    assert len(rows()) == 1


def test_a_mail_of_40_megabytes_is_stored(receiver: RunningReceiver) -> None:
    raw = letter(body=("a" * 76 + "\r\n") * (40 * 1024 * 1024 // 78))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    send(receiver.smtp, raw)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    [row] = rows()
    assert row.size == len(raw)
    assert grown < 600, f"{grown:.0f} MB more memory"


def test_hundreds_of_mails_at_once_are_each_stored_once(receiver: RunningReceiver) -> None:
    with ThreadPoolExecutor(50) as clients:
        list(clients.map(lambda number: send(receiver.smtp, letter(number)), range(300)))
    assert sorted(bytes(row.raw) for row in rows()) == sorted(letter(number) for number in range(300))


def test_stopping_answers_the_mail_under_way_and_sends_the_idle_away(
    outbox_db: None, cpo_desk: Desk, at: datetime
) -> None:
    with RunningReceiver(at) as running:
        idle, busy = Line(running.smtp), Line(running.smtp)
        busy.open()
        stopping = threading.Thread(target=running.stop)
        stopping.start()
        assert idle.hear().startswith("421")
        assert busy.say("Subject: x\r\n\r\nhello\r\n.").startswith("250")
        stopping.join(BOUND)
        idle.close()
        busy.close()
    assert len(rows()) == 1


def test_beyond_the_most_connections_a_sender_is_told_to_come_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "CONNECTIONS", 0)
    line.say("EHLO peer")
    assert line.say(f"MAIL FROM:<{THEM}>").startswith("421")


def test_the_same_mail_from_many_senders_at_once_is_one_mail(receiver: RunningReceiver) -> None:
    with ThreadPoolExecutor(20) as clients:
        list(clients.map(lambda _: send(receiver.smtp, letter()), range(40)))
    assert len(rows()) == 1
    with scopes_disabled():
        assert Arrival.objects.count() == 40
