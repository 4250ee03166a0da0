"""From what stands on the sticker to the number to dial, sub-operators and all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django_scopes import scope

from builders import CPO_CALL_CENTRE
from roamdesk.charging.dialling import dial_for
from roamdesk.charging.models import Evse
from roamdesk.desks.models import Desk
from roamdesk.partners.dialling import number_to_dial
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.services import put_partner, save_line


@pytest.fixture
def desk(msp_desk: Desk) -> Iterator[Desk]:
    with scope(desk=msp_desk):
        yield msp_desk


@pytest.fixture
def harbour(desk: Desk, at: datetime) -> Partner:
    """Runs the stations in the harbour, which bear Nordlade's operator id."""
    partner = put_partner(desk, "Hafenlade", {"plays_cpo": True, "evse_prefixes": ["DE*NDL*E08"]})
    save_line(
        partner, role="cpo", purpose="first_level", channel="phone", value="+49 40 5550 142", languages=["en"], at=at
    )
    return partner


def test_an_evse_of_the_directory_is_dialled_in_three_queries(
    desk: Desk, at: datetime, django_assert_max_num_queries: Any
) -> None:
    partner = Partner.objects.get(name="Nordlade")
    Evse.objects.create(desk=desk, label="DE*NDL*E0999*1", evse_id="DE*NDL*E0999*1", partner=partner)
    with django_assert_max_num_queries(3):
        found = dial_for(desk, "de ndl e0999 1", "cpo_cc", at, "en")
    assert found.evse is not None
    assert found.partner == partner
    assert found.dial.now is not None
    assert found.dial.now.number == CPO_CALL_CENTRE


def test_an_evse_that_nobody_listed_is_dialled_by_its_operator_id(desk: Desk, at: datetime) -> None:
    found = dial_for(desk, "DE*NDL*E7777*2", "cpo_cc", at, "en")
    assert (found.evse, str(found.partner)) == (None, "Nordlade")


def test_a_sub_operator_answers_for_its_prefix_and_for_no_more(desk: Desk, harbour: Partner, at: datetime) -> None:
    assert dial_for(desk, "DE*NDL*E0815*1", "cpo_cc", at, "en").partner == harbour
    assert str(dial_for(desk, "DE*NDL*E0915*1", "cpo_cc", at, "en").partner) == "Nordlade"


def test_a_sub_operator_wins_over_what_the_directory_says(desk: Desk, harbour: Partner, at: datetime) -> None:
    nordlade = Partner.objects.get(name="Nordlade")
    Evse.objects.create(desk=desk, label="DE*NDL*E0815*1", evse_id="DE*NDL*E0815*1", partner=nordlade)
    assert dial_for(desk, "DE*NDL*E0815*1", "cpo_cc", at, "en").partner == harbour


def test_a_partner_that_the_directory_names_wins_over_the_operator_id(desk: Desk, at: datetime) -> None:
    other = put_partner(desk, "Elbwatt", {"plays_cpo": True})
    Evse.objects.create(desk=desk, label="DE*NDL*E0555*1", evse_id="DE*NDL*E0555*1", partner=other)
    assert dial_for(desk, "DE*NDL*E0555*1", "cpo_cc", at, "en").partner == other


def test_nobody_known_gives_no_number(desk: Desk, at: datetime) -> None:
    found = dial_for(desk, "FR*XYZ*E1*1", "cpo_cc", at, "en")
    assert (found.partner, found.dial.lines) == (None, ())


def test_a_line_that_failed_comes_after_those_that_work(desk: Desk, at: datetime) -> None:
    partner = Partner.objects.get(name="Nordlade")
    first = ContactLine.objects.get(partner=partner, value=CPO_CALL_CENTRE)
    save_line(
        partner, role="cpo", purpose="first_level", channel="phone", value="+49 30 5550 177", languages=["en"],
        priority=2, at=at,
    )  # fmt: skip
    ContactLine.objects.filter(pk=first.pk).update(failures=2, last_failed_at=at, last_failure="Nobody answered")
    dial = dial_for(desk, "DE*NDL*E0999*1", "cpo_cc", at, "en").dial
    doubted = next(line for line in dial.lines if line.trust == "doubted")
    assert (doubted.number, doubted.failure) == (CPO_CALL_CENTRE, "Nobody answered")
    assert dial.now is not None
    assert dial.now.number != CPO_CALL_CENTRE


def test_lines_for_other_countries_come_last(desk: Desk, at: datetime) -> None:
    partner = Partner.objects.get(name="Nordlade")
    save_line(
        partner, role="cpo", purpose="first_level", channel="phone", value="+31 30 555 0142", languages=["en"],
        countries=["nl"], at=at,
    )  # fmt: skip
    assert number_to_dial(partner, "cpo_cc", at, "en", "DE").lines[-1].number == "+31305550142"
    assert number_to_dial(partner, "cpo_cc", at, "en", "NL").lines[-1].number != "+31305550142"
