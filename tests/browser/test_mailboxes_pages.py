"""Mailboxes, their form, and what waits: accessible and readable on every screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Page

from browser.test_screens import AXE, faults_on
from builders import person_at
from correspondence.mailbox_building import build_mailbox
from roamdesk.correspondence.models import Mailbox
from roamdesk.desks.models import Desk, Person, Role

Look = Callable[..., Page]
WORDS = "The server refused to sign us in: [AUTHENTICATIONFAILED] Invalid credentials. Check user and password."


@pytest.fixture
def administrator(cpo_desk: Desk) -> Person:
    """Of a desk with a mailbox that is well, one that is not fetched, and one where mails were passed over."""
    now = datetime.now(UTC)
    _, failing, gap = (build_mailbox(cpo_desk, 993, name=name, folder=name) for name in ("support", "old", "gap"))
    failed = {"failures": 4, "failing_since": now - timedelta(hours=2), "last_error": WORDS}
    with scopes_disabled():
        Mailbox.objects.update(last_fetch_at=now, changed_at=now, in_folder=312)
        Mailbox.objects.filter(pk=failing.pk).update(**failed)
        Mailbox.objects.filter(pk=gap.pk).update(gap_at=now, gaps=2)
    return person_at(cpo_desk, "anna.admin", Role.ADMINISTRATOR)


def test_the_mailboxes_are_accessible_wide_and_narrow_light_and_dark(look: Look, administrator: Person) -> None:
    page = look(administrator, "/d/nordlade/mailboxes")
    page.evaluate(AXE)
    assert faults_on(page, "mailboxes") == []


def test_the_form_of_a_mailbox_is_accessible_wide_and_narrow_light_and_dark(look: Look, administrator: Person) -> None:
    page = look(administrator, "/d/nordlade/mailboxes/new")
    page.get_by_text("OAuth 2.0: Gmail").click()
    page.evaluate(AXE)
    assert faults_on(page, "mailbox-new") == []
