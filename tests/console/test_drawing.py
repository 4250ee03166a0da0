"""Where a case is, in a few boxes."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from django_scopes import scope

from console.pages import again
from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case
from roamdesk.cases.selectors import case_view
from roamdesk.cases.services import answer_step
from roamdesk.console.screens.drawing import BOXES, Drawing, drawing_of
from roamdesk.desks.models import Person


def drawn(case: Case) -> Drawing:
    with scope(desk=case.desk):
        drawing = drawing_of(case_view(again(case), datetime.now(UTC)))
    assert drawing
    return drawing


def boxes(svg: str | None) -> list[str]:
    return re.findall(r"<g><title>(.*?)</title>", svg or "")


def test_the_small_drawing_shows_here_and_what_comes_and_not_the_whole_route(stuck: Case) -> None:
    drawing = drawn(stuck)
    assert len(boxes(drawing.small)) <= BOXES < len(boxes(drawing.large))
    assert "Take the User through the self-help steps" in boxes(drawing.small)
    assert "· here" in (drawing.small or "")


def test_what_was_done_stays_with_its_tick_and_the_partner_waits_beside(stuck: Case, msp_operator: Person) -> None:
    for rule, key in (("self_help", 2), ("ask_unlock", 1)):
        answer_step(again(stuck), rule, key, actor=Actor.of(msp_operator), at=datetime.now(UTC))
    drawing = drawn(stuck)
    assert "· waiting" in (drawing.small or "")
    assert 'stroke="var(--done)"' in (drawing.small or "")
    assert len(boxes(drawing.small)) <= BOXES


def test_our_own_lane_is_named_once(stuck: Case) -> None:
    assert (drawn(stuck).small or "").count("(us)") == 1
