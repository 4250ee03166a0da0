from __future__ import annotations

import pytest
from django.db import connection, transaction

from roamdesk.desks.models import Desk
from roamdesk.desks.prepared import flush_later, insert


def setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        (value,) = cursor.fetchone()
    return str(value)


@pytest.mark.django_db(transaction=True)
def test_each_new_connection_keeps_the_first_plan_of_a_statement() -> None:
    connection.close()
    assert setting("plan_cache_mode") == "force_generic_plan"


@pytest.mark.django_db(transaction=True)
def test_only_the_transaction_that_says_so_commits_before_the_disk_has_it() -> None:
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
    with transaction.atomic():
        flush_later()
        assert setting("synchronous_commit") == "off"
    assert setting("synchronous_commit") == "on"
    with transaction.atomic():
        insert(Desk(name="Solo", slug="solo", plays_msp=True), flushed=False)
        assert setting("synchronous_commit") == "off"
    assert setting("synchronous_commit") == "on"
    assert Desk.objects.filter(slug="solo").exists()
    connection.close()
