"""Mailboxes are fetched from a real IMAP server: each mail once, unread as it was, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from django_scopes import scopes_disabled

from correspondence.imap_server import ImapServer, Proxy
from correspondence.mailbox_building import build_mailbox, fetch, fresh, kept, letter, uids
from roamdesk.correspondence import fetching
from roamdesk.correspondence.fetching import Suspects
from roamdesk.correspondence.imap import session as sessions
from roamdesk.correspondence.imap.trouble import MailboxTrouble
from roamdesk.correspondence.models import IncomingMail, Mailbox
from roamdesk.desks.models import Desk

FIRST = 101  # pymap's first UID
Put = Callable[..., Mailbox]


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as running:
        yield running


@pytest.fixture
def proxy(server: ImapServer) -> Iterator[Proxy]:
    with Proxy(server.port) as running:
        yield running


@pytest.fixture
def put(cpo_desk: Desk, server: ImapServer) -> Put:
    """Sets up the desk's mailbox on the server; keywords change it."""
    return lambda **changes: build_mailbox(cpo_desk, changes.pop("port", server.port), **changes)


def test_what_is_in_the_folder_is_stored_byte_for_byte_and_stays_unread(put: Put, server: ImapServer) -> None:
    server.put(letter(1), letter(2, b"\xff\x00 no text\r\n"))
    mailbox = put()
    assert fetch(mailbox).stored == 2
    assert kept() == sorted(server.mails)
    assert (server.unseen(), fresh(mailbox).highest_uid, fresh(mailbox).in_folder) == (2, FIRST + 1, 2)


def test_a_mail_is_the_mailboxs_desks_whomever_it_is_addressed_to(put: Put, server: ImapServer, cpo_desk: Desk) -> None:
    server.put(letter(1))
    fetch(put())
    with scopes_disabled():
        mail = IncomingMail.objects.select_related("desk").get()
    assert (mail.desk, mail.state, mail.recipients) == (cpo_desk, "stored", [])


def test_fetched_again_nothing_comes_twice(put: Put, server: ImapServer) -> None:
    server.put(letter(1))
    mailbox = put()
    assert [fetch(mailbox).stored, fetch(mailbox).stored, fetch(mailbox, sweep=False).stored] == [1, 0, 0]
    server.put(letter(2))
    assert fetch(mailbox, sweep=False).stored == 1
    assert uids() == [FIRST, FIRST + 1]


def test_a_mail_that_somebody_has_read_is_fetched_all_the_same(put: Put, server: ImapServer) -> None:
    server.put(letter(1))
    client = server._signed_in()
    client.select("INBOX")
    client.store("1", "+FLAGS", r"(\Seen)")
    client.close()
    assert fetch(put()).stored == 1


def test_the_null_sender_of_a_report_is_read_from_the_return_path(put: Put, server: ImapServer) -> None:
    server.put(b"Return-Path: <>\r\n" + letter(1), b"Return-Path: <a@b.example>\r\n" + letter(2), letter(3))
    fetch(put())
    with scopes_disabled():
        assert list(IncomingMail.objects.order_by("pk").values_list("envelope_from", flat=True)) == [
            "", "a@b.example", "unknown",
        ]  # fmt: skip


def test_counted_anew_the_mailbox_brings_no_mail_twice_and_loses_none(put: Put, server: ImapServer) -> None:
    server.put(*map(letter, range(5)))
    mailbox = put()
    fetch(mailbox)
    before = fresh(mailbox).uidvalidity
    server.count_anew()
    server.put(letter(99))
    assert fetch(mailbox, sweep=False).swept
    assert kept() == sorted(server.mails)
    assert len(uids()) == 5 + 6
    assert fresh(mailbox).uidvalidity != before
    assert fresh(mailbox).gaps == 0


def test_a_mail_that_was_passed_over_is_found_fetched_and_an_alarm(put: Put, server: ImapServer) -> None:
    server.put(*map(letter, range(4)))
    mailbox = put()
    fetch(mailbox)
    with scopes_disabled():
        IncomingMail.objects.filter(arrivals__uid=FIRST + 1).delete()
    assert fetch(mailbox, sweep=False).stored == 0
    assert fetch(mailbox).stored == 1
    assert kept() == sorted(server.mails)
    assert (fresh(mailbox).gaps, fresh(mailbox).missing, bool(fresh(mailbox).gap_at)) == (1, 0, True)


def test_a_mail_that_is_listed_and_never_handed_over_stays_an_alarm_and_holds_up_no_other(
    put: Put, server: ImapServer, proxy: Proxy
) -> None:
    server.put(letter(1), letter(2), letter(3))
    proxy.swap = [(b"UID %d RFC822.SIZE" % (FIRST + 1), b"UIX %d RFC822.SIZE" % (FIRST + 1))]
    mailbox = put(port=proxy.port)
    found = fetch(mailbox)
    assert (found.stored, found.missing) == (2, (FIRST + 1,))
    assert (fresh(mailbox).missing, fresh(mailbox).gaps) == (1, 1)
    fetch(mailbox)
    assert (fresh(mailbox).missing, fresh(mailbox).gaps) == (1, 1)
    proxy.swap = ()
    assert fetch(mailbox).stored == 1
    assert fresh(mailbox).missing == 0


