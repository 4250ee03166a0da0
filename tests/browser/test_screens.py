"""Every screen in both themes, wide and on a phone: axe finds nothing, and nothing scrolls sideways."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django_scopes import scopes_disabled
from playwright.sync_api import BrowserContext, Page

from browser.conftest import NARROW, WIDE
from browser.night import NOW, Night, build_night
from roamdesk.charging.models import RefusedStation
from roamdesk.desks.models import Desk, Person

AXE = Axe().axe_script
SHOTS = os.environ.get("ROAMDESK_SHOTS", "")
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The dark page is the same page in other colours: the rules that look at colours are all that can differ.
THEMES: dict[Any, dict[str, Any]] = {
    "light": {"type": "tag", "values": STANDARDS},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
SCREENS = {
    "queue": "/d/voltpass/queue",
    "new": "/d/voltpass/new?heard=ndl+o472&caller=user&problem=cable_stuck",
    "msp": "/d/voltpass/cases/{night.msp_case.reference}",
    "danger": "/d/voltpass/cases/{night.danger.reference}",
    "closed": "/d/voltpass/cases/{night.closed.reference}",
    "merge": "/d/voltpass/cases/{night.closed.reference}?merge={night.late.reference}",
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
    "stations": "/d/nordlade/stations",
    "no-station": "/d/nordlade/stations?station=zzz",
}
DIALOGS = ["actions-box", "handover-box", "depart-box", "drawing-box", "keys"]
Look = Callable[..., Page]


@pytest.fixture
def night(msp_desk: Desk, cpo_desk: Desk, msp_operator: Person, cpo_operator: Person) -> Night:
    return build_night(msp_desk, cpo_desk, msp_operator, cpo_operator)


def faults_on(page: Page, name: str) -> list[str]:
    """What axe and the eye of a phone object to: wide and narrow, light and dark."""
    page.evaluate("document.fonts.ready")
    found = []
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        for theme, rules in THEMES.items():
            page.emulate_media(color_scheme=theme)
            keep_picture(page, f"{name}-{size['width']}-{theme}")
            found += [f"{name} {size['width']} {theme}: {fault}" for fault in faults_seen(page, rules, size["width"])]
    return found


def faults_seen(page: Page, rules: dict[str, Any], wide: int) -> list[str]:
    overflow = page.evaluate("document.documentElement.scrollWidth") - wide
    # What stands in a frame is the mail of somebody else.
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False, "iframes": False}
    seen = page.evaluate("options => axe.run(options)", options)
    return [f"{overflow} px too wide"] * (overflow > 0) + [told(each) for each in seen["violations"]]


def told(violation: dict[str, Any]) -> str:
    return f"{violation['id']} {' | '.join(node['html'][:160] for node in violation['nodes'][:3])}"


def keep_picture(page: Page, name: str) -> None:
    """A picture for the eye, where somebody asked for it."""
    if SHOTS:
        page.wait_for_timeout(250)
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def faults_of(page: Page, screens: dict[str, str], night: Night) -> list[str]:
    faults = []
    for name, path in screens.items():
        page.goto(f"{origin(page)}{path.format(night=night)}")
        page.evaluate(AXE)
        faults += faults_on(page, name)
    return faults


def origin(page: Page) -> str:
    return str(page.evaluate("location.origin"))


def test_every_screen_is_accessible_and_never_scrolls_sideways(look: Look, night: Night, msp_operator: Person) -> None:
    assert faults_of(look(msp_operator, "/healthz"), SCREENS, night) == []


def test_the_screens_of_a_cpo_are_accessible_and_never_scroll_sideways(
    look: Look, night: Night, cpo_operator: Person
) -> None:
    with scopes_disabled():
        RefusedStation.objects.create(
            identity="BER-NEW'; 007", remote="192.0.2.7", reason="unknown identity", first_at=NOW, last_at=NOW
        )
    assert faults_of(look(cpo_operator, "/healthz"), CPO_SCREENS, night) == []


def test_every_dialog_is_accessible(look: Look, night: Night, cpo_operator: Person) -> None:
    page = look(cpo_operator, f"/d/nordlade/cases/{night.cpo_case.reference}")
    page.evaluate(AXE)
    page.evaluate("document.querySelectorAll('dialog details').forEach(each => { each.open = true; })")
    faults = []
    for box in DIALOGS:
        page.evaluate("box => document.getElementById(box).showModal()", box)
        faults += faults_on(page, box)
        page.evaluate("box => document.getElementById(box).close()", box)
    assert faults == []


@pytest.mark.parametrize("address", ["/account/login/", "/nothing-here"])
def test_the_doors_are_accessible(context: BrowserContext, live_server: Any, address: str) -> None:
    page = context.new_page()
    page.goto(f"{live_server.url}{address}")
    page.evaluate(AXE)
    assert faults_on(page, address.strip("/").replace("/", "-")) == []
    page.close()
