"""What somebody must look at in a case, over HTTP: in the queue, above the step, until it was seen."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from case_reading import fresh, kinds
from console.pages import page_of, path_of, text_of
from roamdesk.cases.actors import CLOCK
from roamdesk.cases.attention import call_for_attention
from roamdesk.cases.changing import changing
from roamdesk.cases.models import Case
from roamdesk.desks.models import Person

WHY = "Every mail address of Nordlade for the back office came back. Phone Rita Reference."


@pytest.fixture
def marked(stuck: Case) -> Case:
    with changing(stuck) as locked:
        call_for_attention(locked, WHY, CLOCK, datetime.now(UTC))
    return stuck


def test_it_stands_in_the_queue_and_above_the_step(client: Client, marked: Case, msp_operator: Person) -> None:
    queue = text_of(page_of(client, msp_operator, "/d/voltpass/queue"))
    assert re.search(rf"Look (now )?{re.escape(WHY)}", queue)
    case = text_of(page_of(client, msp_operator, path_of(marked)))
    assert f"{WHY} Seen" in case
    assert f"Look at this: {WHY}" in case


def test_seen_it_is_gone_and_the_timeline_keeps_by_whom(client: Client, marked: Case, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    assert client.post(path_of(marked, "/attend")).status_code == 302
    assert fresh(marked).attention == ""
    page = text_of(page_of(client, msp_operator, path_of(marked)))
    assert "Olga Operator has looked at it" in page
    assert f"{WHY} Seen" not in page


def test_seen_by_somebody_else_meanwhile_it_says_so(client: Client, marked: Case, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    client.post(path_of(marked, "/attend"))
    answer = client.post(path_of(marked, "/attend"))
    assert answer.status_code == 422
    assert "Somebody has looked at it already." in text_of(answer.content.decode())


def test_an_auditor_reads_it_and_cannot_say_that_it_was_seen(client: Client, marked: Case, msp_auditor: Person) -> None:
    page = page_of(client, msp_auditor, path_of(marked))
    assert WHY in text_of(page)
    assert "/attend" not in page
    assert client.post(path_of(marked, "/attend")).status_code == 403
    assert "attended" not in kinds(marked)


def test_a_stranger_finds_no_such_case(client: Client, marked: Case, stranger: Person) -> None:
    client.force_login(stranger)
    assert client.post(path_of(marked, "/attend")).status_code == 404
    assert fresh(marked).attention == WHY
