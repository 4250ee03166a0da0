"""Publishing a procedure and acknowledging it, in a browser, by keyboard alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope, scopes_disabled
from playwright.sync_api import Page, expect

from browser.test_partner_form import faults
from browser.test_partner_pages import press
from builders import person_at
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Desk, Person, Role
from roamdesk.partners import announcing, publishing
from roamdesk.partners.models import Acknowledgement, ProcedureVersion, Publication
from roamdesk.partners.procedures import add_version, take_up
from roamdesk.procedure.loader import SHIPPED

NOW = datetime.now(UTC)
LIST = "/d/voltpass/partners/procedures"
Look = Callable[..., Page]


@pytest.fixture
def manager(msp_desk: Desk) -> Person:
    return person_at(msp_desk, "paula.partner", Role.PARTNER_MANAGER)


@pytest.fixture
def second(msp_desk: Desk) -> ProcedureVersion:
    text = (SHIPPED / "hubject.yaml").read_text("utf-8").replace('version: "1"', 'version: "2"')
    version = add_version(text.replace("outcome: 15 min", "outcome: 10 min"), NOW)
    take_up(msp_desk, version)
    return version


def link_of_the_newest_mail() -> str:
    with scopes_disabled():
        found = re.search(r"/p/\S+", Message.objects.order_by("-pk")[0].text)
    assert found is not None
    return found[0]


def tell(desk: Desk, version: ProcedureVersion, *, at: datetime, **options: Any) -> None:
    """Published, and the job has queued the mails."""
    made = publishing.publish(desk, version, at=at, **options)
    announcing.write_batch(made.pk, at)


def test_a_version_is_published_and_acknowledged_by_keyboard_alone(
    look: Look, manager: Person, second: ProcedureVersion
) -> None:
    page = look(manager, "/d/voltpass/partners")
    press(page, "p")
    expect(page.get_by_role("heading", name="Who runs on which version")).to_be_visible()
    press(page, "v")
    expect(page.get_by_role("heading", name="Publish it")).to_be_visible()
    press(page, "p")
    expect(page.get_by_label("In force from")).to_be_focused()
    press(page, "Control+Enter")
    expect(page.get_by_text("1 mail to 1 partner; in force from")).to_be_visible()
    press(page, "y")
    expect(page.get_by_text("is published to 1 partner: 1 mail to be queued")).to_be_visible()
    expect(page.get_by_text("0 of 1 written to")).to_be_visible()
    with scopes_disabled():
        announcing.write_batch(Publication.objects.get().pk, NOW)

    guest = look(manager, link_of_the_newest_mail())
    guest.get_by_label("Your name").focus()
    guest.keyboard.type("R. Reference")
    guest.keyboard.press("Enter")
    expect(guest.get_by_text("Acknowledged by R. Reference on")).to_be_visible()

    press(page, "Escape")
    expect(page.get_by_text("Who runs on which version")).to_be_visible()
    press(page, "j", "Enter")
    expect(page.get_by_text("by R. Reference, by its link")).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_text("1 of 1")).to_be_visible()


def test_what_was_said_on_the_phone_is_noted_by_keyboard(
    look: Look, manager: Person, msp_desk: Desk, second: ProcedureVersion
) -> None:
    with scope(desk=msp_desk):
        tell(msp_desk, second, in_force_from=NOW, by="Piet", at=NOW - timedelta(days=3))
        sent = Acknowledgement.objects.get()
    page = look(manager, f"/d/voltpass/partners/{sent.partner_id}/acknowledgements/{sent.pk}")
    press(page, "p")
    page.keyboard.type("Rita Reference")
    press(page, "Control+Enter")
    expect(page.get_by_text("by Rita Reference, noted by Paula Partner").first).to_be_visible()


def test_an_acknowledgement_is_seen_at_once(
    look: Look, manager: Person, msp_desk: Desk, second: ProcedureVersion
) -> None:
    with scope(desk=msp_desk):
        tell(msp_desk, second, in_force_from=NOW, by="Piet", at=NOW - timedelta(days=3))
        sent = Acknowledgement.objects.get()
    page = look(manager, "/healthz")
    told = {"body": ""}
    page.route(
        re.compile("/live/"),
        lambda route: route.fulfill(
            status=200, headers={"Content-Type": "text/event-stream"}, body=f"retry: 100\n\n{told['body']}"
        ),
    )
    page.goto(f"{page.url.removesuffix('/healthz')}{LIST}")
    expect(page.get_by_text("for 3 d")).to_be_visible()
    with scope(desk=msp_desk):
        publishing.acknowledge(sent, name="R. Reference", at=datetime.now(UTC))
    told["body"] = f"event: partner\ndata: {json.dumps({'partner_id': sent.partner_id})}\n\n"
    expect(page.locator("#running")).to_contain_text("by R. Reference")
    expect(page.locator("#versions")).to_contain_text("1 of 1")


def test_the_pages_of_procedures_are_accessible(
    look: Look, manager: Person, msp_desk: Desk, second: ProcedureVersion
) -> None:
    version = f"{LIST}/{second.pk}"
    found = faults(look(manager, version), "procedure-version")
    page = look(manager, version)
    page.get_by_role("button", name="Look at the mails").click()
    expect(page.get_by_text("nothing was sent yet")).to_be_visible()
    found += faults(page, "procedure-preview")
    with scope(desk=msp_desk):
        tell(msp_desk, second, in_force_from=NOW, by="Piet", at=NOW - timedelta(days=3))
        sent = Acknowledgement.objects.get()
    found += faults(look(manager, LIST), "procedures")
    found += faults(
        look(manager, f"/d/voltpass/partners/{sent.partner_id}/acknowledgements/{sent.pk}"), "acknowledgement"
    )
    guest = look(manager, link_of_the_newest_mail())
    guest.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    found += faults(guest, "procedure-guest")
    assert found == []
