"""The demo's post office takes real SMTP and shows what came, as it came."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import Client, override_settings

from builders import person_at
from roamdesk.demo.mailbox import Mailbox, demo_mailbox, serve_mail
from roamdesk.desks.models import Desk, Person, Role

NOW = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)


def letter(subject: str = "Solved: cable stuck") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@nordlade.example", "b@voltpass.example", subject
    mail.set_content("The cable is out.\n.\nLadestraße\n")
    mail.add_alternative("<p>The cable is out.</p><script>alert(1)</script>", subtype="html")
    return mail


async def test_what_is_sent_by_smtp_is_kept_byte_for_byte_with_its_envelope(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    server = await serve_mail(mailbox, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    content = letter().as_bytes().replace(b"\n", b"\r\n")

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as smtp:
            smtp.sendmail("sender@nordlade.example", ["b@voltpass.example", "c@voltpass.example"], content)

    await asyncio.to_thread(send)
    server.close()
    [mail] = mailbox.mails()
    assert mail.raw == content
    assert mail.sender == "sender@nordlade.example"
    assert mail.recipients == ("b@voltpass.example", "c@voltpass.example")
    assert datetime.now(UTC) - mail.received_at < timedelta(minutes=1)
    assert "Ladestraße" in mail.text


def test_the_newest_mail_stands_first_and_old_ones_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roamdesk.demo.mailbox.KEPT", 3)
    mailbox = Mailbox(tmp_path)
    for number in range(5):
        mailbox.keep(
            "a@x.example", ["b@x.example"], letter(f"No. {number}").as_bytes(), NOW + timedelta(seconds=number)
        )
    assert [mail.subject for mail in mailbox.mails()] == ["No. 4", "No. 3", "No. 2"]
    assert len(list(tmp_path.iterdir())) == 6


def test_a_mail_that_is_no_mail_can_still_be_looked_at(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    mailbox.keep("", [], b"\xff\xfe Content-Type: text/plain; charset=nonsense\r\n\r\n\x00", NOW)
    mailbox.keep("", [], b"Content-Type: text/plain; charset=nonsense\r\n\r\nhello\xff", NOW)
    assert [bool(mail.source and isinstance(mail.text, str) and mail.subject == "") for mail in mailbox.mails()] == [
        True,
        True,
    ]


def test_a_name_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.eml").write_text("x")
    assert Mailbox(tmp_path / "inside").mail("../secret") is None


@pytest.fixture
def demo_is_on(tmp_path: Path, seeded: datetime) -> Iterator[None]:
    with override_settings(VAR=tmp_path, ROOT_URLCONF="demo.demo_urls"):
        yield


@pytest.fixture
def mara(demo_is_on: None, client: Client) -> Client:
    client.force_login(Person.objects.get(username="mara@voltpass"))
    return client


def test_the_page_lists_the_mails(mara: Client) -> None:
    demo_mailbox().keep("a@nordlade.example", ["b@voltpass.example"], letter().as_bytes(), NOW)
    page = mara.get("/demo/mail").content.decode()
    assert "Solved: cable stuck" in page
    assert "b@voltpass.example" in page


def test_the_page_says_how_to_get_a_mail_when_there_is_none(mara: Client) -> None:
    assert "roamdesk demo play" in mara.get("/demo/mail").content.decode()


def test_a_mail_is_shown_as_text_and_nothing_in_it_runs(mara: Client) -> None:
    name = demo_mailbox().keep("<b>@x", ["b@voltpass.example"], letter("<i>Solved</i>").as_bytes(), NOW)
    page = mara.get(f"/demo/mail/{name}").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "&lt;i&gt;Solved&lt;/i&gt;" in page
    assert "&lt;b&gt;@x" in page


def test_a_mail_that_is_gone_is_not_found(mara: Client) -> None:
    assert mara.get("/demo/mail/20260101T000000.000000-abcdef").status_code == 404


def test_whoever_has_not_logged_in_is_asked_to(demo_is_on: None, client: Client) -> None:
    answer = client.get("/demo/mail")
    assert (answer.status_code, answer["Location"]) == (302, "/account/login/?next=/demo/mail")


def test_a_stranger_to_the_demo_desks_sees_no_mail(demo_is_on: None, client: Client) -> None:
    other = Desk.objects.create(name="Ladeviert", slug="ladeviert", plays_cpo=True, mail_from="s@ladeviert.example")
    client.force_login(person_at(other, "sam.stranger", Role.ADMINISTRATOR))
    assert client.get("/demo/mail").status_code == 404


def test_without_the_demo_there_is_no_such_page(seeded: datetime, client: Client) -> None:
    client.force_login(Person.objects.get(username="mara@voltpass"))
    assert client.get("/demo/mail").status_code == 404