def test_a_mail_deleted_by_somebody_else_is_no_gap(put: Put, server: ImapServer) -> None:
    server.put(letter(1), letter(2))
    mailbox = put()
    fetch(mailbox)
    server.delete(FIRST)
    assert fetch(mailbox).missing == ()
    assert (len(kept()), fresh(mailbox).gaps, fresh(mailbox).in_folder) == (2, 0, 1)


def test_broken_off_within_a_mail_nothing_half_is_stored_and_the_rest_comes_next_time(
    put: Put, server: ImapServer, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_TOGETHER", 1)
    server.put(letter(1), letter(2, b"BREAK HERE, and more\r\n"), letter(3))
    proxy.cut_at = b"BREAK HERE"
    mailbox, suspects = put(port=proxy.port), Suspects()
    with pytest.raises(MailboxTrouble, match="connection broke after"):
        fetch(mailbox, suspects=suspects)
    assert uids() == [FIRST]
    # It breaks off every time: the mail after it comes nevertheless.
    with pytest.raises(MailboxTrouble):
        fetch(mailbox, suspects=suspects)
    assert uids() == [FIRST, FIRST + 2]
    proxy.cut_at = b""
    fetch(mailbox, suspects=suspects)
    assert kept() == sorted(server.mails)


def test_a_server_that_stalls_within_a_mail_is_given_up(put: Put, server: ImapServer, proxy: Proxy) -> None:
    server.put(letter(1, b"STALL HERE, and more\r\n"))
    proxy.stall_at = b"STALL HERE"
    mailbox = put(port=proxy.port)
    with pytest.raises(MailboxTrouble, match="fell silent"):
        fetch(mailbox, timeout=1.5)
    proxy.stall_at = b""
    proxy.release.set()
    assert fetch(mailbox).stored == 1


def test_for_a_size_that_no_mail_has_no_memory_is_reserved(put: Put, server: ImapServer, proxy: Proxy) -> None:
    server.put(letter(1))
    proxy.swap = [(b"BODY[] {%d}" % len(server.mails[0]), b"BODY[] {999999999999}")]
    with pytest.raises(MailboxTrouble, match="announced 999999999999 bytes"):
        fetch(put(port=proxy.port))


def test_sizes_that_were_told_too_small_do_not_fill_the_memory(
    put: Put, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(letter(1, b"x" * 600), letter(2, b"y" * 600))
    monkeypatch.setattr(sessions, "MOST_AT_ONCE", 1000)
    with pytest.raises(MailboxTrouble, match="announced"):
        fetch(put())
    assert kept() == []


def test_a_mail_without_a_byte_was_not_handed_over(
    put: Put, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(letter(1), letter(2))
    mailbox = put()
    with monkeypatch.context() as patched:
        patched.setattr(sessions.Session, "bodies", lambda self, uids, only_first: dict.fromkeys(uids, b""))
        assert fetch(mailbox).missing == (FIRST, FIRST + 1)
    assert (kept(), fresh(mailbox).missing) == ([], 2)
    fetch(mailbox)
    assert (kept(), fresh(mailbox).missing) == (sorted(server.mails), 0)


def test_of_a_mail_that_is_too_large_only_the_beginning_is_fetched(
    put: Put, server: ImapServer, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LARGEST", 100_000)
    monkeypatch.setattr(fetching, "TOGETHER", 50_000)
    monkeypatch.setattr(sessions, "MOST_AT_ONCE", 100_000)
    server.put(letter(1, b"x" * 1000 + b"\r\n"), letter(2, b"y" * 300_000 + b"\r\n"))
    fetch(put(port=proxy.port))
    with scopes_disabled():
        large = IncomingMail.objects.order_by("-size").first()
    assert large is not None
    assert (large.size, bytes(large.raw)) == (len(server.mails[1]), server.mails[1][: fetching.BEGINNING])
    assert b"BODY.PEEK[]<0.%d>" % fetching.BEGINNING in proxy.heard


def test_stored_mail_is_moved_where_the_desk_wants_that(put: Put, server: ImapServer) -> None:
    server.put(letter(1), letter(2))
    fetch(put(move_to="Roamdesk done"))
    assert (server.count("INBOX"), server.count('"Roamdesk done"'), len(kept())) == (0, 2, 2)


def test_mail_from_before_a_day_is_left_alone(put: Put, server: ImapServer) -> None:
    server.put(letter(1))
    assert fetch(put(since=date(2999, 1, 1))).stored == 0
    assert fetch(put(since=date(2020, 1, 1))).stored == 1


def test_small_mails_are_asked_for_together_and_large_ones_alone() -> None:
    sizes = {1: 400_000, 2: 400_000, 3: 400_000, 4: 3_000_000, 5: 10, 6: 10}
    suspects = Suspects()
    suspects.broke[6] = 1
    assert list(fetching.portions([1, 2, 3, 4, 5, 6], sizes, suspects)) == [[1, 2], [3], [4], [5], [6]]
