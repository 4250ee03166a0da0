"""``roamdesk mailbox`` as an administrator types it; the doctor and the metrics say the same as the console."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from correspondence.imap_server import PASSWORD, USER, ImapServer
from correspondence.mailbox_building import build_mailbox
from roamdesk.correspondence.imap.secrets import unseal
from roamdesk.correspondence.models import Mailbox
from roamdesk.desks.models import Desk
from roamdesk.server import checks
from server.conftest import Type

Run = Callable[..., str]


@pytest.fixture
def run(typed: Type, cpo_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command for Nordlade with that standard input; what it says on either stream."""

    def running(*words: str, given: str = "") -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        said = typed("mailbox", *words, "--desk", "nordlade")
        return said.out + said.err

    return running


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as running:
        yield running


def adding(port: int) -> list[str]:
    return ["add", "support", "--host", "127.0.0.1", "--user", USER, "--security", "none", "--port", str(port)]


def test_a_mailbox_is_added_listed_tried_paused_and_removed(run: Run, server: ImapServer) -> None:
    assert "roamdesk mailbox add --help" in run("list")
    assert "support is fetched for Nordlade" in run(*adding(server.port), given=f"{PASSWORD}\n")
    assert f"Signed in as {USER}" in run("try", "support")
    assert f"support  {USER} at 127.0.0.1:{server.port}, INBOX" in run("list")
    assert "is paused" in run("pause", "support")
    assert "Paused." in run("list")
    assert "is fetched again" in run("resume", "support")
    assert "is forgotten" in run("remove", "support")
    assert "has no mailbox 'support'. It has none yet." in run("try", "support")


def test_what_is_wrong_is_said_with_the_mend(run: Run, server: ImapServer) -> None:
    assert "The password is missing." in run(*adding(server.port))
    run(*adding(server.port), given="wrong\n")
    assert "refused to sign us in" in run("try", "support")


def test_oauth_secrets_are_lines(run: Run) -> None:
    words = [*adding(1143), "--oauth", "--client-id", "7", "--token-url", "https://login.example/token"]
    assert "is fetched" in run(*words, given="refresh_token=1//0a=b\nclient_secret=xyz\n")
    with scopes_disabled():
        assert unseal(Mailbox.objects.get().secrets) == {"refresh_token": "1//0a=b", "client_secret": "xyz"}


def test_the_doctor_and_the_metrics_tell_of_a_mailbox_that_is_not_fetched(client: Client, cpo_desk: Desk) -> None:
    mailbox = build_mailbox(cpo_desk, 1143)
    now = datetime.now(UTC)
    with scopes_disabled():
        Mailbox.objects.filter(pk=mailbox.pk).update(
            failures=2, failing_since=now, last_error="Nobody answers.", gaps=3
        )
    [finding] = list(checks.mail_on_its_way())
    assert (finding.fine, "Nobody answers." in finding.says) == (False, True)
    text = client.get("/metrics").content.decode()
    assert 'roamdesk_mail_alarms{desk="nordlade"} 1.0' in text
    assert 'roamdesk_mailbox_failures{desk="nordlade",mailbox="support"} 2.0' in text
    assert 'roamdesk_mailbox_passed_over_total{desk="nordlade",mailbox="support"} 3.0' in text
    assert 'roamdesk_mailbox_last_fetch_timestamp_seconds{desk="nordlade",mailbox="support"} 0.0' in text
