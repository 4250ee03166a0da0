"""Mail is stored as it came, once for each desk, before anything looks into it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django_scopes import scopes_disabled

from roamdesk.correspondence import addresses, intake
from roamdesk.correspondence.models import Arrival, IncomingMail
from roamdesk.desks.models import Desk

LETTER = b"From: a.agent@voltpass.example\r\nMessage-ID: <1@voltpass.example>\r\n\r\nHello\x00\xff\r\n"


@pytest.fixture
def store(msp_desk: Desk, cpo_desk: Desk, at: datetime) -> Any:
    def put(raw: bytes = LETTER, *recipients: str, **changes: Any) -> list[IncomingMail]:
        to = list(recipients or ["support@nordlade.example"])
        values: dict[str, Any] = {"sender": "a.agent@voltpass.example", "via": Arrival.Via.SMTP, "at": at}
        return intake.store(raw, recipients=to, **values | changes)

    return put


def rows() -> list[IncomingMail]:
    with scopes_disabled():
        return list(IncomingMail.objects.order_by("pk"))


def arrivals() -> int:
    with scopes_disabled():
        return Arrival.objects.count()


def jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'correspondence.read_mail'")
        return int(cursor.fetchone()[0])


def test_the_bytes_are_kept_as_they_came_and_a_job_waits_to_read_them(store: Any) -> None:
    [mail] = store()
    [row] = rows()
    assert (bytes(row.raw), row.size, row.pk) == (LETTER, len(LETTER), mail.pk)
    assert row.state == IncomingMail.State.STORED
    assert jobs() == 1


def test_the_desk_is_found_by_its_address_whatever_its_case_and_tag(store: Any) -> None:
    assert [mail.desk.slug for mail in store(LETTER, "Support+m1.abc@Nordlade.Example")] == ["nordlade"]


def test_a_recipient_at_no_desk_is_left_out(store: Any) -> None:
    assert store(LETTER, "nobody@nordlade.example") == []
    assert rows() == []


def test_a_mail_to_two_desks_is_one_row_for_each(store: Any) -> None:
    mails = store(LETTER, "support@nordlade.example", "support@voltpass.example")
    assert {mail.desk.slug for mail in mails} == {"nordlade", "voltpass"}


def test_the_same_bytes_again_are_the_same_mail_and_another_arrival(store: Any, at: datetime) -> None:
    [first] = store()
    [again] = store(at=at + timedelta(minutes=7))
    assert (first.pk, len(rows()), arrivals()) == (again.pk, 1, 2)
    assert rows()[0].arrived_at == at


def test_the_same_mail_of_a_mailbox_is_one_arrival_however_often_it_is_fetched(store: Any) -> None:
    place = intake.Place("imap.example/INBOX", 7, 12)
    store(via=Arrival.Via.IMAP, place=place)
    store(via=Arrival.Via.IMAP, place=place)
    assert (len(rows()), arrivals()) == (1, 1)


def test_a_mailbox_that_is_counted_anew_brings_no_second_mail(store: Any) -> None:
    store(via=Arrival.Via.IMAP, place=intake.Place("imap.example/INBOX", 7, 12))
    store(via=Arrival.Via.IMAP, place=intake.Place("imap.example/INBOX", 8, 1))
    assert (len(rows()), arrivals()) == (1, 2)


def test_another_recipient_of_the_same_mail_has_it_read_once_more(store: Any, at: datetime) -> None:
    [mail] = store()
    with scopes_disabled():
        IncomingMail.objects.update(state="read", read_at=at, verdict="unplaced", next_attempt_at=None)
    store(LETTER, "support+m4.0011223344556677@nordlade.example")
    [row] = rows()
    assert row.recipients == ["support@nordlade.example", "support+m4.0011223344556677@nordlade.example"]
    assert (row.pk, row.state) == (mail.pk, IncomingMail.State.STORED)


def test_an_envelope_that_is_no_text_is_stored_all_the_same(store: Any) -> None:
    [mail] = store(sender="a\x00\udcff@b")
    assert mail.envelope_from == "a?@b"


def test_a_list_of_mails_does_not_fetch_their_bytes(store: Any, django_assert_num_queries: Any) -> None:
    store()
    with django_assert_num_queries(1):
        [row] = rows()
    assert "inside" in row.get_deferred_fields()


def test_a_read_mail_without_a_verdict_is_refused_by_the_database(store: Any) -> None:
    store()
    with scopes_disabled(), transaction.atomic(), pytest.raises(IntegrityError):
        IncomingMail.objects.update(state="read")


def test_a_tag_names_its_message_and_a_changed_one_names_none() -> None:
    address = addresses.tagged("support@nordlade.example", 17)
    box, tag = addresses.untagged(address.upper())
    assert (box, addresses.message_of_tag(tag)) == ("support@nordlade.example", 17)
    assert addresses.message_of_tag(tag.replace("m17", "m18")) is None
    assert addresses.message_of_tag("m17.0123456789abcdef") is None
    assert addresses.message_of_tag("") is None
