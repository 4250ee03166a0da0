"""The partner pages in a browser: a line is added and corrected by keyboard alone, and what others do is seen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from browser.test_partner_form import faults
from builders import person_at
from roamdesk.desks.models import Desk, Person, Role
from roamdesk.partners import links, meetings, verifying
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.services import save_line

Look = Callable[..., Page]


@pytest.fixture
def manager(msp_desk: Desk) -> Person:
    return person_at(msp_desk, "paula.partner", Role.PARTNER_MANAGER)


@pytest.fixture
def partner(msp_desk: Desk) -> Partner:
    with scope(desk=msp_desk):
        return Partner.objects.get(name="Nordlade")


def path_of(partner: Partner) -> str:
    return f"/d/{partner.desk.slug}/partners/{partner.pk}"


def press(page: Page, *keys: str) -> None:
    expect(page.locator("body[data-ready]")).to_be_attached()
    for key in keys:
        page.keyboard.press(key)


def test_a_line_is_added_and_a_slip_mended_by_keyboard_alone(look: Look, manager: Person, partner: Partner) -> None:
    page = look(manager, f"/d/{partner.desk.slug}/partners")
    press(page, "j", "Enter")
    expect(page.get_by_role("heading", name="Nordlade", exact=True)).to_be_visible()
    press(page, "a")
    expect(page.get_by_role("heading", name="Add a line of Nordlade")).to_be_visible()
    press(page, "Tab")
    page.get_by_label("Used for").focus()
    press(page, "Tab", *"+49 30 5550 888", "Tab", "Tab", "Tab", "Tab", *"Mo", "Control+Enter")
    expect(page.locator("#f-hours")).to_be_visible()
    page.get_by_label("Opening hours").focus()
    press(page, "Control+a", *"Mon-Fri 08:00-18:00", "Control+Enter")
    expect(page.get_by_text("Added. The history of the contact form shows it.")).to_be_visible()
    with scope(desk=partner.desk):
        assert ContactLine.objects.get(value="+49305550888").hours == "Mon-Fri 08:00-18:00"


def test_a_file_is_looked_at_and_applied_by_keyboard(look: Look, manager: Person, partner: Partner) -> None:
    page = look(manager, f"/d/{partner.desk.slug}/partners")
    rows = "Nordlade,cpo,first_level,+49 30 5550 901\nNordlade,cpo,first_level,12\n"
    content = f"partner,role,purpose,value\n{rows}".encode()
    page.get_by_label("CSV or JSON").set_input_files({"name": "forms.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Look at what it changes").press("Enter")
    expect(page.get_by_text("1 added, 0 changed, 0 as they were, 1 refused")).to_be_visible()
    expect(page.get_by_text("'12' is no phone number.")).to_be_visible()
    assert faults(page, "file") == []
    press(page, "a")
    expect(page.get_by_text("forms.csv: 1 added")).to_be_visible()
    with scope(desk=partner.desk):
        assert ContactLine.objects.filter(value="+49305550901").exists()


def test_what_somebody_else_changes_is_seen_at_once(look: Look, manager: Person, partner: Partner) -> None:
    page = look(manager, "/healthz")
    told = {"body": ""}
    page.route(
        re.compile("/live/"),
        lambda route: route.fulfill(
            status=200, headers={"Content-Type": "text/event-stream"}, body=f"retry: 100\n\n{told['body']}"
        ),
    )
    page.goto(f"{page.url.removesuffix('/healthz')}{path_of(partner)}")
    expect(page.locator("body[data-ready]")).to_be_attached()
    page.get_by_label("Ask for the form at").fill("typed@example.com")
    with scope(desk=partner.desk):
        save_line(
            partner, role="cpo", purpose="first_level", channel="phone", value="+49 30 5550 999", languages=["en"],
            at=datetime.now(UTC), by="Piet",
        )  # fmt: skip
    told["body"] = f"event: partner\ndata: {json.dumps({'partner_id': partner.pk})}\n\n"
    expect(page.locator("#numbers-CPO")).to_contain_text("+49 30 5550999")
    expect(page.get_by_label("Ask for the form at")).to_have_value("typed@example.com")


def test_the_partner_pages_are_accessible(look: Look, manager: Person, partner: Partner) -> None:
    with scope(desk=partner.desk):
        line = ContactLine.objects.filter(partner=partner).first()
        assert line is not None
    found = []
    for name, rest in (("partner-page", ""), ("partner-line", f"/lines/{line.pk}"), ("partner-edit", "/edit")):
        found += faults(look(manager, path_of(partner) + rest), name)
    found += faults(look(manager, f"/d/{partner.desk.slug}/partners"), "partner-list")
    assert found == []


def test_the_meeting_and_its_answer_are_accessible(look: Look, manager: Person, partner: Partner) -> None:
    now = datetime.now(UTC)
    with scope(desk=partner.desk):
        meeting = meetings.demand(partner, by="Piet", at=now)
        found = faults(look(manager, f"{path_of(partner)}/meetings/{meeting.pk}"), "meeting-due")
        begin, end = now + timedelta(days=2), now + timedelta(days=2, hours=1)
        meetings.schedule(
            meeting, begins_at=begin, ends_at=end, place="Room 2", invited=["r.reference@nordlade.example"], seen=0,
            by="Piet", at=now,
        )  # fmt: skip
        link = links.make_link(
            partner, purpose="meeting", about=meeting.pk, sent_to="r.reference@nordlade.example", by="Piet", at=now
        )[1]
        check = verifying.send_test_mail(ContactLine.objects.filter(channel="mail")[0], by="Piet", at=now)
        mail = links.make_link(partner, purpose="test_mail", about=check.pk, by="Piet", at=now)[1]
    found += faults(look(manager, f"{path_of(partner)}/meetings/{meeting.pk}"), "meeting-scheduled")
    found += faults(look(manager, f"/p/{link}"), "meeting-guest")
    found += faults(look(manager, f"/p/{mail}"), "test-mail-guest")
    found += faults(look(manager, f"/d/{partner.desk.slug}/partners/tasks"), "partner-tasks")
    assert found == []
