"""The directory in the console: search by label and address, loads, what was refused, and an EVSE with its evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django_scopes import scope

from builders import person_at
from console.pages import page_of, text_of
from roamdesk.charging.models import Evse, Pull
from roamdesk.charging.roaming.said import Origin
from roamdesk.charging.roaming.said_of_evses import EvseSaid, Page, RecordRefused, StatusSaid
from roamdesk.charging.roaming.services import (
    import_evses,
    record_authorisation,
    record_cdr,
    record_notification,
    record_status,
)
from roamdesk.desks.models import Desk, Person, Role
from roaming_messages import authorisation, cdr, notification

LIST = "/d/voltpass/evses"
NOW = datetime.now(UTC)
RECORD = EvseSaid(
    "DE*NDL*E4421*1", raw='{"EvseID": "DE*NDL*E4421*1", "<b>": 1}', operator_id="DE*NDL", operator_name="Nordlade",
    sub_operator="Kleinstrom", station_id="ST-77", names="Ostkreuz", address="Warschauer Straße 58, 10243 Berlin",
    plugs=("type2_socket",), plug_words="Type 2 Outlet", hours="24/7", hotline="+493055501420", remote=True,
)  # fmt: skip


def load(desk: Desk, *records: EvseSaid, at: datetime = NOW, refused: tuple[RecordRefused, ...] = ()) -> Pull:
    page = Page(0, [*records, *refused], last=True)
    return import_evses(desk, lambda number: page, whole=True, as_of="", clock=lambda: at, progress=lambda pull: None)


@pytest.fixture
def evse(msp_desk: Desk) -> Evse:
    load(msp_desk, RECORD, refused=(RecordRefused("The record has no EvseID.", '{"broken": true}'),))
    with scope(desk=msp_desk):
        found: Evse = Evse.objects.get()
    return found


@pytest.fixture
def administrator(msp_desk: Desk) -> Person:
    return person_at(msp_desk, "anna.admin", Role.ADMINISTRATOR)


@pytest.mark.parametrize("typed", ["4421", "st-77", "ostkreuz", "warschauerstr 58"])
def test_an_evse_is_found_by_label_station_name_and_address(
    client: Client, evse: Evse, msp_operator: Person, typed: str
) -> None:
    html = page_of(client, msp_operator, f"{LIST}?evse={typed}")
    assert f'href="{LIST}/{evse.pk}"' in html


def test_what_nobody_knows_is_said_with_what_to_try(client: Client, evse: Evse, msp_operator: Person) -> None:
    assert "Try the last characters of the label" in text_of(page_of(client, msp_operator, f"{LIST}?evse=9999"))


def test_loads_and_refused_records_are_shown_with_reason_and_text(
    client: Client, evse: Evse, msp_operator: Person
) -> None:
    text = text_of(page_of(client, msp_operator, LIST))
    assert "Whole directory: 2 records, 1 added, 1 refused" in text
    assert "The record has no EvseID." in text
    assert "broken" in text


def test_the_page_of_an_evse_shows_the_record_with_its_age_and_text(
    client: Client, msp_desk: Desk, evse: Evse, msp_operator: Person
) -> None:
    record_status(msp_desk, [StatusSaid("DE*NDL*E4421*1", "Occupied")], at=NOW, operators=None)
    html = page_of(client, msp_operator, f"{LIST}/{evse.pk}")
    text = text_of(html)
    for told in ("Kleinstrom", "Type 2 Outlet", "24/7", "can be started and stopped", "+49 30 55501420", "Occupied"):
        assert told in text, told
    assert "&lt;b&gt;" in html


def test_the_evidence_of_a_session_is_shown_without_the_token(
    client: Client, msp_desk: Desk, evse: Evse, msp_operator: Person
) -> None:
    for said, verb in ((authorisation(), record_authorisation), (notification(), record_notification)):
        verb(msp_desk, said)  # type: ignore[operator]
    record_cdr(msp_desk, cdr())
    record_cdr(msp_desk, cdr(energy_kwh=Decimal(18), origin=Origin(NOW)))
    html = page_of(client, msp_operator, f"{LIST}/{evse.pk}")
    text = text_of(html)
    for told in (
        "Start authorised",
        "Charging started",
        "2026-02-03T10:00:10+01:00",
        "17.250 kWh",
        "Two different CDRs",
    ):
        assert told in text, told
    assert "04A3B2C1D04F80" not in html


def test_a_load_that_would_empty_the_directory_waits_for_an_administrator(
    client: Client, msp_desk: Desk, evse: Evse, administrator: Person, msp_operator: Person
) -> None:
    pull = load(msp_desk, at=NOW + timedelta(hours=1))
    assert "An administrator decides." in text_of(page_of(client, msp_operator, LIST))
    assert client.post(f"{LIST}/loads/{pull.pk}", {"do": "take"}).status_code == 403
    client.force_login(administrator)
    told = client.post(f"{LIST}/loads/{pull.pk}", {"do": "drop"}, follow=True)
    assert "Dropped. The directory is as it was." in told.content.decode()
    again = client.post(f"{LIST}/loads/{pull.pk}", {"do": "take"}, follow=True)
    assert "waits for no decision any more" in again.content.decode()


def test_an_administrator_may_take_it_all_the_same(
    client: Client, msp_desk: Desk, evse: Evse, administrator: Person
) -> None:
    pull = load(msp_desk, at=NOW + timedelta(hours=1))
    client.force_login(administrator)
    client.post(f"{LIST}/loads/{pull.pk}", {"do": "take"})
    assert "Not in roaming data any more" in text_of(page_of(client, administrator, f"{LIST}/{evse.pk}"))


def test_a_stranger_and_the_other_desk_see_nothing(
    client: Client, evse: Evse, stranger: Person, cpo_operator: Person
) -> None:
    client.force_login(stranger)
    assert [client.get(path).status_code for path in (LIST, f"{LIST}/{evse.pk}")] == [404, 404]
    client.force_login(cpo_operator)
    assert client.get(f"/d/nordlade/evses/{evse.pk}").status_code == 404
