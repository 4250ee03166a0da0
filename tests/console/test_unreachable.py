from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django_scopes import scope

from builders import add_line
from console.pages import page_of, text_of
from roamdesk.desks.models import Desk, Person
from roamdesk.partners.models import ContactLine, Partner

NOW = datetime.now(UTC)


@pytest.fixture
def path(msp_desk: Desk) -> str:
    with scope(desk=msp_desk):
        shut = Partner.objects.create(desk=msp_desk, name="Zu", plays_cpo=True)
        add_line(shut, "cpo", ContactLine.Purpose.FIRST_LEVEL, "+493055507777", hours="closed", verified_at=NOW)
        weekdays = Partner.objects.create(desk=msp_desk, name="Wochentags", plays_cpo=True)
        first = ContactLine.Purpose.FIRST_LEVEL
        add_line(weekdays, "cpo", first, "+493055507778", hours="24/7", languages=["de"], verified_at=NOW)
        Partner.objects.create(desk=msp_desk, name="Leer", plays_cpo=True)
    return f"/d/{msp_desk.slug}/partners/unreachable"


def test_each_partner_that_nobody_reaches_is_listed_with_the_reason(
    client: Client, msp_operator: Person, path: str
) -> None:
    text = text_of(page_of(client, msp_operator, path))
    assert "Zu CPO Closed not within a week" in text
    assert "Wochentags CPO No English" in text
    assert "Leer CPO No number" in text
    assert "Nordlade CPO" not in text


def test_a_reason_can_be_chosen(client: Client, msp_operator: Person, path: str) -> None:
    text = text_of(page_of(client, msp_operator, f"{path}?show=closed"))
    assert ("Zu CPO" in text, "Leer CPO" in text) == (True, False)


def test_whoever_is_there_now_but_not_all_week_is_listed_apart(
    client: Client, msp_operator: Person, msp_desk: Desk, path: str
) -> None:
    with scope(desk=msp_desk):
        day = f"{NOW:%a} 00:00-24:00"
        ContactLine.objects.filter(partner__name="Zu").update(hours=day, zone="UTC", languages=["en"])
    text = text_of(page_of(client, msp_operator, f"{path}?show=ahead"))
    assert ("Zu CPO There now" in text, "Leer CPO" in text) == (True, False)


def test_when_everybody_answers_the_page_says_so(client: Client, msp_operator: Person, msp_desk: Desk) -> None:
    text = text_of(page_of(client, msp_operator, f"/d/{msp_desk.slug}/partners/unreachable"))
    assert "Every call centre answers now." in text
