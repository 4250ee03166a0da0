"""The drawing shows who owes what, and where the case stands, without a style attribute."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from procedure.situations import hubject
from roamdesk.procedure import Side
from roamdesk.procedure.diagram import mermaid, svg

SVG = "{http://www.w3.org/2000/svg}"
ROUTES = [route.id for route in hubject().routes]
BOTH_SIZES = pytest.mark.parametrize("large", [False, True])


def boxes(picture: str) -> dict[str, ElementTree.Element]:
    return {group.findtext(f"{SVG}title", ""): group for group in ElementTree.fromstring(picture).iter(f"{SVG}g")}


@BOTH_SIZES
@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_well_formed_and_brings_no_style(route: str, large: bool) -> None:
    picture = svg(hubject(), route, large=large)
    assert "style" not in picture
    assert ElementTree.fromstring(picture).get("viewBox", "").startswith("0 0 760 " if large else "0 0 250 ")


def test_a_box_stands_for_each_duty_of_our_side() -> None:
    picture = boxes(svg(hubject(), "a_via_msp", side=Side.MSP))
    assert "Take the User through the self-help steps" in picture
    assert "Solve it through the partner: the User is not called" not in picture


def test_where_the_case_stands_is_said_in_words_and_by_frame() -> None:
    picture = svg(hubject(), "a_via_msp", side=Side.MSP, here=frozenset({"ask_unlock"}), done=frozenset({"self_help"}))
    here = boxes(picture)["Call the partner and ask for an Unlock on this EVSE"]
    frame = here.find(f"{SVG}rect")
    assert frame is not None
    assert frame.get("fill") == "var(--ink)"
    assert "".join(here.itertext()).endswith("· here")
    assert ElementTree.fromstring(picture).get("aria-label") == "Unlock through the partner; owed now: Ask unlock"


def test_what_the_partner_owes_now_is_marked_as_waiting() -> None:
    here = boxes(svg(hubject(), "a_via_msp", side=Side.MSP, here=frozenset({"do_unlock"})))["Unlock [EVSE label]"]
    assert "".join(here.itertext()).endswith("· waiting")


def test_what_is_done_carries_a_tick() -> None:
    drawn = boxes(svg(hubject(), "a_via_msp", done=frozenset({"self_help"})))
    done = drawn["Take the User through the self-help steps"]
    assert done.find(f"{SVG}path") is not None


def test_names_of_lanes_are_escaped() -> None:
    assert "Volt&lt;Pass&gt; (us)" in svg(hubject(), "mail", side=Side.MSP, lanes={Side.MSP: "Volt<Pass>"})


@BOTH_SIZES
def test_no_text_is_wider_than_its_box(large: bool) -> None:
    most = 60 if large else 18
    rules = frozenset(rule.id for rule in hubject().duties)
    picture = ElementTree.fromstring(svg(hubject(), "a_via_msp", here=rules, large=large))
    texts = [text.text or "" for text in picture.iter(f"{SVG}text")]
    assert max(map(len, texts)) <= most


def test_mermaid_asks_for_the_routes_in_their_order() -> None:
    drawn = mermaid(hubject())
    asked = [drawn.index(f"ask_{route}") for route in ROUTES]
    assert asked == sorted(asked)


def test_mermaid_leads_from_the_answer_to_the_duty_that_follows() -> None:
    assert 'ask_consent -- "Yes" --> pass_phone' in mermaid(hubject(), "a_via_msp")


def test_mermaid_keeps_quotes_out_of_its_labels() -> None:
    labels = [line for line in mermaid(hubject(), "a_via_msp").splitlines() if '["' in line]
    assert {line.count('"') for line in labels} == {2}
