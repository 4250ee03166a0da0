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
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCREENS = {
    "queue": "/d/voltpass/queue",
    "new": "/d/voltpass/new?heard=ndl+o472&caller=user&problem=cable_stuck",
    "msp": "/d/voltpass/cases/{night.msp_case.reference}",
    "danger": "/d/voltpass/cases/{night.danger.reference}",
    "search": "/d/voltpass/search?for=0472",
    "partners": "/d/voltpass/partners",
    "partner": "/d/voltpass/partners/{night.partner.pk}",
    "board": "/d/voltpass/board",
    "help": "/d/voltpass/help",
    "account": "/me",
}
CPO_SCREENS = {
    "cpo": "/d/nordlade/cases/{night.cpo_case.reference}",
    "failed": "/d/nordlade/cases/{night.failed.reference}",
    "cpo-new": "/d/nordlade/new?heard=04721",
}
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])
WIDTHS = pytest.mark.parametrize("wide", [1440, 390])
Look = Callable[..., Page]


@pytest.fixture
def night(msp_desk: Desk, cpo_desk: Desk, msp_operator: Person, cpo_operator: Person) -> Night:
    return build_night(msp_desk, cpo_desk, msp_operator, cpo_operator)


def faults_on(page: Page, path: str, name: str, wide: int) -> list[str]:
    """What axe and the eye of a phone object to."""
    page.goto(path)
    page.evaluate("document.fonts.ready")
    keep_picture(page, name)
    overflow = page.evaluate("document.documentElement.scrollWidth") - wide
    found = [f"{name} is {overflow} px too wide"] * (overflow > 0)
    return found + [
        f"{name}: {told(each)}" for each in Axe().run(page, options={"runOnly": RULES}).response["violations"]
    ]


def told(violation: dict[str, Any]) -> str:
    return f"{violation['id']} {' | '.join(node['html'][:160] for node in violation['nodes'][:3])}"


def keep_picture(page: Page, name: str) -> None:
    """A picture for the eye, where somebody asked for it."""
    if SHOTS:
        page.wait_for_timeout(250)
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@THEMES
@WIDTHS
def test_every_screen_is_accessible_and_never_scrolls_sideways(
    look: Look, night: Night, msp_operator: Person, cpo_operator: Person, wide: int, theme: str
) -> None:
    msp, cpo = (look(person, "/me", wide=wide, theme=theme) for person in (msp_operator, cpo_operator))
    faults: list[str] = []
    for page, screens in ((msp, SCREENS), (cpo, CPO_SCREENS)):
        for name, path in screens.items():
            faults += faults_on(page, path.format(night=night), f"{name}-{wide}-{theme}", wide)
    assert faults == []


@THEMES
@WIDTHS
def test_the_login_is_accessible(browser: Any, live_server: Any, wide: int, theme: str) -> None:
    page = browser.new_page(viewport={"width": wide, "height": 900}, color_scheme=theme, base_url=live_server.url)
    assert faults_on(page, "/account/login/", f"login-{wide}-{theme}", wide) == []
    page.close()
