from __future__ import annotations

import socket
import threading
from datetime import datetime
from pathlib import Path

import pytest
from django_scopes import scope, scopes_disabled

from roamdesk.correspondence import intake
from roamdesk.correspondence.models import Arrival, IncomingMail
from roamdesk.desks.models import Desk
from roamdesk.server import checks, options
from roamdesk.server.commands import serve
from server.conftest import Type

RAW = b"From: a@voltpass.example\r\n\r\nHello\xff\r\n"


@pytest.fixture
def quarantined(cpo_desk: Desk, at: datetime) -> IncomingMail:
    [mail] = intake.store(RAW, recipients=[cpo_desk.mail_from], sender="a@v.example", via=Arrival.Via.SMTP, at=at)
    with scope(desk=cpo_desk):
        IncomingMail.objects.update(state="quarantined", reason="KeyError: a fault of ours", next_attempt_at=None)
    return mail


def test_a_mail_in_quarantine_is_listed_with_its_reason(typed: Type, quarantined: IncomingMail) -> None:
    assert typed("incoming", "list", "--desk", "nordlade").out.splitlines() == [
        f"{quarantined.pk}  10/03 09:15 UTC  from a@v.example  waits for you",
        "    KeyError: a fault of ours",
    ]


def test_another_desk_sees_none_of_it(typed: Type, quarantined: IncomingMail, msp_desk: Desk) -> None:
    assert typed("incoming", "list", "--desk", "voltpass").out == "No mail is in quarantine.\n"
    assert "VoltPass has no mail" in typed("incoming", "again", str(quarantined.pk), "--desk", "voltpass").err


def test_it_is_read_once_more_when_asked(typed: Type, quarantined: IncomingMail) -> None:
    assert typed("incoming", "again", str(quarantined.pk), "--desk", "nordlade").code == 0
    with scopes_disabled():
        assert IncomingMail.objects.get().next_attempt_at is not None


def test_it_is_saved_byte_for_byte_and_taken_again_as_the_same_mail(
    typed: Type, quarantined: IncomingMail, tmp_path: Path
) -> None:
    file = tmp_path / "mail.eml"
    typed("incoming", "save", str(quarantined.pk), str(file), "--desk", "nordlade")
    assert file.read_bytes() == RAW
    assert typed("incoming", "take", str(file), "--desk", "nordlade").out.startswith(
        f"Stored as mail {quarantined.pk};"
    )
    with scopes_disabled():
        assert (IncomingMail.objects.count(), Arrival.objects.count()) == (1, 2)


def test_a_file_that_is_not_there_is_said(typed: Type, cpo_desk: Desk, tmp_path: Path) -> None:
    said = typed("incoming", "take", str(tmp_path / "none.eml"), "--desk", "nordlade")
    assert (said.code, "cannot be read" in said.err) == (1, True)


def test_the_doctor_names_the_desk_with_mail_in_quarantine(quarantined: IncomingMail) -> None:
    [finding] = checks.mail_on_its_way()
    assert not finding.fine
    assert "1 at nordlade" in finding.says


def test_the_mail_part_says_which_port_is_taken(typed: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv(options.LMTP_LISTEN.name, f"127.0.0.1:{other.getsockname()[1]}")
        said = typed("mail")
    assert (said.code, "ROAMDESK_LMTP_LISTEN" in said.err) == (1, True)


def test_serve_always_runs_the_mail_part_for_mailboxes_may_be_added_at_any_time() -> None:
    assert "mail" in {part.name for part in serve._supervisor(False, threading.Event()).parts}
