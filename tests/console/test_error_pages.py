"""Pages for when something is wrong look like the rest, and lean on nothing that may be broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client, override_settings

from console.pages import page_of, text_of
from roamdesk.desks.models import Person

SHELTER = Path(settings.BASE) / "server" / "templates"


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_a_page_of_last_resort_needs_no_template_tag(name: str) -> None:
    source = (SHELTER / name).read_text()
    assert "{%" not in source
    assert "{{" not in source


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_a_page_of_last_resort_names_style_sheets_that_exist(name: str) -> None:
    html = render_to_string(name)
    sheets = [part.split('"')[0] for part in html.split('href="/static/')[1:]]
    assert len(sheets) == 5
    assert all(finders.find(sheet) for sheet in sheets)
    assert "style=" not in html


def test_a_form_that_is_too_old_is_answered_with_what_to_do(msp_operator: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(msp_operator)
    answer = client.post("/me", {"zone": "UTC"})
    assert answer.status_code == 403
    assert "load the page again" in text_of(answer.content.decode())
    assert b"gate-panel" in answer.content


def test_the_mails_of_a_demo_are_linked_where_the_server_has_them(client: Client, msp_operator: Person) -> None:
    assert "Demo mail" not in page_of(client, msp_operator, "/d/voltpass/help")
    with override_settings(ROOT_URLCONF="console.demo_addresses"):
        html = page_of(client, msp_operator, "/d/voltpass/help")
    assert html.count('href="/demo/mail"') == 2
