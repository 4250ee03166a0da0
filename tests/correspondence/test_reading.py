"""A stored mail is read once, by the fixed order of checks; what cannot be read stays in sight."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope, scopes_disabled
from hypothesis import given
from hypothesis import strategies as st

from roamdesk.correspondence import intake, outbox, ports, reading, sending
from roamdesk.correspondence.models import Arrival, Fate, IncomingMail, Message, Verdict
from roamdesk.correspondence.parsing.mail import parse
from roamdesk.desks.models import Desk

Queue = Callable[..., Message]
State = IncomingMail.State


def reply(message_id: str = "<r1@voltpass.example>", *, to: str = "", extra: str = "", body: str = "Thanks.") -> bytes:
    answers = f"In-Reply-To: {to}\r\n" if to else ""
    return f"From: a@voltpass.example\r\nMessage-ID: {message_id}\r\n{answers}{extra}\r\n{body}\r\n".encode()


def bounce_of(message: Message, *addresses: str) -> bytes:
    failed = "".join(f"\r\n<{address}>:\r\nNo such user. (#5.1.1)\r\n" for address in addresses)
    return (
        "From: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\n\r\nHi. This is the qmail-send program.\r\n"
        f"{failed}\r\n--- Below this line is a copy.\r\n\r\nMessage-ID: {message.message_id}\r\n"
    ).encode()


@pytest.fixture
def take(cpo_desk: Desk, at: datetime) -> Callable[..., IncomingMail]:
    """Stores a mail to Nordlade and reads it."""

    def through(raw: bytes, *, sender: str = "a@voltpass.example", to: str = "") -> IncomingMail:
        [mail] = intake.store(raw, recipients=[to or cpo_desk.mail_from], sender=sender, via=Arrival.Via.SMTP, at=at)
        reading.read_mail(mail.pk, at)
        return fresh(mail)

    return through


def fresh(mail: IncomingMail) -> IncomingMail:
    with scopes_disabled():
        found: IncomingMail = IncomingMail.objects.select_related("answers").get(pk=mail.pk)
        return found


def accepted(message: Message, at: datetime) -> Message:
    with scopes_disabled():
        fates = dict.fromkeys(message.to, Fate.ACCEPTED)
        Message.objects.filter(pk=message.pk).update(
            state="accepted", fates=fates, accepted_at=at, next_attempt_at=None
        )
        found: Message = Message.objects.get(pk=message.pk)
        return found


def state_of(message: Message) -> str:
    with scopes_disabled():
        return str(Message.objects.values_list("state", flat=True).get(pk=message.pk))


@pytest.fixture
def notice(queue: Queue, at: datetime) -> Message:
    return accepted(queue(), at)


def test_a_persons_reply_answers_the_message_and_the_case_hears_of_it(
    notice: Message, take: Any, heard: list[str]
) -> None:
    mail = take(reply(to=notice.message_id))
    assert (mail.verdict, mail.answers, mail.about) == (Verdict.THREAD, notice, "case:17")
    assert (state_of(notice), heard) == ("answered", ["answered"])


def test_a_machines_reply_joins_the_thread_and_answers_nothing(notice: Message, take: Any, heard: list[str]) -> None:
    mail = take(reply(to=notice.message_id, extra="Auto-Submitted: auto-replied\r\n"))
    assert (mail.verdict, mail.automatic) == (Verdict.THREAD, "Auto-Submitted: auto-replied")
    assert (state_of(notice), heard) == ("accepted", [])


def test_another_desks_message_is_not_found_by_its_id(notice: Message, msp_desk: Desk, take: Any) -> None:
    mail = take(reply(to=notice.message_id), to=msp_desk.mail_from)
    assert (mail.desk, mail.verdict, state_of(notice)) == (msp_desk, Verdict.UNPLACED, "accepted")


def test_their_second_mail_finds_its_place_by_their_first(notice: Message, take: Any) -> None:
    take(reply("<r1@voltpass.example>", to=notice.message_id))
    mail = take(reply("<r2@voltpass.example>", to="<r1@voltpass.example>"))
    assert (mail.verdict, mail.about) == (Verdict.THREAD, "case:17")


def test_a_bounce_of_one_address_is_told_with_its_words(notice: Message, take: Any, heard: list[str]) -> None:
    mail = take(bounce_of(notice, "F.Focal@voltpass.example"), sender="")
    with scopes_disabled():
        notice.refresh_from_db()
    assert (mail.verdict, notice.state, heard) == (Verdict.BOUNCE, "bounced", ["bounced"])
    assert notice.addresses(Fate.BOUNCED) == ["f.focal@voltpass.example"]
    assert notice.addresses(Fate.ACCEPTED) == ["support@voltpass.example"]
    assert "No such user." in notice.last_reply


def test_a_bounce_about_an_address_that_we_did_not_write_to_changes_nothing(notice: Message, take: Any) -> None:
    take(bounce_of(notice, "someone@else.example"), sender="")
    assert state_of(notice) == "accepted"


def test_a_bounce_that_overtakes_the_relays_answer_is_not_forgotten(queue: Queue, at: datetime) -> None:
    message = queue()
    with scopes_disabled():
        sent = outbox._claim(message.pk, at)
        assert sent is not None
        outbox._mark_handed(sent, message.to, at + timedelta(minutes=1))
        outbox.bounced(message.pk, ["f.focal@voltpass.example"], "5.1.1", at)
        handover = sending.Handover(dict.fromkeys(message.to, Fate.ACCEPTED), "250 ok")
        assert outbox._settle(sent, handover, at) == Message.State.BOUNCED
        assert Message.objects.get(pk=message.pk).addresses(Fate.BOUNCED) == ["f.focal@voltpass.example"]


def test_a_bounce_does_not_stop_the_mail_to_an_address_that_still_waits(queue: Queue, at: datetime) -> None:
    message = queue()
    with scopes_disabled():
        first, second = message.to
        Message.objects.filter(pk=message.pk).update(fates={first: Fate.ACCEPTED, second: Fate.PENDING})
        assert outbox.bounced(message.pk, [first], "5.1.1", at) == Message.State.QUEUED
        assert Message.objects.get(pk=message.pk).next_attempt_at == at


def test_the_same_mail_by_another_way_is_a_copy_and_moves_nothing(notice: Message, take: Any, heard: list[str]) -> None:
    first = take(reply(to=notice.message_id))
    second = take(b"Received: from another.example\r\n" + reply(to=notice.message_id))
    assert (second.verdict, second.copy_of, second.about) == (Verdict.COPY, first, "case:17")
    assert heard == ["answered"]


def test_another_mail_with_a_message_id_that_was_used_before_is_a_mail_of_its_own(take: Any) -> None:
    take(reply("<same@voltpass.example>", body="One"))
    assert take(reply("<same@voltpass.example>", body="Two")).verdict == Verdict.UNPLACED


def test_mails_without_a_message_id_are_never_taken_for_copies(take: Any) -> None:
    raw = b"From: plc@voltpass.example\r\n\r\nStation 7 is down.\r\n"
    take(b"Received: by mx; Tue, 10 Mar 2026 10:00:00 +0100\r\n" + raw)
    assert take(b"Received: by mx; Tue, 10 Mar 2026 10:05:00 +0100\r\n" + raw).verdict == Verdict.UNPLACED


def test_a_mail_read_again_is_no_copy_of_itself(take: Any, at: datetime) -> None:
    mail = take(reply())
    with scopes_disabled():
        IncomingMail.objects.update(state="stored", next_attempt_at=at)
    reading.read_mail(mail.pk, at)
    assert fresh(mail).verdict == Verdict.UNPLACED


@pytest.fixture
def broken_listener(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What hears of mail; the test puts in what fails."""
    listeners: list[Any] = []
    monkeypatch.setattr(ports, "_mail_listeners", listeners)
    return listeners


