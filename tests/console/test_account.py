"""A person's own page."""

from __future__ import annotations

from django.test import Client

from console.pages import page_of, text_of
from roamdesk.desks.models import Person


def test_single_keys_can_be_switched_off_by_who_is_disturbed_by_them(client: Client, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    client.post("/me", {"single_keys": "off", "zone": "Europe/Rome"})
    html = page_of(client, msp_operator, "/d/voltpass/queue")
    assert 'data-keys="off"' in html
    assert "Rome" in text_of(html)


def test_a_zone_that_there_is_not_changes_nothing(client: Client, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    answer = client.post("/me", {"single_keys": "off", "zone": "Mars/Base"})
    assert answer.status_code == 422
    assert "There is no zone" in text_of(answer.content.decode())
    msp_operator.refresh_from_db()
    assert (msp_operator.single_keys, msp_operator.zone) == ("on", "Europe/Berlin")
