"""Large mails are kept outside of the database: on the disk before the row, under the name of their content."""

from __future__ import annotations

import resource
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scope, scopes_disabled

from correspondence.test_receiving import RunningReceiver, letter, receiver, rows, send
from roamdesk.correspondence import intake, keeping, reading
from roamdesk.correspondence.models import Arrival, IncomingMail
from roamdesk.desks.models import Desk
from roamdesk.server import checks

__all__ = ["receiver"]

US = "support@nordlade.example"
LARGE = letter(1, "x" * 76 + "\r\n") * 100


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MAIL_INSIDE, settings.MAIL_FOLDER = 1000, tmp_path / "mail"
    return tmp_path / "mail"


@pytest.fixture
def store(cpo_desk: Desk, at: datetime) -> Callable[..., IncomingMail]:
    def put(raw: bytes, *recipients: str) -> IncomingMail:
        to = recipients or (US,)
        return intake.store(raw, recipients=to, sender="a@voltpass.example", via=Arrival.Via.SMTP, at=at)[0]

    return put


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def columns(mail: IncomingMail) -> tuple[bytes, bool]:
    with scopes_disabled():
        inside, outside = IncomingMail.objects.values_list("inside", "outside").get(pk=mail.pk)
    return bytes(inside), outside


@contextmanager
def disk_that_takes(size: int) -> Iterator[None]:
    """The kernel refuses each write beyond that length of a file, in the middle of it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_small_mail_stays_in_the_database(store: Callable[..., IncomingMail], folder: Path) -> None:
    assert columns(store(letter())) == (letter(), False)
    assert not folder.exists()


def test_a_large_mail_is_a_file_that_others_cannot_read_and_the_row_names_it(
    store: Callable[..., IncomingMail], folder: Path
) -> None:
    mail = store(LARGE)
    [file] = files(folder)
    assert columns(mail) == (b"", True)
    assert (file.name, file.read_bytes(), file.stat().st_mode & 0o777) == (mail.sha256, LARGE, 0o600)
    with scopes_disabled():
        assert IncomingMail.objects.get().raw == LARGE


def test_a_large_mail_to_two_desks_and_once_more_is_one_file(
    store: Callable[..., IncomingMail], msp_desk: Desk, folder: Path
) -> None:
    store(LARGE, US, "support@voltpass.example")
    store(LARGE)
    assert (len(files(folder)), len(rows())) == (1, 2)


def test_a_large_mail_is_read_like_any_other(store: Callable[..., IncomingMail], at: datetime, folder: Path) -> None:
    assert reading.read_mail(store(LARGE).pk, at) == IncomingMail.State.READ
    assert rows()[0].subject == "No. 1"


def test_a_mail_to_nobody_leaves_no_file(cpo_desk: Desk, at: datetime, folder: Path) -> None:
    assert intake.store(LARGE, recipients=["x@y.example"], sender="", via=Arrival.Via.SMTP, at=at) == []
    assert not folder.exists()


@pytest.mark.parametrize("limit", [10, 10**9])
def test_a_limit_that_was_changed_since_changes_no_mail(
    store: Callable[..., IncomingMail], settings: Any, limit: int
) -> None:
    mail = store(LARGE)
    before = columns(mail)
    settings.MAIL_INSIDE = limit
    store(LARGE)
    assert columns(mail) == before
    with scope(desk=mail.desk):
        assert IncomingMail.objects.get().raw == LARGE


def test_a_full_disk_keeps_nothing_and_leaves_no_half_file(store: Callable[..., IncomingMail], folder: Path) -> None:
    with disk_that_takes(4096), pytest.raises(keeping.NotKept, match="did not take"):
        store(LARGE)
    assert (rows(), files(folder)) == ([], [])


def test_a_full_disk_puts_the_sender_off_and_the_next_try_is_taken(receiver: RunningReceiver, folder: Path) -> None:
    with disk_that_takes(4096), pytest.raises(smtplib.SMTPDataError) as put_off:
        send(receiver.smtp, LARGE)
    assert put_off.value.smtp_code == 451
    assert rows() == []
    send(receiver.smtp, LARGE)
    assert [mail.raw for mail in rows()] == [LARGE]


def test_the_file_is_synced_before_the_row_is_written(
    store: Callable[..., IncomingMail], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_sync_folder", lambda folder: seen.append(len(rows())))
    seen = list[int]()
    store(LARGE)
    assert seen == [0, 0]


def test_a_broken_transaction_leaves_a_file_that_the_next_try_finds(
    store: Callable[..., IncomingMail], folder: Path
) -> None:
    with transaction.atomic():
        store(LARGE)
        transaction.set_rollback(True)
    assert rows() == []
    store(LARGE)
    assert (len(files(folder)), rows()[0].raw) == (1, LARGE)


def test_a_half_written_file_is_written_anew(store: Callable[..., IncomingMail], folder: Path) -> None:
    mail = store(LARGE)
    with scopes_disabled():
        IncomingMail.objects.all().delete()
    [file] = files(folder)
    file.write_bytes(LARGE[:500])
    store(LARGE)
    assert files(folder)[0].read_bytes() == LARGE
    assert mail.sha256 == file.name


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(b"x" * len(LARGE))])
def test_a_file_that_is_gone_or_changed_puts_the_mail_into_quarantine_with_the_mend(
    store: Callable[..., IncomingMail], folder: Path, at: datetime, damage: Callable[[Path], object]
) -> None:
    mail = store(LARGE)
    damage(files(folder)[0])
    assert reading.read_mail(mail.pk, at) == IncomingMail.State.QUARANTINED
    assert "Restore it from the backup" in rows()[0].reason


def test_the_doctor_names_a_large_mail_without_its_file(store: Callable[..., IncomingMail], folder: Path) -> None:
    mail = store(LARGE)
    assert list(checks.large_mails()) == []
    files(folder)[0].unlink()
    [finding] = checks.large_mails()
    assert not finding.fine
    assert mail.sha256 in finding.says
