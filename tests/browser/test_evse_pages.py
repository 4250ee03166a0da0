"""The directory of EVSEs as a person sees it: both widths, light and dark, nothing that axe complains of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from browser.conftest import NARROW
from browser.test_screens import AXE, faults_on
from builders import person_at
from roamdesk.charging.models import Evse
from roamdesk.charging.roaming.said import Origin
from roamdesk.charging.roaming.said_of_evses import EvseSaid, RecordRefused, StatusSaid
from roamdesk.charging.roaming.said_of_evses import Page as HubPage
from roamdesk.charging.roaming.services import import_evses, record_authorisation, record_cdr, record_status
from roamdesk.desks.models import Desk, Person, Role
from roaming_messages import authorisation, cdr

Look = Callable[..., Page]
NOW = datetime.now(UTC)


@pytest.fixture
def administrator(msp_desk: Desk) -> Person:
    return person_at(msp_desk, "anna.admin", Role.ADMINISTRATOR, Role.OPERATOR)


@pytest.fixture
def evse(msp_desk: Desk) -> Evse:
    said = EvseSaid(
        "DE*NDL*E4421*1", raw='{"EvseID": "DE*NDL*E4421*1", "Plugs": ["Type 2 Outlet"]}', operator_id="DE*NDL",
        operator_name="Nordlade", station_id="ST-77", names="Ostkreuz Süd", place="Floor -2 · Parking spot 14",
        address="Warschauer Straße 58, 10243 Berlin", plugs=("type2_socket",), plug_words="Type 2 Outlet",
        power="22 kW AC", hours="24/7", accessibility="Free publicly accessible", hotline="+493055501420", remote=True,
        live_status=True, latitude=52.505, longitude=13.449,
    )  # fmt: skip
    pages = [HubPage(0, [said, RecordRefused("The record has no EvseID.", '{"OperatorID": "DE*NDL"}')], True)]
    for day, page in enumerate([*pages, HubPage(0, [], True)]):
        at = NOW - timedelta(hours=2 - day)
        import_evses(
            msp_desk, lambda number, page=page: page, whole=True, as_of="", clock=lambda at=at: at,  # type: ignore[misc]
            progress=lambda pull: None,
        )  # fmt: skip
    record_status(msp_desk, [StatusSaid(said.evse_id, "Occupied")], at=NOW, operators=None)
    record_authorisation(msp_desk, authorisation())
    record_cdr(msp_desk, cdr())
    record_cdr(msp_desk, cdr(energy_kwh=None, origin=Origin(NOW)))
    with scope(desk=msp_desk):
        found: Evse = Evse.objects.get()
    return found


def opened(look: Look, person: Person, path: str) -> Page:
    """With everything unfolded."""
    page = look(person, f"/d/voltpass/evses{path}")
    for closed in page.locator("main details").all():
        closed.evaluate("one => one.open = true")
    page.evaluate(AXE)
    return page


def test_the_directory_is_accessible_wide_and_narrow_light_and_dark(
    look: Look, evse: Evse, administrator: Person
) -> None:
    assert faults_on(opened(look, administrator, "?evse=warschauer"), "evses") == []


def test_an_evse_is_accessible_wide_and_narrow_light_and_dark(look: Look, evse: Evse, administrator: Person) -> None:
    assert faults_on(opened(look, administrator, f"/{evse.pk}"), "evse") == []


def test_one_key_leads_to_an_evse_from_anywhere(look: Look, evse: Evse, administrator: Person) -> None:
    page = look(administrator, "/d/voltpass/board")
    expect(page.locator("body[data-ready]")).to_be_attached()
    page.keyboard.press("m")
    expect(page.get_by_label("Part of a label, a station, a name or an address")).to_be_focused()
    page.keyboard.type("warschauerst")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Found")).to_be_visible()
    expect(page.locator("body[data-ready]")).to_be_attached()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="DE*NDL*E4421*1")).to_be_visible()
    expect(page.locator("body[data-ready]")).to_be_attached()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="EVSEs", exact=True)).to_be_visible()


def test_the_help_lists_the_key_of_the_directory(look: Look, evse: Evse, administrator: Person) -> None:
    page = look(administrator, "/d/voltpass/board")
    expect(page.locator("body[data-ready]")).to_be_attached()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="All keys")).to_contain_text("EVSEs of all partners")


def test_on_a_phone_the_directory_is_reached_from_the_partners_and_from_a_search(
    look: Look, evse: Evse, administrator: Person
) -> None:
    page = look(administrator, "/d/voltpass/queue")
    page.set_viewport_size(NARROW)
    page.get_by_role("navigation", name="Screens, small").get_by_role("link", name="Partners").click()
    page.get_by_role("main").get_by_role("link", name="EVSEs", exact=True).click()
    expect(page.get_by_role("heading", name="EVSEs", exact=True)).to_be_visible()
    page.get_by_role("link", name="Search", exact=True).click()
    page.get_by_role("main").get_by_label("EVSE label, token").fill("4421")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="In the directory").click()
    expect(page.get_by_role("link", name="DE*NDL*E4421*1")).to_be_visible()
