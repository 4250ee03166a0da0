"""One box that understands what is heard."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django_scopes import scope

from console.conftest import LABEL
from console.pages import page_of, text_of
from roamdesk.cases.models import Case
from roamdesk.charging.models import Evse
from roamdesk.desks.models import Desk, Person

NEW = "/d/voltpass/new"


def heard(client: Client, person: Person, text: str) -> str:
    client.force_login(person)
    return client.get(f"{NEW}/heard", {"heard": text}).content.decode()


def cases_of(desk: Desk) -> list[Case]:
    with scope(desk=desk):
        return list(Case.objects.order_by("pk"))


def test_one_hit_brings_the_number_to_dial(client: Client, msp_operator: Person, evses: list[Evse]) -> None:
    html = heard(client, msp_operator, "04721")
    assert "One fits" in html
    assert "+49 30 55501420" in html
    assert 'hx-swap-oob="true"' in html


def test_of_two_hits_none_is_taken_and_the_heading_is_what_to_ask(
    client: Client, msp_operator: Person, evses: list[Evse]
) -> None:
    html = heard(client, msp_operator, "ndl 0472")
    assert "Two fit. Ask: left or right socket?" in text_of(html)
    assert " checked" not in html


def test_a_heard_o_is_read_as_zero_and_that_is_said(client: Client, msp_operator: Person, evses: list[Evse]) -> None:
    assert 'Heard "o", read as zero' in text_of(heard(client, msp_operator, "o472"))


def test_two_that_fit_open_no_case_until_one_is_chosen(
    client: Client, msp_desk: Desk, msp_operator: Person, evses: list[Evse]
) -> None:
    client.force_login(msp_operator)
    posted = {"heard": "ndl0472", "caller": "user", "problem": "cable_stuck"}
    answer = client.post(NEW, posted)
    assert answer.status_code == 422
    assert "Nothing was saved" in text_of(answer.content.decode())
    assert cases_of(msp_desk) == []
    assert client.post(NEW, posted | {"evse": str(evses[1].pk)}).status_code == 302
    assert [case.evse_id for case in cases_of(msp_desk)] == [evses[1].pk]


def test_danger_waits_for_no_choice_and_keeps_the_street(
    client: Client, msp_desk: Desk, msp_operator: Person, evses: list[Evse]
) -> None:
    client.force_login(msp_operator)
    client.post(NEW, {"heard": "ndl0472", "problem": "danger"})
    (case,) = cases_of(msp_desk)
    assert case.is_danger
    assert case.known["values"]["station_address"] == "Warschauer Str. 58, Berlin"
    assert "evse_label" not in case.known["values"]


def test_a_case_is_opened_with_what_is_known(
    client: Client, msp_desk: Desk, msp_operator: Person, evses: list[Evse]
) -> None:
    client.force_login(msp_operator)
    answer = client.post(NEW, {"heard": "04721", "caller": "user", "problem": "cable_stuck"})
    (case,) = cases_of(msp_desk)
    assert answer["Location"] == f"/d/voltpass/cases/{case.reference}"
    assert case.known["values"]["evse_label"] == LABEL
    assert str(case.partner) == "Nordlade"
    assert case.owner == msp_operator


def test_without_a_problem_nothing_is_saved_and_what_was_typed_stays(
    client: Client, msp_desk: Desk, msp_operator: Person, evses: list[Evse]
) -> None:
    client.force_login(msp_operator)
    answer = client.post(NEW, {"heard": "04721", "caller": "user"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="04721"' in html
    assert cases_of(msp_desk) == []


def test_a_label_that_nobody_knows_can_still_be_a_case(
    client: Client, msp_desk: Desk, msp_operator: Person, evses: list[Evse]
) -> None:
    client.force_login(msp_operator)
    client.post(NEW, {"heard": "de*xyz*e99*1", "caller": "user", "problem": "cable_stuck"})
    assert cases_of(msp_desk)[0].known["values"]["evse_label"] == "DE*XYZ*E99*1"


def test_letters_of_another_alphabet_and_endless_text_are_taken_calmly(
    client: Client, msp_operator: Person, evses: list[Evse]
) -> None:
    client.force_login(msp_operator)
    for text in ("DE*NDL*Е0472*1", "x" * 5000, "<script>", "\x00", "🔌🔌🔌"):
        answer = client.get(f"{NEW}/heard", {"heard": text})
        assert answer.status_code == 200
        assert "<script>" not in answer.content.decode()


def test_the_route_is_named_before_the_case_is_opened(client: Client, msp_operator: Person, evses: list[Evse]) -> None:
    text = text_of(page_of(client, msp_operator, f"{NEW}?heard=04721&caller=user&problem=cable_stuck"))
    assert "Unlock through the partner" in text
    assert "Self-help first" in text


def test_an_unknown_option_changes_nothing(client: Client, msp_desk: Desk, msp_operator: Person, evses: Any) -> None:
    client.force_login(msp_operator)
    answer = client.post(NEW, {"heard": "04721", "caller": "nobody", "problem": "cable_stuck"})
    assert answer.status_code == 422
    assert cases_of(msp_desk) == []
