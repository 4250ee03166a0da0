"""What can be done to a case beside its next step, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django_scopes import scope

from console.conftest import LABEL, TOKEN, a_case
from console.pages import again, page_of, path_of, text_of
from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case, CaseLink
from roamdesk.cases.services import answer_step, record_facts, set_their_reference
from roamdesk.charging.models import Command, Evse, Session
from roamdesk.desks.models import Desk, Person


@pytest.fixture
def other(msp_desk: Desk, msp_operator: Person, stuck: Case) -> Case:
    """A second case at the same post."""
    return a_case(msp_desk, msp_operator, caller="user", problem="cannot_end")


@pytest.fixture
def running(cpo_desk: Desk, asked: Case, cpo_operator: Person) -> Session:
    """The session of the User for whom the partner has called, whose token was told."""
    now = datetime.now(UTC)
    with scope(desk=cpo_desk):
        evse = Evse.objects.get(label=LABEL)
        session = Session.objects.create(
            desk=cpo_desk, evse=evse, station=evse.station, token_key=TOKEN, transaction_id="77",
            started_at=now - timedelta(minutes=50), observed_at=now,
        )  # fmt: skip
    record_facts(asked, {"token": TOKEN}, actor=Actor.of(cpo_operator), at=now)
    return session


def test_a_case_is_linked_by_the_end_of_a_reference_and_both_say_so(
    client: Client, stuck: Case, other: Case, msp_operator: Person
) -> None:
    client.force_login(msp_operator)
    answer = client.post(path_of(stuck, "/link"), {"to": other.reference[-4:].lower(), "why": "the same post"})
    assert answer.status_code == 302
    assert f"linked {other.reference}" in text_of(client.get(path_of(stuck)).content.decode())
    assert f"linked {stuck.reference}" in text_of(client.get(path_of(other)).content.decode())


@pytest.mark.parametrize("named", ["", "no such case", "{own}"])
def test_a_case_that_nobody_else_is_cannot_be_linked(
    client: Client, stuck: Case, msp_operator: Person, named: str
) -> None:
    client.force_login(msp_operator)
    answer = client.post(path_of(stuck, "/link"), {"to": named.format(own=stuck.reference)})
    assert answer.status_code == 422
    with scope(desk=stuck.desk):
        assert not CaseLink.objects.exists()


def test_a_reference_that_fits_two_cases_is_asked_for_whole(
    client: Client, stuck: Case, other: Case, msp_desk: Desk, msp_operator: Person
) -> None:
    third = a_case(msp_desk, msp_operator, caller="user", problem="cannot_end")
    with scope(desk=msp_desk):
        for case in (other, third):
            set_their_reference(case, "NL-0187", actor=Actor.of(msp_operator), at=datetime.now(UTC))
    client.force_login(msp_operator)
    text = text_of(client.get(path_of(stuck) + "?merge=0187").content.decode())
    assert "Several cases end so" in text
    assert "Type the whole reference." in text


def test_merging_is_asked_before_it_is_done(client: Client, stuck: Case, other: Case, msp_operator: Person) -> None:
    text = text_of(page_of(client, msp_operator, f"{path_of(stuck)}?merge={other.reference}"))
    assert f"Merge {stuck.reference} into {other.reference}?" in text
    assert "what it owes lapses" in text
    assert again(stuck).state == Case.State.OPEN


def test_a_merged_case_shows_where_it_went(client: Client, stuck: Case, other: Case, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    answer = client.post(path_of(stuck, "/merge"), {"into": other.reference})
    assert answer["Location"] == path_of(other)
    text = text_of(client.get(path_of(stuck)).content.decode())
    assert f"Merged into {other.reference}" in text
    assert "Nothing is owed." in text


def test_the_session_that_a_stop_would_end_is_named_before(
    client: Client, asked: Case, running: Session, cpo_operator: Person
) -> None:
    text = text_of(page_of(client, cpo_operator, path_of(asked)))
    assert "It ends the session with token …4F80" in text
    assert "No other session is touched." in text


def test_a_stop_is_one_command_however_often_it_is_pressed(
    client: Client, asked: Case, running: Session, cpo_operator: Person
) -> None:
    client.force_login(cpo_operator)
    for _ in range(2):
        client.post(path_of(asked, "/stop"), {"key": "stop-1"})
    with scope(desk=asked.desk):
        assert Command.objects.get().kind == Command.Kind.REMOTE_STOP
    text = text_of(client.get(path_of(asked)).content.decode())
    assert "Session stop" in text
    assert "Stop this session" not in text


def test_without_a_session_of_the_user_no_stop_is_offered(client: Client, asked: Case, cpo_operator: Person) -> None:
    assert "Stop the session" not in text_of(page_of(client, cpo_operator, path_of(asked)))
    assert client.post(path_of(asked, "/stop"), {"key": "stop-1"}).status_code == 422


def test_an_msp_stops_nobody(client: Client, stuck: Case, msp_operator: Person) -> None:
    assert "Stop the session" not in text_of(page_of(client, msp_operator, path_of(stuck)))


def test_what_the_procedure_does_not_let_us_decline_is_refused(
    client: Client, stuck: Case, msp_operator: Person
) -> None:
    client.force_login(msp_operator)
    assert client.post(path_of(stuck, "/decline"), {"rule": "self_help", "reason": "no time"}).status_code == 422


def test_a_notice_that_may_be_declined_can_be(
    client: Client, cpo_desk: Desk, cpo_operator: Person, evses: list[Evse]
) -> None:
    facts = {"verdict": "accepted", "msp_known": "yes", "assisted": "solved"}
    case = a_case(cpo_desk, cpo_operator, caller="user", problem="cable_stuck", **facts)
    html = page_of(client, cpo_operator, path_of(case))
    assert "Decline what may be declined" in html
    answer = client.post(path_of(case, "/decline"), {"rule": "notice_direct_success", "reason": "they listened in"})
    assert answer.status_code == 302
    assert "Declined:" in text_of(client.get(path_of(case)).content.decode())


def test_a_closed_case_says_that_nothing_is_owed_and_may_be_opened_again(
    client: Client, stuck: Case, msp_operator: Person
) -> None:
    answer_step(stuck, "self_help", 1, actor=Actor.of(msp_operator), at=datetime.now(UTC))
    text = text_of(page_of(client, msp_operator, path_of(stuck)))
    assert "Nothing is owed. Last checked just now" in text
    assert "may come" not in text
    assert "Open again" in text
    assert client.post(path_of(stuck, "/note"), {"note": "They called back, all is well"}).status_code == 302


def test_a_case_can_be_closed_only_when_nothing_is_owed(client: Client, stuck: Case, msp_operator: Person) -> None:
    html = page_of(client, msp_operator, path_of(stuck))
    assert "Close the case" not in html
    assert client.post(path_of(stuck, "/close")).status_code == 422