def failing(mail: IncomingMail) -> None:
    raise KeyError("a fault of ours")


def test_a_mail_that_cannot_be_read_is_in_quarantine_with_the_reason_and_changes_nothing(
    notice: Message, take: Any, at: datetime, broken_listener: list[Any]
) -> None:
    broken_listener.append(failing)
    mail = take(reply(to=notice.message_id))
    assert (mail.state, mail.next_attempt_at) == (State.QUARANTINED, at + timedelta(minutes=1))
    assert "a fault of ours" in mail.reason
    assert state_of(notice) == "accepted"


def test_a_quarantined_mail_is_read_again_by_itself(
    notice: Message, take: Any, at: datetime, broken_listener: list[Any]
) -> None:
    broken_listener.append(failing)
    mail = take(reply(to=notice.message_id))
    broken_listener.clear()
    assert reading.sweep(at + timedelta(seconds=30)) == 0
    later = at + timedelta(minutes=1)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    assert reading.sweep(later) == 1
    assert reading.read_mail(mail.pk, later) == State.READ
    assert state_of(notice) == "answered"


def test_after_the_last_pause_a_person_decides(take: Any, at: datetime, broken_listener: list[Any]) -> None:
    broken_listener.append(failing)
    mail = take(reply())
    for _ in range(10):
        reading.read_mail(mail.pk, at + timedelta(days=1))
        with scopes_disabled():
            IncomingMail.objects.exclude(next_attempt_at=None).update(next_attempt_at=at)
    assert (fresh(mail).state, fresh(mail).next_attempt_at) == (State.QUARANTINED, None)
    broken_listener.clear()
    with scope(desk=mail.desk):
        reading.read_again(fresh(mail), at=at)
    assert reading.read_mail(mail.pk, at) == State.READ
    with scope(desk=mail.desk), pytest.raises(ValueError, match="not in quarantine"):
        reading.read_again(fresh(mail), at=at)


