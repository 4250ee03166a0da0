"""The partner's own form in a browser: typed, closed, opened again, sent in, accepted with the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Page, expect

from browser.test_screens import AXE, faults_on
from builders import person_at
from roamdesk.desks.models import Desk, Person, Role
from roamdesk.partners import links
from roamdesk.partners.models import ContactLine, FormSubmission, Partner

Look = Callable[..., Page]


@pytest.fixture
def manager(msp_desk: Desk) -> Person:
    return person_at(msp_desk, "paula.partner", Role.PARTNER_MANAGER)


def faults(page: Page, name: str) -> list[str]:
    page.evaluate(AXE)
    return faults_on(page, name)


@pytest.fixture
def path(msp_desk: Desk) -> str:
    with scopes_disabled():
        partner = Partner.objects.get(desk=msp_desk, name="Nordlade")
        return f"/p/{links.make_link(partner, by='Piet', at=datetime.now(UTC))[1]}"


def test_a_draft_survives_and_is_accepted_by_keyboard(look: Look, manager: Person, path: str) -> None:
    form = look(manager, path)
    form.get_by_label("Opening hours").first.fill("Mon-Sun 06:00-23:00")
    form.get_by_label("Your name").fill("H. Brandt")
    form.get_by_label("We agree to carry out").check()
    expect(form.get_by_text("Draft saved at")).to_be_visible()
    form.close()

    again = look(manager, path)
    expect(again.get_by_label("Opening hours").first).to_have_value("Mon-Sun 06:00-23:00")
    expect(again.get_by_text("It is needed 24/7, Mon-Sun 06:00-23:00 is given.")).to_be_visible()
    again.get_by_role("button", name="Send it in").press("Enter")
    expect(again.get_by_text("looks at it; until then it can be read, not changed")).to_be_visible()

    with scopes_disabled():
        sent = FormSubmission.objects.get()
    decide = look(manager, f"/d/{sent.desk.slug}/partners/{sent.partner_id}")
    decide.keyboard.press("f")
    expect(decide.get_by_role("heading", name="What accepting changes")).to_be_visible()
    decide.wait_for_load_state()  # from then on keys are heard
    decide.keyboard.press("a")
    expect(decide.get_by_text("stands as it was sent in")).to_be_visible()
    with scopes_disabled():
        assert ContactLine.objects.filter(partner=sent.partner, hours="Mon-Sun 06:00-23:00").exists()


def test_enter_in_a_field_saves_and_takes_no_line_off(look: Look, manager: Person, path: str) -> None:
    form = look(manager, path)
    lines = form.get_by_role("button", name="Take").count()
    form.get_by_label("Opening hours").first.press("Enter")
    expect(form.get_by_text("A draft, saved")).to_be_visible()
    expect(form.get_by_role("button", name="Take")).to_have_count(lines)


def test_anybody_can_read_the_form(look: Look, manager: Person, path: str) -> None:
    assert faults(look(manager, path), "partner-form") == []


def test_anybody_can_read_why_a_link_opens_nothing(look: Look, manager: Person) -> None:
    assert faults(look(manager, "/p/not-a-link"), "partner-link-refused") == []


def test_anybody_can_read_what_came_in_and_take_it_back(look: Look, manager: Person, path: str) -> None:
    form = look(manager, path)
    form.get_by_label("Opening hours").first.fill("Mon-Sun 06:00-23:00")
    form.get_by_label("Your name").fill("H. Brandt")
    form.get_by_role("button", name="Send it in").click()
    expect(form.get_by_text("looks at it")).to_be_visible()
    with scopes_disabled():
        sent = FormSubmission.objects.get()
    address = f"/d/{sent.desk.slug}/partners/{sent.partner_id}/forms/{sent.pk}"
    assert faults(look(manager, address), "partner-form-in") == []
    partner = f"/d/{sent.desk.slug}/partners"
    assert faults(look(manager, partner), "partners-form-in") == []
    page = look(manager, address)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="History of the contact form")).to_be_visible()
    assert faults(page, "partner-history") == []
    page.get_by_role("button", name="Take back: Line changed").first.press("Enter")
    expect(page.get_by_text("Taken back: the line is what it was before")).to_be_visible()
