"""Which company answers for an EVSE, and in which order its lines are dialled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import psycopg
import pytest
from django.test import Client
from django_scopes import scope

from builders import CPO_CALL_CENTRE
from console.pages import page_of
from roamdesk.charging.dialling import country_of, number_at, operating_company
from roamdesk.charging.lookup import evses_named
from roamdesk.charging.models import Evse
from roamdesk.desks.models import Desk, Person
from roamdesk.partners.dialling import number_to_dial
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.services import put_partner, save_line

AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)


@pytest.fixture
def desk(msp_desk: Desk) -> Iterator[Desk]:
    with scope(desk=msp_desk):
        yield msp_desk


@pytest.fixture
def harbour(desk: Desk, at: datetime) -> Partner:
    """Runs the stations in the harbour, which bear Nordlade's operator id."""
    partner = put_partner(desk, "Hafenlade", {"plays_cpo": True, "evse_prefixes": ["DE*NDL*E08"]}, at=AT)
    save_line(
        partner, role="cpo", purpose="first_level", channel="phone", value="+49 40 5550 142", languages=["en"], at=at
    )
    return partner


def known(desk: Desk, label: str, partner: Partner) -> Evse:
    return Evse.objects.create(desk=desk, label=label, evse_id=label, partner=partner)


def nordlade() -> Partner:
    return Partner.objects.get(name="Nordlade")


def test_label_company_and_number_take_one_query_each(desk: Desk, at: datetime) -> None:
    known(desk, "DE*NDL*E0999*1", nordlade())
    with patch.object(psycopg.Cursor, "execute", autospec=True, side_effect=psycopg.Cursor.execute) as asked:
        [evse] = evses_named(desk.pk, "DENDLE09991")
        partner = operating_company(desk, evse)
        assert partner is not None
        dial = number_at(partner, "cpo_cc", at, "en", evse=evse)
    assert asked.call_count == 3
    assert dial.now is not None
    assert dial.now.number == CPO_CALL_CENTRE


def test_an_evse_that_nobody_listed_is_found_by_its_operator_id(desk: Desk) -> None:
    assert operating_company(desk, None, "DE*NDL*E7777*2") == nordlade()


def test_a_sub_operator_answers_for_its_prefix_and_for_no_more(desk: Desk, harbour: Partner) -> None:
    assert operating_company(desk, None, "DE*NDL*E0815*1") == harbour
    assert operating_company(desk, None, "DE*NDL*E0915*1") == nordlade()


def test_a_sub_operator_wins_over_what_the_directory_says(desk: Desk, harbour: Partner) -> None:
    assert operating_company(desk, known(desk, "DE*NDL*E0815*1", nordlade())) == harbour


def test_a_partner_that_the_directory_names_wins_over_the_operator_id(desk: Desk, at: datetime) -> None:
    other = put_partner(desk, "Elbwatt", {"plays_cpo": True}, at=at)
    assert operating_company(desk, known(desk, "DE*NDL*E0555*1", other)) == other


def test_nobody_answers_for_an_operator_id_that_nobody_has(desk: Desk) -> None:
    assert operating_company(desk, None, "FR*XYZ*E1*1") is None


def test_the_guided_call_shows_the_sub_operators_number(
    client: Client, desk: Desk, harbour: Partner, msp_operator: Person
) -> None:
    known(desk, "DE*NDL*E0815*1", nordlade())
    assert "+49 40 5550142" in page_of(client, msp_operator, f"/d/{desk.slug}/new?heard=DE*NDL*E0815*1")


def test_a_line_that_failed_comes_after_those_that_work(desk: Desk, at: datetime) -> None:
    first = ContactLine.objects.get(partner=nordlade(), value=CPO_CALL_CENTRE)
    save_line(
        nordlade(), role="cpo", purpose="first_level", channel="phone", value="+49 30 5550 177", languages=["en"],
        priority=2, at=at,
    )  # fmt: skip
    ContactLine.objects.filter(pk=first.pk).update(failures=2, last_failed_at=at, last_failure="Nobody answered")
    dial = number_to_dial(nordlade(), "cpo_cc", at, "en")
    doubted = next(line for line in dial.lines if line.trust == "doubted")
    assert (doubted.number, doubted.failure) == (CPO_CALL_CENTRE, "Nobody answered")
    assert dial.now is not None
    assert dial.now.number != CPO_CALL_CENTRE


