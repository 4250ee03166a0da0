"""The outbox against relays that behave, refuse, hang up and fall silent."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scopes_disabled

from correspondence.smtp_peer import Script, SmtpPeer
from roamdesk.correspondence import outbox, ports, services
from roamdesk.correspondence.models import Fate, Message
from roamdesk.desks.models import Desk

State = Message.State
Queue = Callable[..., Message]
SUPPORT, FOCAL = "support@voltpass.example", "f.focal@voltpass.example"


def fresh(message: Message) -> Message:
    with scopes_disabled():
        return Message.objects.get(pk=message.pk)


def test_an_accepted_message_is_accepted_by_the_relay_and_says_when(
    queue: Queue, peer: SmtpPeer, at: datetime, heard: list[str]
) -> None:
    message = queue()
    assert services.attempt(message.pk, at) == State.ACCEPTED
    stored = fresh(message)
    assert stored.last_reply == "250 taken"
    assert stored.accepted_at is not None
    assert timedelta() <= stored.accepted_at - at < timedelta(seconds=5)
    assert heard == ["accepted"]
    assert peer.envelopes == [[SUPPORT, FOCAL]]


def test_the_mail_has_both_texts_and_the_headers_of_a_machine(queue: Queue, peer: SmtpPeer, at: datetime) -> None:
    message = queue(subject="Кабель / Kabel gelöst ⚡", text="Größe\n.\nline of " + "x" * 2000)
    services.attempt(message.pk, at)
    [mail] = peer.taken
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == (message.message_id, "auto-generated")
    assert mail["X-Roamdesk-Case"] == "NDL-2603-0017"
    assert (mail["From"], mail["Subject"]) == ("Nordlade <support@nordlade.example>", message.subject)
    assert mail["Date"].datetime == at
    assert text is not None
    assert text.get_content().splitlines() == ["Größe", ".", "line of " + "x" * 2000]
    assert html is not None
    assert html.get_content().strip() == "<p>The cable was freed.</p>"


@pytest.mark.parametrize(
    "script",
    [
        Script(greeting="421 too busy"),
        Script(greeting="554 not today"),
        Script(sender="451 later"),
        Script(sender=None),
        Script(recipients={SUPPORT: "450 greylisted", FOCAL: "450 greylisted"}),
        Script(data="452 full"),
        Script(data=None),
        Script(final="451 scanner is down"),
    ],
    ids=[
        "421",
        "554 at the door",
        "451 sender",
        "drop at sender",
        "450 recipients",
        "452 data",
        "drop",
        "451 dot",
    ],
)
def test_a_relay_that_cannot_now_leaves_the_message_queued_with_back_off(
    queue: Queue, peer: SmtpPeer, at: datetime, script: Script
) -> None:
    peer.script = script
    message = queue()
    assert services.attempt(message.pk, at) == State.QUEUED
    waiting = fresh(message)
    assert waiting.addresses(Fate.PENDING) == message.to
    assert waiting.next_attempt_at is not None
    assert timedelta(seconds=15) <= waiting.next_attempt_at - at < timedelta(seconds=25)
    peer.script = Script()
    assert services.attempt(message.pk, at + timedelta(seconds=5)) == State.QUEUED
    assert services.attempt(message.pk, at + timedelta(seconds=30)) == State.ACCEPTED
    assert [mail["Message-ID"] for mail in peer.taken] == [message.message_id]


def test_a_relay_that_refuses_the_connection_leaves_the_message_queued(
    queue: Queue, settings: Any, at: datetime
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free.getsockname()[1]
    message = queue()
    assert services.attempt(message.pk, at) == State.QUEUED
    assert "refused" in fresh(message).last_reply.lower()


def test_a_relay_that_stalls_before_the_content_leaves_the_message_queued(
    queue: Queue, peer: SmtpPeer, settings: Any, at: datetime
) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    peer.script = Script(hold_data=True)
    message = queue()
    assert services.attempt(message.pk, at) == State.QUEUED
    assert peer.seen == []


@pytest.mark.parametrize(
    "script",
    [
        Script(sender="553 not you"),
        Script(recipients={SUPPORT: "550 no such user", FOCAL: "550 no such user"}),
        Script(data="554 no"),
        Script(final="554 looks like spam"),
    ],
    ids=["sender", "recipients", "data", "final dot"],
)
def test_a_permanent_refusal_is_refused_with_the_words_of_the_relay(
    queue: Queue, peer: SmtpPeer, at: datetime, script: Script, heard: list[str]
) -> None:
    peer.script = script
    message = queue()
    assert services.attempt(message.pk, at) == State.REFUSED
    assert "55" in fresh(message).last_reply
    assert heard == ["refused"]
    assert peer.taken == []


def test_one_dead_address_does_not_keep_the_mail_from_the_others(queue: Queue, peer: SmtpPeer, at: datetime) -> None:
    peer.script = Script(recipients={FOCAL: "550 no such user"})
    message = queue()
    assert services.attempt(message.pk, at) == State.ACCEPTED
    assert peer.envelopes == [[SUPPORT]]
    assert fresh(message).addresses(Fate.REFUSED) == [FOCAL]
    assert f"{FOCAL}: 550 no such user" in fresh(message).last_reply


def test_an_address_put_off_is_tried_again_alone(queue: Queue, peer: SmtpPeer, at: datetime) -> None:
    peer.script = Script(recipients={FOCAL: "450 greylisted"})
    message = queue()
    assert services.attempt(message.pk, at) == State.QUEUED
    peer.script = Script()
    assert services.attempt(message.pk, at + timedelta(minutes=1)) == State.ACCEPTED
    assert peer.envelopes == [[SUPPORT], [FOCAL]]


@pytest.mark.parametrize("script", [Script(final=None), Script(final="what"), Script(hold_final=True)])
def test_silence_after_the_final_dot_is_unknown_and_never_sent_again_by_itself(
    queue: Queue, peer: SmtpPeer, settings: Any, at: datetime, script: Script, heard: list[str]
) -> None:
    settings.EMAIL_ANSWER_TIMEOUT = 0.3
    peer.script = script
    message = queue()
    assert services.attempt(message.pk, at) == State.UNKNOWN
    tomorrow = at + timedelta(days=1)
    services.sweep(tomorrow)
    assert services.attempt(message.pk, tomorrow) == State.UNKNOWN
    assert len(peer.seen) == 1
    assert heard == ["unknown"]


def test_a_person_may_send_an_unknown_message_again_under_the_same_message_id(
    queue: Queue, peer: SmtpPeer, at: datetime
) -> None:
    peer.script = Script(final=None)
    message = queue()
    services.attempt(message.pk, at)
    peer.script = Script()
    with scopes_disabled():
        services.send_again(message, at=at)
    assert services.attempt(message.pk, at) == State.ACCEPTED
    assert [mail["Message-ID"] for mail in peer.seen] == [message.message_id] * 2
    assert peer.seen[0].as_bytes() == peer.seen[1].as_bytes()


def test_an_accepted_message_cannot_be_sent_again(queue: Queue, peer: SmtpPeer, at: datetime) -> None:
    message = queue()
    services.attempt(message.pk, at)
    with scopes_disabled(), pytest.raises(ValueError, match="nothing to send again"):
        services.send_again(message, at=at)
    assert fresh(message).state == State.ACCEPTED


def test_sending_inside_a_transaction_is_refused(queue: Queue, at: datetime) -> None:
    message = queue()
    with pytest.raises(RuntimeError, match="outside of a transaction"), transaction.atomic():
        services.attempt(message.pk, at)


def test_a_relay_without_the_demanded_tls_gets_nothing(
    queue: Queue, peer: SmtpPeer, settings: Any, at: datetime
) -> None:
    settings.EMAIL_USE_TLS = True
    message = queue()
    assert services.attempt(message.pk, at) == State.QUEUED
    assert "STARTTLS" in fresh(message).last_reply
    assert peer.seen == []


def test_a_listener_that_fails_does_not_lose_the_answer_and_hears_it_from_the_sweep(
    queue: Queue, peer: SmtpPeer, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def fail(message: Message) -> None:
        raise RuntimeError("the case is locked")

    monkeypatch.setattr(ports, "_listeners", [fail])
    message = queue()
    assert services.attempt(message.pk, at) == State.ACCEPTED
    assert not fresh(message).announced
    monkeypatch.setattr(ports, "_listeners", [lambda changed: heard.append(changed.state)])
    assert services.sweep(at) == 1
    assert heard == ["accepted"]
    assert services.sweep(at) == 0


def test_the_sweep_defers_what_is_due_and_what_waits_already_only_once(
    queue: Queue, peer: SmtpPeer, at: datetime
) -> None:
    queue()
    assert services.sweep(at) == 0
    queue(key="another")
    assert services.sweep(at) == 0


def test_a_desk_name_with_a_line_break_cannot_start_a_header(
    queue: Queue, peer: SmtpPeer, cpo_desk: Desk, at: datetime
) -> None:
    cpo_desk.name = "Nordlade\r\nBcc: x@evil.example"
    cpo_desk.save()
    assert services.attempt(queue().pk, at) == State.ACCEPTED
    assert peer.taken[0]["Bcc"] is None
    assert peer.envelopes == [[SUPPORT, FOCAL]]


@pytest.mark.parametrize(
    ("fates", "state"),
    [
        ([Fate.PENDING, Fate.ACCEPTED, Fate.UNKNOWN], State.QUEUED),
        ([Fate.ACCEPTED, Fate.UNKNOWN, Fate.REFUSED], State.UNKNOWN),
        ([Fate.ACCEPTED, Fate.REFUSED], State.ACCEPTED),
        ([Fate.REFUSED, Fate.REFUSED], State.REFUSED),
    ],
)
def test_the_least_certain_address_speaks_for_the_message(fates: list[Fate], state: Message.State) -> None:
    assert outbox.state_of({str(place): fate for place, fate in enumerate(fates)}) == state


def test_no_state_is_reached_twice_from_accepted() -> None:
    with pytest.raises(ValueError, match="cannot go from accepted to queued"):
        outbox.move(Message(state=State.ACCEPTED), State.QUEUED)
