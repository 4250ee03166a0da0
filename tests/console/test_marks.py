from __future__ import annotations

import re
from pathlib import Path

import pytest

import roamdesk.console
from roamdesk.console.marks import State, mark

ROOM = Path(roamdesk.console.__file__).parent
ICONS = (ROOM / "templates/console/_icons.html").read_text()
STYLES = (ROOM / "static/console/css/base.css").read_text()


@pytest.mark.parametrize("state", State)
def test_a_mark_has_shape_word_and_hue(state: State) -> None:
    assert f'id="i-{state}"' in ICONS
    assert re.search(rf"\.s-{state}\b", STYLES)
    assert mark(state).word


def test_a_failed_try_is_not_an_alarm() -> None:
    assert mark(State.FAILED).hue == ""


def test_a_mark_may_say_more_than_its_name() -> None:
    assert mark(State.WAITING, "With Nordlade").word == "With Nordlade"