def test_lines_for_other_countries_come_last(desk: Desk, at: datetime) -> None:
    partner = nordlade()
    save_line(
        partner, role="cpo", purpose="first_level", channel="phone", value="+31 30 555 0142", languages=["en"],
        countries=["nl"], at=at,
    )  # fmt: skip
    assert number_to_dial(partner, "cpo_cc", at, "en", "DE").lines[-1].number == "+31305550142"
    assert number_to_dial(partner, "cpo_cc", at, "en", "NL").lines[-1].number != "+31305550142"


def hotline_at(desk: Desk, at: datetime, number: str = "+498005550417") -> Evse:
    evse = known(desk, "DE*NDL*E0417*9", nordlade())
    evse.hotline, evse.hotline_at = number, at - timedelta(days=3)
    evse.save()
    return evse


def test_the_drivers_hotline_stands_behind_who_is_there_and_before_who_is_not(desk: Desk) -> None:
    night = datetime(2026, 3, 10, 2, 15, tzinfo=UTC)  # the first-level line is there, the reference person is not
    lines = number_at(nordlade(), "cpo_cc", night, "en", evse=hotline_at(desk, night)).lines
    assert [line.open_now for line in lines] == [True, False, False]
    assert lines[1].number == "+498005550417"


def test_the_drivers_hotline_is_marked_as_such_with_its_age_and_no_opening_state(desk: Desk, at: datetime) -> None:
    dial = number_at(nordlade(), "cpo_cc", at, "en", evse=hotline_at(desk, at))
    line = next(line for line in dial.lines if line.number == "+498005550417")
    assert (line.from_form, line.understood, line.trust) == (False, False, "never")
    assert line.known_at == at - timedelta(days=3)


def test_a_hotline_that_the_form_names_too_stands_once(desk: Desk, at: datetime) -> None:
    evse = hotline_at(desk, at, CPO_CALL_CENTRE)
    numbers = [line.number for line in number_at(nordlade(), "cpo_cc", at, "en", evse=evse).lines]
    assert numbers.count(CPO_CALL_CENTRE) == 1


def test_the_hotline_is_no_number_of_an_msp(desk: Desk, at: datetime) -> None:
    numbers = [line.number for line in number_at(nordlade(), "msp_cc", at, "en", evse=hotline_at(desk, at)).lines]
    assert "+498005550417" not in numbers


def test_the_guided_call_falls_back_to_the_drivers_hotline(
    client: Client, desk: Desk, at: datetime, msp_operator: Person
) -> None:
    evse = hotline_at(desk, at)
    ContactLine.objects.filter(partner=nordlade()).update(hours="closed")
    page = page_of(client, msp_operator, f"/d/{desk.slug}/new?heard={evse.label}")
    assert page.index("+49 800 5550417") < page.index("+49 30 5550142")
    assert "Driver hotline, from roaming data" in page
    assert "Hours not known" in page


@pytest.mark.parametrize(
    ("country", "evse_id", "expected"),
    [
        ("NL", "DE*NDL*E1*1", "NL"),
        ("", "DE*NDL*E1*1", "DE"),
        ("", "+49*999*000*1", "DE"),
        ("", "+999*999*000*1", ""),
        ("", "Bay 3", ""),
    ],
)
def test_the_user_stands_where_the_directory_says_else_where_the_evse_id_begins(
    country: str, evse_id: str, expected: str
) -> None:
    assert country_of(Evse(country=country, evse_id=evse_id)) == expected
    assert country_of(None, evse_id) == ("DE" if expected == "NL" else expected)


def test_the_guided_call_dials_the_line_for_the_country_where_the_user_stands(
    client: Client, desk: Desk, at: datetime, msp_operator: Person
) -> None:
    save_line(
        nordlade(), role="cpo", purpose="first_level", channel="phone", value="+31 30 555 0142", languages=["en"],
        countries=["nl"], at=at,
    )  # fmt: skip
    ContactLine.objects.filter(partner=nordlade(), value=CPO_CALL_CENTRE).update(countries=["DE"])
    evse = known(desk, "DE*NDL*E0417*9", nordlade())
    assert number_at(nordlade(), "cpo_cc", at, "en", evse=evse).lines[0].number == CPO_CALL_CENTRE
    Evse.objects.filter(pk=evse.pk).update(country="NL")
    page = page_of(client, msp_operator, f"/d/{desk.slug}/new?heard={evse.label}")
    assert page.index("+31 30 555 0142") < page.index("for other countries")
