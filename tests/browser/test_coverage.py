"""The picture of a partner's week in a browser: what is drawn, and that the words below say the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from browser.test_partner_form import faults
from builders import CPO_CALL_CENTRE, person_at
from roamdesk.desks.models import Desk, Person, Role
from roamdesk.partners.models import ContactLine, Partner

Look = Callable[..., Page]


@pytest.fixture
def manager(msp_desk: Desk) -> Person:
    return person_at(msp_desk, "paula.partner", Role.PARTNER_MANAGER)


@pytest.fixture
def path(msp_desk: Desk) -> str:
    """Nordlade's first level sleeps from 22:00 to 06:00, and everything is verified."""
    with scope(desk=msp_desk):
        ContactLine.objects.update(verified_at=datetime.now(UTC))
        ContactLine.objects.filter(value=CPO_CALL_CENTRE).update(hours="Mon-Sun 06:00-22:00")
        partner = Partner.objects.get(name="Nordlade")
        Partner.objects.filter(pk=partner.pk).update(zone="Europe/Lisbon", country="", region="")
    return f"/d/{msp_desk.slug}/partners/{partner.pk}"


def drawn(page: Page, kind: str) -> list[float]:
    """The widths of the spans of that kind in the second row of the picture (by phone, English), in hours."""
    widths = page.eval_on_selector_all(
        f"#coverage rect.{kind}[y='66']", "all => all.map(each => Number(each.getAttribute('width')))"
    )
    return [round(width / 856 * 168) for width in widths]


def test_the_nights_are_gaps_in_the_picture_and_in_words(look: Look, manager: Person, path: str) -> None:
    page = look(manager, path)
    assert set(drawn(page, "w-open")) <= {15, 16, 17}
    assert len(drawn(page, "w-open")) == 7
    # Sunday's night ends the week, Monday's begins it.
    assert sorted(drawn(page, "w-gap")) == [2, 6, *[8] * 6]
    words = page.locator("#coverage")
    expect(words).to_contain_text("No English by phone: Mon 00:00–06:00, Mon 22:00–Tue 06:00")
    expect(words).to_contain_text("hours in Lisbon")


def test_a_line_round_the_clock_leaves_no_gap(look: Look, manager: Person, msp_desk: Desk, path: str) -> None:
    with scope(desk=msp_desk):
        ContactLine.objects.filter(value=CPO_CALL_CENTRE).update(hours="24/7")
    page = look(manager, path)
    expect(page.locator("#coverage")).to_contain_text("No gap where the procedure asks for somebody round the clock.")
    assert page.locator("#coverage svg[role=img] .w-gap").count() == 0


def test_the_pictures_are_accessible(look: Look, manager: Person, msp_desk: Desk, path: str) -> None:
    found = faults(look(manager, path), "coverage")
    with scope(desk=msp_desk):
        ContactLine.objects.filter(value=CPO_CALL_CENTRE).update(hours="closed")
    found += faults(look(manager, f"/d/{msp_desk.slug}/partners/unreachable"), "unreachable")
    assert found == []
