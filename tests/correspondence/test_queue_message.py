from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django_scopes import scope, scopes_disabled

from roamdesk.correspondence import services
from roamdesk.correspondence.addresses import MailRefused
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Desk

Queue = Callable[..., Message]


@pytest.fixture
def outbox_db(db: None) -> None:
    """Nothing is sent here: no commit is needed."""


def rows_and_jobs() -> tuple[int, int]:
    with scopes_disabled(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'correspondence.send_message'")
        return Message.objects.count(), cursor.fetchone()[0]


def test_a_message_and_its_job_are_written_together(queue: Queue) -> None:
    assert queue().state == Message.State.QUEUED
    assert rows_and_jobs() == (1, 1)


def test_a_rolled_back_transaction_leaves_neither_message_nor_job(queue: Queue) -> None:
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert rows_and_jobs() == (0, 0)


def test_the_same_key_gives_the_same_message_and_one_job(queue: Queue) -> None:
    first, second = queue(), queue(subject="Something else")
    assert (second.pk, second.message_id, second.subject) == (first.pk, first.message_id, first.subject)
    assert rows_and_jobs() == (1, 1)


def test_two_desks_may_use_the_same_key_without_seeing_each_other(queue: Queue, msp_desk: Desk, at: datetime) -> None:
    ours = queue(key="notice-1")
    with scope(desk=msp_desk):
        theirs = services.queue_message(
            msp_desk, about="", key="notice-1", to=["a@nordlade.example"], subject="Case", text="Text", at=at
        )
    assert theirs.pk != ours.pk


def test_an_address_that_stands_twice_is_written_to_once(queue: Queue) -> None:
    assert queue(to=["a@voltpass.example", " a@voltpass.example"]).to == ["a@voltpass.example"]


def test_an_international_domain_is_kept_in_its_ascii_form(queue: Queue) -> None:
    assert queue(to=["a@nördlade.example"]).to == ["a@xn--nrdlade-90a.example"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"to": []}, "no recipient"),
        ({"to": ["nobody"]}, "no e-mail address"),
        ({"to": ["a@voltpass.example\r\nBcc: x@evil.example"]}, "no e-mail address"),
        ({"to": ["а@voltpass.example"]}, "no e-mail address"),
        ({"to": ['"a b\n"@voltpass.example']}, "no e-mail address"),
        ({"to": [f"a{n}@voltpass.example" for n in range(51)]}, "too many"),
        ({"subject": "Freed\r\nBcc: x@evil.example"}, "line break"),
        ({"subject": "Freed\u2028Bcc: x"}, "line break"),
        ({"subject": "  "}, "subject is empty"),
        ({"subject": "x" * 301}, "301 characters"),
        ({"text": "x" * 10_000_000}, "10000000 characters"),
        ({"text": "a\x00b"}, "NUL"),
        ({"html": "x" * 200_001}, "200001 characters"),
        ({"headers": {"Bcc": "x@evil.example"}}, "'Bcc' cannot be set"),
        ({"headers": {"X-A\nBcc": "x"}}, "cannot be set"),
        ({"headers": {"X-A": "x\nBcc: y@evil.example"}}, "X-A holds a line break"),
        ({"headers": {"Content-Type": "text/evil"}}, "cannot be set"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words_and_nothing_is_queued(
    queue: Queue, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(MailRefused, match=words):
        queue(**changes)
    assert rows_and_jobs() == (0, 0)


def test_a_desk_without_a_usable_address_of_its_own_is_told_where_to_mend_it(queue: Queue, cpo_desk: Desk) -> None:
    cpo_desk.mail_from = "nobody"
    with pytest.raises(MailRefused, match="desk's settings"):
        queue()