def test_a_mail_whose_reader_died_is_taken_up_by_the_sweep_and_no_sooner(
    outbox_db: None, cpo_desk: Desk, at: datetime
) -> None:
    [mail] = intake.store(reply(), recipients=[cpo_desk.mail_from], sender="a@b.example", via=Arrival.Via.SMTP, at=at)
    with scopes_disabled():
        reading._claim(mail.pk, at)
    assert reading.read_mail(mail.pk, at + timedelta(minutes=1)) == State.STORED
    assert reading.read_mail(mail.pk, at + reading.LEASE) == State.READ


def test_a_mail_that_kills_its_reader_ends_in_quarantine(outbox_db: None, cpo_desk: Desk, at: datetime) -> None:
    [mail] = intake.store(reply(), recipients=[cpo_desk.mail_from], sender="a@b.example", via=Arrival.Via.SMTP, at=at)
    for death in range(5):
        with scopes_disabled():
            assert reading._claim(mail.pk, at + death * reading.LEASE) is not None
    assert reading.read_mail(mail.pk, at + 5 * reading.LEASE) == State.QUARANTINED
    assert "died" in fresh(mail).reason


def test_a_reader_that_was_only_slow_does_not_write_after_another_took_over(
    outbox_db: None, cpo_desk: Desk, at: datetime
) -> None:
    [mail] = intake.store(reply(), recipients=[cpo_desk.mail_from], sender="a@b.example", via=Arrival.Via.SMTP, at=at)
    with scopes_disabled():
        slow = reading._claim(mail.pk, at)
        assert slow is not None
        assert reading._claim(mail.pk, at + reading.LEASE) is not None
        assert reading._judge(slow, parse(reply()), at) == State.STORED


@given(raw=st.binary(max_size=2000))
def test_no_bytes_make_the_parser_raise(raw: bytes) -> None:
    parse(raw)


PIECES = st.sampled_from(
    [
        b"From: ", b"To: ", b"Subject: ", b"Message-ID: ", b"References: ", b"Date: ", b"Content-Type: ",
        b"Content-Disposition: attachment; filename*0*=", b"Content-Transfer-Encoding: base64", b"multipart/mixed",
        b"multipart/report; report-type=delivery-status", b"message/delivery-status", b"message/rfc822",
        b"text/calendar", b"text/html", b"; boundary=x", b"; charset=", b"\r\n--x", b"--x--", b"\r\n", b"\r\n\r\n",
        b"\n ", b"=?utf-8?B?", b"?=", b"<", b">", b"(", b")", b"@", b"\"", b"utf-16", b"idna", b"\xff", b"\x00", b",",
        b"Final-Recipient: rfc822;", b"Action: failed", b"METHOD:REPLY", b"Hi. This is ", b"begin 644 x", b"a",
    ]
)  # fmt: skip


