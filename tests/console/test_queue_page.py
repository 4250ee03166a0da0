"""The queue over HTTP."""

from __future__ import annotations

from typing import Any

from django.test import Client

from console.conftest import a_case
from console.pages import page_of, text_of
from roamdesk.charging.models import Evse
from roamdesk.desks.models import Desk, Person

QUEUE = "/d/voltpass/queue"


def test_an_empty_queue_says_so_and_names_the_key(client: Client, msp_operator: Person) -> None:
    text = text_of(page_of(client, msp_operator, QUEUE))
    assert "Nothing is owed." in text
    assert "press N" in text


def test_a_row_reads_as_a_sentence(client: Client, msp_desk: Desk, msp_operator: Person, evses: list[Evse]) -> None:
    case = a_case(msp_desk, msp_operator, caller="user", problem="cable_stuck", stuck_end="station")
    text = text_of(page_of(client, msp_operator, QUEUE))
    assert f"To do now Take the User through the self-help steps {case.reference} · Cable stuck · S12" in text
    assert "DE*NDL*E0472*1 Nordlade, Warschauer Str. 58, Berlin Olga" in text


def test_danger_stands_over_everything(client: Client, msp_desk: Desk, msp_operator: Person, evses: list[Evse]) -> None:
    a_case(msp_desk, msp_operator, caller="user", problem="cable_stuck")
    danger = a_case(msp_desk, msp_operator, caller="user", problem="danger")
    html = page_of(client, msp_operator, QUEUE)
    assert html.index(danger.reference) < html.index('id="lanes"')
    assert 'data-key="!"' in html


def test_danger_is_a_strip_on_every_other_page_and_has_no_close_button(
    client: Client, msp_desk: Desk, msp_operator: Person, evses: list[Evse]
) -> None:
    danger = a_case(msp_desk, msp_operator, caller="user", problem="danger")
    html = page_of(client, msp_operator, "/d/voltpass/board")
    strip = html[html.index('class="strip"') : html.index("</aside>")]
    assert danger.reference in strip
    assert "<button" not in strip


def test_a_danger_of_another_desk_is_no_strip(
    client: Client, msp_desk: Desk, msp_operator: Person, cpo_operator: Person, evses: list[Evse]
) -> None:
    a_case(msp_desk, msp_operator, caller="user", problem="danger")
    assert 'class="strip"' not in page_of(client, cpo_operator, "/d/nordlade/board")


def test_a_filter_shows_its_lane_only(client: Client, msp_desk: Desk, msp_operator: Person, evses: list[Evse]) -> None:
    case = a_case(msp_desk, msp_operator, caller="user", problem="cable_stuck")
    assert case.reference in page_of(client, msp_operator, f"{QUEUE}?show=mine")
    assert case.reference not in page_of(client, msp_operator, f"{QUEUE}?show=partner")
    assert case.reference in page_of(client, msp_operator, f"{QUEUE}?show=nonsense")


def test_more_cases_take_no_more_queries(
    client: Client, msp_desk: Desk, msp_operator: Person, evses: list[Evse], django_assert_max_num_queries: Any
) -> None:
    client.force_login(msp_operator)
    for _ in range(12):
        a_case(msp_desk, msp_operator, caller="user", problem="cable_stuck")
    with django_assert_max_num_queries(20):
        client.get(QUEUE)


def test_a_search_finds_a_case_by_its_label(
    client: Client, msp_desk: Desk, msp_operator: Person, evses: list[Evse]
) -> None:
    case = a_case(msp_desk, msp_operator, caller="user", problem="cable_stuck")
    assert case.reference in page_of(client, msp_operator, "/d/voltpass/search?for=04721")
