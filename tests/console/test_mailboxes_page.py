"""Mailboxes in the console: everybody of the desk sees how mail is doing, an administrator adds, tries and removes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope, scopes_disabled

from builders import person_at
from console.pages import page_of, text_of
from correspondence.imap_server import PASSWORD, USER, ImapServer
from correspondence.mailbox_building import build_mailbox, fresh
from roamdesk.correspondence.models import IncomingMail, Mailbox, Message
from roamdesk.desks.models import Desk, Person, Role

PAGE = "/d/nordlade/mailboxes"
NOW = datetime.now(UTC)


@pytest.fixture
def administrator(cpo_desk: Desk) -> Person:
    return person_at(cpo_desk, "anna.admin", Role.ADMINISTRATOR)


@pytest.fixture
def mailbox(cpo_desk: Desk) -> Mailbox:
    return build_mailbox(cpo_desk, 1143)


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as running:
        yield running


def typed(port: int, **changes: Any) -> dict[str, Any]:
    return {
        "name": "support", "host": "127.0.0.1", "user": USER, "port": port, "folder": "INBOX", "security": "none",
        "login": "password", "password": PASSWORD,
    } | changes  # fmt: skip


def changed(mailbox: Mailbox, **values: Any) -> None:
    with scopes_disabled():
        Mailbox.objects.filter(pk=mailbox.pk).update(**values)


def test_without_a_mailbox_the_page_tells_what_to_do(
    client: Client, administrator: Person, cpo_operator: Person
) -> None:
    assert "Add the mailbox to which partners write" in text_of(page_of(client, administrator, PAGE))
    assert "An administrator adds one." in text_of(page_of(client, cpo_operator, PAGE))


def test_an_administrator_adds_a_mailbox_and_hears_at_once_whether_it_works(
    client: Client, administrator: Person, server: ImapServer
) -> None:
    client.force_login(administrator)
    answer = client.post(f"{PAGE}/new", typed(server.port), follow=True)
    text = text_of(answer.content.decode())
    assert f"support: Signed in as {USER}. INBOX holds 0 mails" in text
    assert PASSWORD not in answer.content.decode()


def test_what_cannot_work_is_said_and_nothing_is_kept(client: Client, administrator: Person) -> None:
    client.force_login(administrator)
    answer = client.post(f"{PAGE}/new", typed(1143, host="imap.else.example"))
    assert answer.status_code == 422
    assert "choose TLS or STARTTLS" in text_of(answer.content.decode())
    assert PASSWORD not in answer.content.decode()
    for wrong in ({"port": "x"}, {"since": "yesterday"}, {"name": ""}):
        assert client.post(f"{PAGE}/new", typed(1143) | wrong).status_code == 422
    with scopes_disabled():
        assert not Mailbox.objects.exists()


def test_a_new_mailbox_never_takes_anothers_place(client: Client, administrator: Person, mailbox: Mailbox) -> None:
    client.force_login(administrator)
    assert client.post(f"{PAGE}/new", typed(2143)).status_code == 422
    assert fresh(mailbox).port == 1143


def test_changed_it_keeps_its_place_and_a_password_that_is_left_empty(
    client: Client, administrator: Person, mailbox: Mailbox, server: ImapServer
) -> None:
    client.force_login(administrator)
    answer = client.post(f"{PAGE}/{mailbox.pk}", typed(server.port, password=""), follow=True)
    assert "Signed in" in text_of(answer.content.decode())
    assert fresh(mailbox).port == server.port


def test_it_is_tried_paused_resumed_and_removed(client: Client, administrator: Person, mailbox: Mailbox) -> None:
    client.force_login(administrator)
    do = f"{PAGE}/{mailbox.pk}/do"
    assert "does not answer" in text_of(client.post(do, {"do": "try"}, follow=True).content.decode())
    assert "Paused" in text_of(client.post(do, {"do": "pause"}, follow=True).content.decode())
    assert "is fetched again" in text_of(client.post(do, {"do": "resume"}, follow=True).content.decode())
    assert "is forgotten" in text_of(client.post(do, {"do": "remove"}, follow=True).content.decode())
    with scopes_disabled():
        assert not Mailbox.objects.exists()


def test_a_mailbox_that_is_not_fetched_stands_there_with_the_reason_until_it_is(
    client: Client, cpo_operator: Person, mailbox: Mailbox
) -> None:
    words = "There is no host imap.example. Check its name."
    changed(mailbox, failures=3, failing_since=NOW, last_error=words)
    text = text_of(page_of(client, cpo_operator, PAGE))
    assert "1 to look at" in text
    assert words in text
    changed(mailbox, failures=0, failing_since=None, last_error="", last_fetch_at=NOW)
    assert "nothing to look at" in text_of(page_of(client, cpo_operator, PAGE))


def test_nobody_looking_is_an_alarm(client: Client, cpo_operator: Person, mailbox: Mailbox) -> None:
    changed(mailbox, last_fetch_at=NOW - timedelta(hours=1))
    assert "The part that fetches does not run" in text_of(page_of(client, cpo_operator, PAGE))


def test_mails_that_were_passed_over_are_said_until_an_administrator_has_seen_it(
    client: Client, administrator: Person, mailbox: Mailbox
) -> None:
    changed(mailbox, last_fetch_at=NOW, gap_at=NOW, gaps=2)
    text = text_of(page_of(client, administrator, PAGE))
    assert "2 mails came late" in text
    assert "Mailboxes 1 " in text_of(page_of(client, administrator, "/d/nordlade/queue"))
    client.post(f"{PAGE}/{mailbox.pk}/do", {"do": "seen"})
    assert "nothing to look at" in text_of(page_of(client, administrator, PAGE))
    assert fresh(mailbox).gaps == 2


def test_mail_that_waits_is_told_with_its_age(client: Client, cpo_operator: Person, cpo_desk: Desk) -> None:
    with scope(desk=cpo_desk):
        IncomingMail.objects.create(
            desk=cpo_desk, inside=b"x", sha256="0" * 64, size=1, recipients=[], arrived_at=NOW - timedelta(hours=2),
            next_attempt_at=NOW,
        )  # fmt: skip
        Message.objects.create(
            desk=cpo_desk, key="k", message_id="<1@nordlade.example>", mail_from="support@nordlade.example",
            to=["a@voltpass.example"], subject="s", text="t", queued_at=NOW - timedelta(hours=3), next_attempt_at=NOW,
        )  # fmt: skip
    text = text_of(page_of(client, cpo_operator, PAGE))
    assert "1 mail not read yet, the oldest 2 h ago" in text
    assert "1 mail not sent yet, the oldest 3 h ago" in text
    assert "2 to look at" in text


def test_only_an_administrator_changes_mailboxes_and_a_stranger_sees_nothing(
    client: Client, cpo_operator: Person, stranger: Person, mailbox: Mailbox
) -> None:
    changing = [f"{PAGE}/new", f"{PAGE}/{mailbox.pk}", f"{PAGE}/{mailbox.pk}/do"]
    client.force_login(cpo_operator)
    assert {client.post(path, typed(1143)).status_code for path in changing} == {403}
    client.force_login(stranger)
    assert {client.post(path, typed(1143)).status_code for path in changing} == {404}
    assert client.get(PAGE).status_code == 404


def test_another_desks_mailbox_is_not_found(client: Client, msp_desk: Desk, mailbox: Mailbox) -> None:
    client.force_login(person_at(msp_desk, "mo.admin", Role.ADMINISTRATOR))
    assert client.get(f"/d/voltpass/mailboxes/{mailbox.pk}").status_code == 404
    assert client.post(f"/d/voltpass/mailboxes/{mailbox.pk}/do", {"do": "remove"}).status_code == 404
    assert fresh(mailbox).enabled
