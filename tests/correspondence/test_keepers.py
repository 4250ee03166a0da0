"""Mailboxes are kept fetched by threads of their own: told at once, asked otherwise, taken over, tried again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection
from django_scopes import scope

from correspondence.imap_server import ImapServer, Proxy
from correspondence.mailbox_building import build_mailbox, fresh, kept, letter
from roamdesk.correspondence import keepers, mailboxes
from roamdesk.correspondence.keepers import Keeper, Keepers, back_off, held
from roamdesk.correspondence.models import Mailbox
from roamdesk.desks.models import Desk

WITHIN = 20.0  # seconds


def clock() -> datetime:
    return datetime.now(UTC)


def until(holds: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < WITHIN, "It did not come about."
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that waits for a time waits shortly; what is told need not wait at all."""
    for name in ("STANDBY", "LOOK_UP"):
        monkeypatch.setattr(keepers, name, 0.05)
    monkeypatch.setattr(keepers, "BACK_OFF", (0.05,))


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as running:
        yield running


@pytest.fixture
def proxy(server: ImapServer) -> Iterator[Proxy]:
    with Proxy(server.port) as running:
        yield running


@pytest.fixture
def mailbox(outbox_db: None, cpo_desk: Desk, proxy: Proxy) -> Mailbox:
    return build_mailbox(cpo_desk, proxy.port)


@pytest.fixture
def keeper(mailbox: Mailbox) -> Iterator[Keeper]:
    running = Keeper(mailbox, clock)
    running.start()
    yield running
    running.leave()
    running.break_off()
    running.join(WITHIN)


def idles(proxy: Proxy) -> int:
    return bytes(proxy.heard).count(b" IDLE\r\n")


def test_a_mail_that_comes_while_the_server_is_listened_to_is_there_at_once(
    server: ImapServer, proxy: Proxy, keeper: Keeper
) -> None:
    until(lambda: idles(proxy) == 1)
    server.put(letter(1))
    until(lambda: kept() == [letter(1)])
    until(lambda: idles(proxy) == 2)
    assert bytes(proxy.heard).count(b"LOGIN") == 1


def test_a_server_without_idle_is_asked_again_and_again(
    server: ImapServer, proxy: Proxy, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepers, "POLL", 0.1)
    proxy.swap = [(b" IDLE", b" ISLE")]
    keeper = Keeper(mailbox, clock)
    keeper.start()
    until(lambda: bytes(proxy.heard).count(b"SEARCH") > 2)
    server.put(letter(1))
    until(lambda: kept() == [letter(1)])
    keeper.leave()
    keeper.join(WITHIN)
    assert idles(proxy) == 0


def test_idle_ends_and_begins_anew_before_the_server_gives_up(
    proxy: Proxy, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keepers.IDLE < 29 * 60
    monkeypatch.setattr(keepers, "IDLE", 0.2)
    keeper = Keeper(mailbox, clock)
    keeper.start()
    until(lambda: idles(proxy) > 2)
    keeper.leave()
    keeper.join(WITHIN)
    assert proxy.connections == 1


def test_a_connection_that_breaks_is_made_again_and_the_trouble_is_told_until_then(
    server: ImapServer, proxy: Proxy, mailbox: Mailbox, keeper: Keeper
) -> None:
    until(lambda: idles(proxy) == 1)
    proxy.cut_at = b"SEARCH"
    server.put(letter(1))
    until(lambda: fresh(mailbox).failures > 1)
    assert "broke off" in fresh(mailbox).last_error
    proxy.cut_at = b""
    until(lambda: kept() == [letter(1)])
    until(lambda: fresh(mailbox).failures == 0)
    assert (fresh(mailbox).last_error, fresh(mailbox).failing_since) == ("", None)


def test_of_two_that_want_a_mailbox_one_has_it_until_it_leaves(mailbox: Mailbox, keeper: Keeper) -> None:
    until(lambda: fresh(mailbox).last_fetch_at is not None)
    with held(mailbox) as ours:
        assert not ours
    second = Keeper(mailbox, clock)
    second.start()
    keeper.leave()
    keeper.join(WITHIN)
    until(lambda: second._session is not None)
    second.leave()
    second.join(WITHIN)


def test_whoever_loses_the_database_loses_the_mailbox(mailbox: Mailbox) -> None:
    with held(mailbox) as ours:
        assert ours
        connection.close()
        with held(mailbox) as again:
            assert again


def test_mailboxes_that_are_added_paused_and_removed_are_followed(
    outbox_db: None, server: ImapServer, cpo_desk: Desk
) -> None:
    server.put(letter(1))
    with Keepers(clock) as keepers:
        mailbox = build_mailbox(cpo_desk, server.port)
        until(lambda: kept() == [letter(1)])
        mailboxes.pause(mailbox, at=clock())
        until(lambda: not keepers._keepers)
        server.put(letter(2))
        mailboxes.resume(mailbox, at=clock())
        until(lambda: len(kept()) == 2)
        with scope(desk=cpo_desk):
            mailboxes.remove_mailbox(mailbox)
        until(lambda: not keepers._keepers)


def test_somebody_who_asks_for_it_wakes_a_mailbox_that_waits(
    outbox_db: None, server: ImapServer, cpo_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepers, "BACK_OFF", (3600.0,))
    mailbox = build_mailbox(cpo_desk, server.port, folder="Later")
    with Keepers(clock):
        until(lambda: fresh(mailbox).failures == 1)
        server._signed_in().create("Later")
        server.put(letter(1), folder="Later")
        mailboxes.fetch_now(mailbox, at=clock())
        until(lambda: kept() == [letter(1)])


def test_each_failure_waits_longer_and_never_more_than_seven_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    waits = [back_off(failures) for failures in range(1, 12)]
    assert 5 <= waits[0] <= 6.25
    assert all(300 <= wait <= 375 for wait in waits[5:])
