"""The mails of a publication are queued by jobs, batch by batch; the page and the command line say how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from builders import CPO_BACK_OFFICE, partners_with_mail
from correspondence.conftest import outbox_db, queue
from correspondence.test_killed_worker import database_url
from correspondence.test_tasks import run_all_jobs
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Desk
from roamdesk.partners import announcing, publishing, tasks
from roamdesk.partners.announcing import BATCH, Written, written
from roamdesk.partners.models import Acknowledgement, ContactLine, GuestLink, Partner, ProcedureVersion, Publication
from roamdesk.partners.procedures import shipped_version
from roamdesk.partners.publishing import PublicationRefused

__all__ = ["outbox_db", "queue"]

DAY = timedelta(days=1)
Publish = Callable[..., Publication]


@pytest.fixture
def desk(msp_desk: Desk) -> Iterator[Desk]:
    with scope(desk=msp_desk):
        yield msp_desk


@pytest.fixture
def version(desk: Desk, at: datetime) -> ProcedureVersion:
    return shipped_version(at)


@pytest.fixture
def publish(desk: Desk, version: ProcedureVersion, at: datetime) -> Publish:
    def put(partners: list[Partner] | None = None, by: str = "Piet") -> Publication:
        return publishing.publish(desk, version, partners=partners, in_force_from=at + DAY, by=by, at=at)

    return put


def jobs() -> list[int]:
    """The publications for which a job waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (args->>'publication_id')::int FROM procrastinate_jobs "
            "WHERE task_name = 'partners.write_batch' AND status = 'todo'"
        )
        return [pk for (pk,) in cursor.fetchall()]


def test_publishing_takes_as_many_statements_for_a_hundred_partners_as_for_two(desk: Desk, publish: Publish) -> None:
    partners = partners_with_mail(desk, 102)
    publish(partners[:1])
    counts = []
    for chosen in (partners[1:3], partners[3:]):
        with CaptureQueriesContext(connection) as asked:
            publish(chosen)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 20
    assert Acknowledgement.objects.count() == 102


def test_until_the_job_has_run_nobody_was_written_to_and_nobody_is_reminded(
    desk: Desk, publish: Publish, at: datetime
) -> None:
    publication = publish()
    [sent] = Acknowledgement.objects.all()
    assert (sent.sent_to, sent.sent_at, sent.is_waiting, Message.objects.count()) == ([CPO_BACK_OFFICE], None, True, 0)
    assert (str(written(publication)), jobs()) == ("0 of 1", [publication.pk])
    with pytest.raises(PublicationRefused, match="about to be written to"):
        publishing.remind(sent, by="Piet", at=at + 2 * DAY)


def test_each_batch_leaves_the_next_to_another_job_until_all_are_written_to(
    desk: Desk, publish: Publish, at: datetime
) -> None:
    publication = publish(partners_with_mail(desk, BATCH + 5))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    assert (announcing.write_batch(publication.pk, at), jobs()) == (BATCH, [publication.pk])
    assert str(written(publication)) == f"{BATCH} of {BATCH + 5}"
    assert [announcing.write_batch(publication.pk, at) for _ in range(2)] == [5, 0]
    assert written(publication) == Written(BATCH + 5, 0)
    assert Message.objects.count() == GuestLink.objects.count() == BATCH + 5


def test_a_worker_writes_to_all_by_the_job_of_the_publication(outbox_db: None, desk: Desk, publish: Publish) -> None:
    publication = publish(partners_with_mail(desk, BATCH + 5))
    run_all_jobs()
    assert (written(publication), jobs()) == (Written(BATCH + 5, 0), [])


def test_a_publication_whose_job_was_lost_is_found_by_the_sweep(outbox_db: None, desk: Desk, publish: Publish) -> None:
    publication = publish()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    tasks.sweep_publications(timestamp=0)
    assert jobs() == [publication.pk]
    run_all_jobs()
    assert written(publication) == Written(1, 0)
    assert tasks.sweep_publications(timestamp=0) == 0


def test_whom_another_worker_is_writing_to_is_left_to_it(
    outbox_db: None, desk: Desk, publish: Publish, at: datetime
) -> None:
    publication = publish(partners_with_mail(desk, 3))
    first = Acknowledgement.objects.order_by("pk")[0]
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT 1 FROM partners_acknowledgement WHERE id = %s FOR UPDATE", [first.pk])
        assert announcing.write_batch(publication.pk, at) == 2
    assert not Message.objects.filter(about=f"acknowledgement:{first.pk}").exists()
    assert [announcing.write_batch(publication.pk, at) for _ in range(2)] == [1, 0]
    assert Message.objects.count() == 3


def test_who_said_it_on_the_phone_meanwhile_is_not_written_to(desk: Desk, publish: Publish, at: datetime) -> None:
    publication = publish()
    publishing.acknowledge(Acknowledgement.objects.get(), name="R. Reference", by_hand="Piet", at=at)
    assert announcing.write_batch(publication.pk, at) == Message.objects.count() == 0


def test_an_address_that_is_none_does_not_hold_up_the_others(desk: Desk, publish: Publish, at: datetime) -> None:
    first, second = partners_with_mail(desk, 2)
    ContactLine.objects.filter(partner=first).update(value="no address at all")
    publication = publish([first, second])
    assert [announcing.write_batch(publication.pk, at) for _ in range(2)] == [2, 0]
    assert Message.objects.get().partner == second
    silent = Acknowledgement.objects.get(partner=first)
    assert (silent.sent_to, silent.sent_at, silent.is_waiting) == ([], None, False)


def test_a_desk_without_an_address_of_its_own_publishes_nothing(desk: Desk, publish: Publish) -> None:
    desk.mail_from = "support"
    with pytest.raises(PublicationRefused, match="The desk's own address: 'support' is no e-mail address"):
        publish()
    assert not Publication.objects.exists()


def test_the_link_names_who_published_it_to_this_partner(desk: Desk, publish: Publish, at: datetime) -> None:
    first, second = partners_with_mail(desk, 2)
    publication = publish([first], by="Piet")
    publish([second], by="Ines")
    announcing.write_batch(publication.pk, at)
    assert [link.made_by for link in GuestLink.objects.order_by("pk")] == ["Piet", "Ines"]


def test_what_is_about_a_case_leaves_before_the_mails_of_a_publication(
    outbox_db: None, desk: Desk, publish: Publish, at: datetime, queue: Any
) -> None:
    announcing.write_batch(publish().pk, at)
    notice = queue()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args->>'message_id' FROM procrastinate_jobs WHERE task_name = 'correspondence.send_message' "
            "ORDER BY priority DESC, id"
        )
        assert cursor.fetchone() == (str(notice.pk),)
