"""Whoever fetches, reads or sends mail is killed at each named point, again and again: every mail arrives once.

``--kills 200`` has it done 200 times in each direction; without it every point comes at least once.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django_scopes import scope, scopes_disabled

from correspondence.imap_server import ImapServer
from correspondence.mailbox_building import build_mailbox, letter
from correspondence.smtp_peer import BOUND, SmtpPeer
from faults.mortal import Mortals, Point, mortals
from roamdesk.correspondence import services
from roamdesk.correspondence.models import Arrival, IncomingMail, Mailbox, Message
from roamdesk.desks.models import Desk

pytestmark = [pytest.mark.usefixtures("outbox_db"), pytest.mark.timeout(3600)]

ROOM = "roamdesk.correspondence."
FETCHING = (
    Point("signed in", f"{ROOM}fetching:not_ours", after=False),
    Point("listed", f"{ROOM}fetching:not_ours"),
    Point("sizes known", f"{ROOM}imap.session:Session.sizes"),
    Point("mail here, nothing stored", f"{ROOM}imap.session:Session.bodies"),
    Point("large mail in its folder, no row", f"{ROOM}keeping:keep"),
    Point("row, no bytes", f"{ROOM}intake:_put_bytes", after=False),
    Point("bytes, no arrival", f"{ROOM}intake:_put_bytes"),
    Point("arrival, no job", f"{ROOM}intake:_note_places"),
    Point("job, no commit", f"{ROOM}intake:defer_reading_of"),
    Point("committed, not noted", f"{ROOM}fetching:_store"),
    Point("noted", f"{ROOM}fetching:_advance"),
    Point("all noted, not moved", f"{ROOM}fetching:_note_good"),
    Point("about to be moved", f"{ROOM}imap.session:Session.move", after=False),
    Point("moved", f"{ROOM}imap.session:Session.move"),
)
READING = (
    Point("claimed", f"{ROOM}reading:_claim"),
    Point("parsed", f"{ROOM}reading:parse"),
    Point("judged, not committed", f"{ROOM}ports:mail_read"),
    Point("read", f"{ROOM}reading:_judge"),
)
BEFORE_THE_DOT = (
    Point("claimed", f"{ROOM}outbox:_claim"),
    Point("connected", f"{ROOM}sending:_connect"),
    Point("envelope open", f"{ROOM}sending:_open_envelope"),
    Point("content sent", f"{ROOM}sending:_send_content"),
    Point("handed over is noted, the dot not sent", f"{ROOM}outbox:_mark_handed"),
)
AFTER_THE_DOT = (
    Point("dot sent, no answer heard", "smtplib:SMTP.send", given=".\r\n"),
    Point("answer heard, not stored", f"{ROOM}sending:_finish"),
    Point("answer at hand", f"{ROOM}outbox:_settle", after=False),
    Point("answer stored, not committed", f"{ROOM}outbox:move"),
    Point("committed", f"{ROOM}outbox:_settle"),
)


@pytest.fixture
def folder(short_folder: Path, settings: Any) -> Path:
    """Where mails of more than 4,000 bytes are kept."""
    settings.MAIL_INSIDE, settings.MAIL_FOLDER = 4000, short_folder
    return short_folder


def until_taken(peer: SmtpPeer, message: Message) -> None:
    began = time.monotonic()
    while message.message_id not in arrived(peer):
        assert time.monotonic() - began < BOUND
        threading.Event().wait(0.01)


def test_whoever_fetches_and_reads_is_killed_at_each_point_and_every_mail_arrives_once(
    cpo_desk: Desk, folder: Path, request: pytest.FixtureRequest
) -> None:
    kills = request.config.getoption("--kills") or len(FETCHING) + len(READING)
    points = itertools.islice(itertools.cycle(FETCHING + READING), kills)
    killed = Counter[str]()
    keeping = {"ROAMDESK_MAIL_INSIDE": "4000", "ROAMDESK_MAIL_FOLDER": str(folder)}
    with ImapServer() as server, mortals(keeping) as them:
        mailbox = build_mailbox(cpo_desk, server.port, move_to="Done")
        clock = datetime.now(UTC)
        for number, point in enumerate(points):
            server.put(letter(number), letter(number + 10_000, b"large\r\n" * 1000))
            clock += timedelta(hours=3)
            killed[point.name] += one_life(them, point, mailbox, clock)
        them.do("fetch", None, mailbox_id=mailbox.pk)
        for _ in range(6):
            clock += timedelta(hours=3)
            them.do("read", None, at=clock.isoformat())
        left = (server.count("INBOX"), server.count("Done"))
    with scopes_disabled():
        mails = list(IncomingMail.objects.all())
        kept = sorted(mail.raw for mail in mails)
        arrivals = Arrival.objects.count()
    print(f"{killed.total()} kills at {len(killed)} points, {len(kept)} mails")
    assert killed.total() == kills
    assert kept == sorted(server.mails)
    assert arrivals == len(server.mails)
    assert {str(mail.state) for mail in mails} == {"read"}
    assert left == (0, len(server.mails))


def one_life(them: Mortals, point: Point, mailbox: Mailbox, clock: datetime) -> bool:
    """Whether it ended at the point."""
    if point in FETCHING:
        return them.do("fetch", point, mailbox_id=mailbox.pk)
    them.do("fetch", None, mailbox_id=mailbox.pk)
    return them.do("read", point, at=clock.isoformat())


def test_whoever_sends_is_killed_at_each_point_and_every_mail_arrives_once(
    cpo_desk: Desk, peer: SmtpPeer, at: datetime, request: pytest.FixtureRequest
) -> None:
    points = BEFORE_THE_DOT + AFTER_THE_DOT
    kills = request.config.getoption("--kills") or len(points)
    killed = Counter[str]()
    relay = {"ROAMDESK_SMTP_HOST": "127.0.0.1", "ROAMDESK_SMTP_PORT": str(peer.port)}
    messages: list[Message] = []
    with mortals(relay) as them:
        for number, point in enumerate(itertools.islice(itertools.cycle(points), kills)):
            message = queued(cpo_desk, number, at)
            messages.append(message)
            killed[point.name] += them.do("send", point, message_id=message.pk, at=at.isoformat())
            if point in AFTER_THE_DOT:
                until_taken(peer, message)
        them.do("take_up", None, at=(at + timedelta(minutes=10)).isoformat())
        doubtful = in_doubt(messages)
        # None went twice, and whatever did not arrive stands before a person as not known.
        assert set(arrived(peer).values()) == {1}
        assert {one.message_id for one in messages} - set(arrived(peer)) <= {one.message_id for one in doubtful}
        # The person asks the partner, and sends again what the partner does not have.
        for one in doubtful:
            if one.message_id not in arrived(peer):
                with scope(desk=cpo_desk):
                    services.send_again(one, at=at + timedelta(minutes=20))
        them.do("take_up", None, at=(at + timedelta(minutes=21)).isoformat())
    print(f"{killed.total()} kills at {len(killed)} points, {len(messages)} mails, {len(doubtful)} in doubt")
    assert killed.total() == kills
    assert arrived(peer) == {one.message_id: 1 for one in messages}


def queued(desk: Desk, number: int, at: datetime) -> Message:
    with scope(desk=desk):
        return services.queue_message(
            desk, about="case:17", key=f"case:17:{number}", to=["support@voltpass.example"], at=at,
            subject=f"NDL-2603-0017: notice {number}", text="The cable was freed.\n.\nNothing else is owed.\n",
        )  # fmt: skip


def arrived(peer: SmtpPeer) -> Counter[str]:
    """How often the relay took each mail."""
    return Counter(str(mail["Message-ID"]) for mail in list(peer.taken))


def in_doubt(messages: list[Message]) -> list[Message]:
    """Shown to an operator as unknown."""
    with scopes_disabled():
        found = Message.objects.filter(pk__in=[one.pk for one in messages], state=Message.State.UNKNOWN)
        return list(found.select_related("desk"))
