"""A machine's mail is known by any one of its marks, and ours bear all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes
from email.policy import default

import pytest
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from correspondence.smtp_peer import SmtpPeer
from roamdesk.correspondence import sending
from roamdesk.correspondence.models import Message
from roamdesk.correspondence.outbox import attempt
from roamdesk.correspondence.parsing.automatic import why_automatic
from roamdesk.correspondence.parsing.mail import parse

Queue = Callable[..., Message]
Origin = Message.Origin
NAMES = ("auto-submitted", "precedence", "list-id", "x-auto-response-suppress", "return-path", "from", "subject")
PERSONAL = {"from": ["Vera Agent <v.agent@voltpass.example>"], "subject": ["Billed twice"]}


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied; owner-email=x@y.example",
        "auto-submitted: AUTO-GENERATED",
        "Precedence: Bulk",
        "Precedence: auto_reply",
        "List-Id: <users.voltpass.example>",
        "List-Unsubscribe: <mailto:off@voltpass.example>",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "Return-Path: <>",
        "X-Roamdesk-Automatic: replied",
        "X-Loop: tickets@voltpass.example",
        "Content-Type: multipart/report; boundary=x",
        "From: VoltPass <no-reply@voltpass.example>",
        "From: donotreply+17@voltpass.example",
        "From: MAILER-DAEMON@mx.voltpass.example",
        "Subject: Out of Office: back on Monday",
        "Subject: Automatische Antwort: Ihre Anfrage",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique_=3A_absence?=",
        "Subject: Risposta automatica: Sessione",
    ],
)
def test_each_mark_alone_tells_a_machine(field: str) -> None:
    raw = f"{field}\r\nFrom: v.agent@voltpass.example\r\n\r\nWe have your mail.\r\n"
    assert why_automatic(parse(raw.encode()).headers, "v.agent@voltpass.example")


def test_the_null_sender_of_the_envelope_tells_a_machine() -> None:
    assert why_automatic(PERSONAL, "") == why_automatic(PERSONAL, "<>") == "The return path is empty"


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: no",
        "Precedence: normal",
        "X-Auto-Response-Suppress: None",
        "X-Roamdesk-Case: VP-2603-0004",
        "Subject: Re: Out of office: who stands in for you?",
        "From: reply.team@voltpass.example",
    ],
)
def test_a_person_is_not_taken_for_a_machine(field: str) -> None:
    raw = f"{field}\r\nFrom: v.agent@voltpass.example\r\n\r\nThanks.\r\n"
    assert why_automatic(parse(raw.encode()).headers, "v.agent@voltpass.example") == ""


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.text(max_size=30), max_size=2), max_size=4), st.text())
def test_whatever_stands_in_a_header_it_answers(headers: dict[str, list[str]], sender: str) -> None:
    assert len(why_automatic(headers, sender)) <= 200


def composed(message: Message) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in sending.compose(message).items()}


def test_what_a_person_sends_bears_no_mark_of_a_machine(queue: Queue) -> None:
    headers = composed(queue(origin=Origin.PERSON))
    assert not {"auto-submitted", "precedence", "x-auto-response-suppress", "x-roamdesk-automatic"} & headers.keys()


def test_a_notice_of_the_clock_suppresses_answers_and_keeps_its_bounces(queue: Queue) -> None:
    headers = composed(queue(origin=Origin.GENERATED))
    assert (headers["auto-submitted"], headers["x-auto-response-suppress"]) == ("auto-generated", "OOF, AutoReply")
    assert "precedence" not in headers


def test_a_reply_of_a_machine_bears_every_mark(queue: Queue) -> None:
    headers = composed(queue(origin=Origin.REPLIED))
    assert (headers["auto-submitted"], headers["x-auto-response-suppress"]) == ("auto-replied", "All")
    assert (headers["precedence"], headers["x-roamdesk-automatic"]) == ("bulk", "replied")


@pytest.mark.parametrize("origin", [Origin.GENERATED, Origin.REPLIED])
def test_our_own_machines_know_each_other(queue: Queue, origin: Message.Origin) -> None:
    raw = bytes(sending.compose(queue(origin=origin)))
    assert why_automatic(parse(raw).headers, "support@nordlade.example")


def test_a_reply_of_a_machine_leaves_with_the_null_sender(queue: Queue, peer: SmtpPeer, at: datetime) -> None:
    attempt(queue(origin=Origin.REPLIED).pk, at)
    assert peer.senders == [""]
    [mail] = peer.taken
    assert message_from_bytes(bytes(mail), policy=default)["From"].addresses[0].addr_spec == "support@nordlade.example"


def test_any_other_mail_leaves_with_the_address_of_the_desk(queue: Queue, peer: SmtpPeer, at: datetime) -> None:
    message = queue(origin=Origin.PERSON)
    attempt(message.pk, at)
    with scope(desk=message.desk):
        assert peer.senders == [message.mail_from]
