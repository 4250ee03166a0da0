"""Every screen in both themes, wide and on a phone: axe finds nothing, and nothing scrolls sideways."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from browser.night import Night, build_night
from roamdesk.desks.models import Desk, Person

SHOTS = os.environ.get("ROAMDESK_SHOTS", "")
SCREENS = {
    "queue": "/d/voltpass/queue",
    "new": "/d/voltpass/new?heard=ndl+o472&caller=user&problem=cable_stuck",
    "msp": "/d/voltpass/cases/{night.msp_case.reference}",
    "danger": "/d/voltpass/cases/{night.danger.reference}",
    "cpo": "/d/nordlade/cases/{night.cpo_case.reference}",
    "search": "/d/voltpass/search?for=0472",
    "partners": "/d/voltpass/partners",
    "board": "/d/voltpass/board",
    "help": "/d/voltpass/help",
}


@pytest.fixture
def night(msp_desk: Desk, cpo_desk: Desk, msp_operator: Person, cpo_operator: Person) -> Night:
    return build_night(msp_desk, cpo_desk, msp_operator, cpo_operator)


def keep_picture(page: Page, name: str) -> None:
    if SHOTS:
        page.wait_for_timeout(250)
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("wide", [1440, 390])
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_accessible_and_never_scrolls_sideways(
    look: Callable[..., Page], night: Night, msp_operator: Person, cpo_operator: Person, name: str, wide: int, theme: str
) -> None:
    path = SCREENS[name].format(night=night)
    person = cpo_operator if "nordlade" in path else msp_operator
    page = look(person, path, wide=wide, theme=theme)
    page.evaluate("document.fonts.ready")
    keep_picture(page, f"{name}-{wide}-{theme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
    assert found.violations_count == 0, told(found)


def told(found: Any) -> str:
    return "\n".join(
        f"{each['id']}: {each['help']} :: " + " | ".join(node["html"][:140] for node in each["nodes"][:3])
        for each in found.response["violations"]
    )
