"""The guided case over HTTP."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django_scopes import scope

from console.conftest import TOKEN, a_case
from console.pages import again, page_of, path_of, text_of
from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case, Event
from roamdesk.cases.services import add_note, answer_step, record_facts
from roamdesk.desks.models import Desk, Person

HOSTILE = '"><script>alert(1)</script><b onclick=x>'


def say(client: Client, case: Case, deed: str, **posted: Any) -> Any:
    return client.post(path_of(case, f"/{deed}"), {"version": again(case).version, **posted})


def version_on(html: str) -> int:
    found = re.search(r'data-version="(\d+)"', html)
    assert found
    return int(found[1])


def kinds_of(case: Case) -> list[str]:
    with scope(desk=case.desk):
        return list(Event.objects.filter(case=case).order_by("number").values_list("kind", flat=True))


def test_the_card_shows_what_to_do_the_words_and_the_answers(client: Client, stuck: Case, msp_operator: Person) -> None:
    text = text_of(page_of(client, msp_operator, path_of(stuck)))
    assert "Take the User through the self-help steps" in text
    assert "Pull straight out within a few seconds." in text
    assert "It did not help" in text
    assert "S12" in text


def test_a_digit_answers_and_the_next_step_follows(client: Client, stuck: Case, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    answer = say(client, stuck, "answer", rule="self_help", key="2")
    assert answer["Location"] == path_of(stuck)
    text = text_of(client.get(path_of(stuck)).content.decode())
    assert "Call Nordlade and ask for an Unlock on this EVSE" in text
    assert "+49 30 55501420" in text
    assert "Open now" in text


def test_the_token_is_shown_in_full_where_it_is_read_aloud_and_that_is_recorded_once(
    client: Client, stuck: Case, msp_operator: Person
) -> None:
    client.force_login(msp_operator)
    assert TOKEN not in client.get(path_of(stuck)).content.decode()
    say(client, stuck, "answer", rule="self_help", key="2")
    assert "Niner Delta Four Foxtrot" in client.get(path_of(stuck)).content.decode()
    client.get(path_of(stuck))
    assert kinds_of(stuck).count("revealed") == 1


def test_two_operators_on_one_step_never_overwrite_each_other(
    client: Client, stuck: Case, msp_operator: Person, msp_lead: Person
) -> None:
    seen = version_on(page_of(client, msp_operator, path_of(stuck)))
    answer_step(stuck, "self_help", 1, actor=Actor.of(msp_lead), at=stuck.opened_at)
    answer = client.post(path_of(stuck, "/answer"), {"version": seen, "rule": "self_help", "key": "2"})
    text = text_of(answer.content.decode())
    assert answer.status_code == 409
    assert re.search(r"Tom Lead answered this step at \d\d:\d\d:\d\d\. Yours was not saved\.", text)
    assert "Theirs:" in text
    assert "Yours:" in text
    assert again(stuck).known["values"]["freed"] == "yes"


def test_a_note_by_a_colleague_is_no_conflict(
    client: Client, stuck: Case, msp_operator: Person, msp_lead: Person
) -> None:
    seen = version_on(page_of(client, msp_operator, path_of(stuck)))
    add_note(stuck, "Calls back at noon", actor=Actor.of(msp_lead), at=stuck.opened_at)
    answer = client.post(path_of(stuck, "/answer"), {"version": seen, "rule": "self_help", "key": "2"})
    assert answer.status_code == 302


def test_an_edit_corrects_and_the_plan_follows(client: Client, stuck: Case, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    say(client, stuck, "edit", fact="problem", problem="danger")
    assert "is anyone hurt" in text_of(client.get(path_of(stuck)).content.decode())


def test_the_last_answer_can_be_taken_back(client: Client, stuck: Case, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    say(client, stuck, "answer", rule="self_help", key="2")
    say(client, stuck, "back")
    assert "self-help steps" in text_of(client.get(path_of(stuck)).content.decode())


def test_danger_needs_no_other_answer(client: Client, stuck: Case, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    say(client, stuck, "danger")
    html = client.get(path_of(stuck)).content.decode()
    assert "is anyone hurt" in html
    assert 'class="num" href="tel:+493055501420"' in html


def test_a_departure_without_a_reason_is_refused_in_words(client: Client, stuck: Case, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    answer = say(client, stuck, "depart", rule="self_help", reason=" ")
    assert answer.status_code == 422
    assert "needs a reason" in text_of(answer.content.decode())
    assert "departed" not in kinds_of(stuck)


def test_a_value_is_revealed_with_a_reason_and_only_then(client: Client, stuck: Case, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    assert say(client, stuck, "reveal", field="token", reason="").status_code == 422
    answer = say(client, stuck, "reveal", field="token", reason="The partner asks")
    assert TOKEN in answer.content.decode()
    assert TOKEN not in client.get(path_of(stuck)).content.decode()


def test_a_promised_time_is_typed_as_on_the_wall(
    client: Client, cpo_desk: Desk, cpo_operator: Person, asked: Case
) -> None:
    record_facts(
        asked,
        {"unlock": "failed", "consent": "no", "exhausted": "yes"},
        actor=Actor.of(cpo_operator),
        at=asked.opened_at,
    )
    client.force_login(cpo_operator)
    refused = say(client, asked, "answer", rule="plan_visit", key="1", **{"1-promised_at": "soon"})
    assert refused.status_code == 422
    assert "Write it as 06:30" in text_of(refused.content.decode())
    assert say(client, asked, "answer", rule="plan_visit", key="1", **{"1-promised_at": "0630"}).status_code == 302
    assert "promised_at" in again(asked).known["values"]


def test_after_a_failure_the_two_notices_and_the_visit_stand_as_three_legs(
    client: Client, cpo_operator: Person, asked: Case
) -> None:
    record_facts(
        asked,
        {"unlock": "failed", "consent": "no", "exhausted": "yes"},
        actor=Actor.of(cpo_operator),
        at=asked.opened_at,
    )
    html = page_of(client, cpo_operator, path_of(asked))
    assert html.count('class="leg"') == 3


def test_what_a_caller_says_is_never_markup(client: Client, stuck: Case, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    say(client, stuck, "note", note=HOSTILE)
    say(client, stuck, "tell", issue=HOSTILE)
    say(client, stuck, "reference", their_reference=HOSTILE)
    html = client.get(path_of(stuck)).content.decode()
    assert "<script>alert" not in html
    assert "<b onclick" not in html


def test_nothing_on_the_page_is_inline(client: Client, stuck: Case, msp_operator: Person) -> None:
    html = page_of(client, msp_operator, path_of(stuck))
    assert not re.search(r"\sstyle=", html)
    assert not re.search(r"\son[a-z]+=", html)
    assert re.findall(r"<script(?![^>]*\ssrc=)", html) == []
    assert "<style" not in html


def test_an_answer_to_a_step_that_is_gone_is_refused_in_words(
    client: Client, stuck: Case, msp_operator: Person
) -> None:
    client.force_login(msp_operator)
    answer = say(client, stuck, "answer", rule="ask_consent", key="1")
    assert answer.status_code == 422
    assert "not open any more" in text_of(answer.content.decode())


def test_a_rule_that_never_was_is_refused_too(client: Client, stuck: Case, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    assert say(client, stuck, "answer", rule="nonsense", key="1").status_code == 422
    assert say(client, stuck, "depart", rule="nonsense", reason="x").status_code == 422


def test_an_unlock_without_a_station_says_what_to_do(
    client: Client, cpo_desk: Desk, cpo_operator: Person, asked: Case
) -> None:
    client.force_login(cpo_operator)
    answer = say(client, asked, "unlock", key="unlock-1")
    assert answer.status_code == 422
    assert "asks for no Unlock now" in text_of(answer.content.decode())


def test_a_case_page_takes_a_bounded_number_of_queries(
    client: Client, stuck: Case, msp_operator: Person, django_assert_max_num_queries: Any
) -> None:
    client.force_login(msp_operator)
    client.get(path_of(stuck))
    for number in range(12):
        add_note(stuck, f"Note {number}", actor=Actor.of(msp_operator), at=stuck.opened_at)
    with django_assert_max_num_queries(32):
        client.get(path_of(stuck))


def test_a_closed_case_offers_no_answer(client: Client, msp_desk: Desk, msp_operator: Person, stuck: Case) -> None:
    client.force_login(msp_operator)
    say(client, stuck, "answer", rule="self_help", key="1")
    html = client.get(path_of(stuck)).content.decode()
    assert again(stuck).state == Case.State.CLOSED
    assert "The case is closed" in html
    assert "data-answer" not in html


def test_a_case_opened_without_caller_asks_for_it(
    client: Client, msp_desk: Desk, msp_operator: Person, evses: Any
) -> None:
    case = a_case(msp_desk, msp_operator)
    html = page_of(client, msp_operator, path_of(case))
    assert "Who is calling?" in html
    client.post(path_of(case, "/answer"), {"version": version_on(html), "rule": "", "key": "caller=user"})
    assert again(case).known["values"]["caller"] == "user"