@given(pieces=st.lists(PIECES, max_size=60))
def test_no_broken_mail_makes_the_parser_raise(pieces: list[bytes]) -> None:
    read = parse(b"".join(pieces))
    assert "\x00" not in read.subject + read.message_id + read.sender + read.bodies.text
    (read.subject + read.sender + read.message_id + read.bodies.text).encode()


def test_a_mail_nested_without_end_still_gives_its_header() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(3000))
    read = parse(b"Message-ID: <deep@voltpass.example>\n" + deep)
    assert read.message_id == "<deep@voltpass.example>"
    assert read.faults


EXCHANGE = b"From: postmaster@x.example\n\nDelivery has failed to these recipients or groups: "
LONG = 1_000_000


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/html\n\n" + b"<script" * (LONG // 7),
        b"Content-Type: text/html\n\n<" + b"a" * LONG,
        b"Subject: " + b"=?a?q?" * (LONG // 6) + b"\n\n",
        b"To: " + b"(" * LONG + b"\n\n",
        b"To: " + b"a," * LONG + b"\n\n",
        b"From: " + b"a" * LONG + b"\n\n",
        b"References: " + b"<a" * LONG + b"\n\n",
        b"".join(b"X-%d: y\n" % number for number in range(LONG // 5)) + b"\n",
        EXCHANGE + b"a" * LONG,
        EXCHANGE + b"".join(b"a%d@b.example\n" % number for number in range(LONG // 15)),
        b"From: postmaster@x.example\n\nHi. This is x\n\n" + b"<a@b.example>:\n\n" * (LONG // 16),
        b"Content-Type: message/delivery-status\n\n" + b"Final-Recipient: rfc822; a@b.example\n\n" * (LONG // 40),
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n" * 19_000,
    ],
    ids=range(13),
)
def test_hostile_mail_is_read_in_time_that_grows_with_its_length(raw: bytes) -> None:
    assert isinstance(parse(raw).bodies.text, str)


def test_an_answer_to_the_address_that_our_mail_gives_finds_its_message(
    notice: Message, take: Any, settings: Any
) -> None:
    settings.MAIL_TAGS = True
    with scope(desk=notice.desk):
        back_to = sending.compose(notice)["Reply-To"]
    mail = take(reply(extra=f"To: {back_to}\r\nSubject: another matter\r\n"), to=str(back_to))
    assert (mail.answers, mail.reason) == (notice, "Found by the signed tag of the address.")


def test_a_charset_that_no_machine_could_know_costs_no_text() -> None:
    read = parse(b'Content-Type: text/plain; charset="\x00"\r\n\r\n\xffabc')
    assert (read.bodies.text, read.faults) == ("ÿabc", ())


def test_a_mail_of_a_million_parts_gives_its_header_and_says_so() -> None:
    read = parse(
        b"Message-ID: <parts@x.example>\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n" * 1_000_000
    )
    assert (read.message_id, read.faults) == (
        "<parts@x.example>",
        ("It has too many parts: only its header was read.",),
    )


def test_a_mail_that_is_all_header_gives_the_beginning_of_it() -> None:
    read = parse(b"Message-ID: <head@x.example>\n" + b"X: y\n" * 1_000_000)
    assert (read.message_id, read.faults) == (
        "<head@x.example>",
        ("It begins with megabytes of header: only its header was read.",),
    )


def test_copies_read_at_the_same_moment_are_one_mail_and_its_copies(
    outbox_db: None, cpo_desk: Desk, at: datetime
) -> None:
    kept = [
        intake.store(
            f"Received: way {way}\r\n".encode() + reply(),
            recipients=[cpo_desk.mail_from],
            sender="a@b.example",
            via=Arrival.Via.SMTP,
            at=at,
        )[0]
        for way in range(8)
    ]

    def read(mail: IncomingMail) -> None:
        try:
            reading.read_mail(mail.pk, at)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as readers:
        list(readers.map(read, kept))
    assert sorted(fresh(mail).verdict for mail in kept) == [Verdict.COPY] * 7 + [Verdict.UNPLACED]
