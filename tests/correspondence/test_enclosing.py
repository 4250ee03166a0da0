"""Files go out with a message, the same bytes at every attempt; and a message can be taken back until it leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django_scopes import scope, scopes_disabled

from correspondence.conftest import Queue
from correspondence.smtp_peer import SmtpPeer
from roamdesk.correspondence import enclosing, outbox, services
from roamdesk.correspondence.addresses import MailRefused
from roamdesk.correspondence.enclosing import File
from roamdesk.correspondence.models import Message, OutgoingFile
from roamdesk.correspondence.sending import compose

PICTURE = File("plug.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(2000))


def row(message: Message) -> Message:
    with scopes_disabled():
        return Message.objects.select_related("desk").get(pk=message.pk)


def test_files_travel_with_name_and_type_and_the_text_stays_readable(queue: Queue) -> None:
    message = queue(files=[PICTURE, File("Mängel.pdf", "application/pdf", b"%PDF-1.7")])
    with scope(desk=row(message).desk):
        mail = compose(row(message))
    found = [(part.get_filename(), part.get_content_type(), part.get_content()) for part in mail.iter_attachments()]
    assert found == [
        ("plug.png", "image/png", PICTURE.content), ("Mängel.pdf", "application/pdf", b"%PDF-1.7"),
    ]  # fmt: skip
    body = mail.get_body(("plain",))
    assert body is not None
    assert "The cable was freed." in body.get_content()


def test_every_attempt_has_the_same_bytes(queue: Queue) -> None:
    message = row(queue(files=[PICTURE]))
    with scope(desk=message.desk):
        assert compose(message).as_bytes() == compose(message).as_bytes()


def test_a_forwarded_mail_travels_as_bytes(queue: Queue) -> None:
    message = row(queue(files=[File("mail.eml", "message/rfc822", b"From: a@b.example\r\n\r\nx")]))
    with scope(desk=message.desk):
        [part] = compose(message).iter_attachments()
    assert (part.get_content_type(), part.get_content()) == ("application/octet-stream", b"From: a@b.example\r\n\r\nx")


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "etc_passwd"), ('a"\r\nX: b.pdf', "a_X_ b.pdf"), ("", "file"), (" . ", "file")],
)
def test_a_name_is_made_fit_for_every_system(queue: Queue, given: str, kept: str) -> None:
    queue(files=[File(given, "text/plain", b"x")])
    with scopes_disabled():
        assert OutgoingFile.objects.get().name == kept


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([File("a", "text/plain", b"")], "is empty"),
        ([File("a", "text/plain", b"x")] * 11, "at most 10"),
        ([File("a", "text/plain", bytes(enclosing.LARGEST_TOGETHER + 1))], "at most 10 MB"),
    ],
)
def test_what_no_mail_server_takes_is_refused_and_nothing_is_queued(queue: Queue, files: list[File], says: str) -> None:
    with pytest.raises(MailRefused, match=says):
        queue(files=files)
    with scopes_disabled():
        assert Message.objects.count() == 0


def test_a_message_leaves_at_its_time_and_not_before(queue: Queue, peer: SmtpPeer, at: datetime) -> None:
    message = queue(leaves_at=at + timedelta(seconds=10))
    assert outbox.attempt(message.pk, at) == "queued"
    assert outbox.attempt(message.pk, at + timedelta(seconds=10)) == "accepted"


def test_taken_back_it_never_leaves(queue: Queue, peer: SmtpPeer, at: datetime) -> None:
    message = queue(leaves_at=at + timedelta(seconds=10))
    with scopes_disabled():
        services.take_back(message)
    assert outbox.attempt(message.pk, at + timedelta(seconds=99)) == "withdrawn"
    assert peer.taken == []


def test_what_has_left_cannot_be_taken_back(queue: Queue, peer: SmtpPeer, at: datetime) -> None:
    message = queue()
    outbox.attempt(message.pk, at)
    with scopes_disabled(), pytest.raises(ValueError, match="on its way"):
        services.take_back(message)
