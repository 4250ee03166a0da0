"""The demo's data can be set up again and again, and are whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django_scopes import scope

from roamdesk.charging.models import Evse, Plug, Station
from roamdesk.charging.selectors import find_evse, users_by_phone
from roamdesk.demo.data import seed
from roamdesk.demo.desks import LOGINS, PASSWORD
from roamdesk.demo.directory import SIMULATED
from roamdesk.demo.publications import second_version
from roamdesk.demo.stations import Behaviour
from roamdesk.desks.models import Desk, Person
from roamdesk.partners.agreed import agreed_with
from roamdesk.partners.contact_form import contact_form
from roamdesk.partners.dialling import number_to_dial
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.selectors import addresses
from roamdesk.partners.todo import Kind, tasks_of
from roamdesk.procedure import shipped
from roamdesk.procedure.check import check_file
from roamdesk.procedure.readiness import readiness


@pytest.fixture
def msp(seeded: datetime) -> Desk:
    return Desk.objects.get(slug="voltpass")


@pytest.fixture
def cpo(msp: Desk) -> Desk:
    return Desk.objects.get(slug="nordlade")


def counts(desk: Desk) -> list[int]:
    with scope(desk=desk):
        return [model.objects.count() for model in (Partner, ContactLine, Evse, Station)]  # type: ignore[attr-defined]


def test_a_second_seeding_changes_nothing(msp: Desk, cpo: Desk, seeded: datetime) -> None:
    before = counts(msp), counts(cpo), Person.objects.count()
    seed(seeded + timedelta(days=1))
    assert (counts(msp), counts(cpo), Person.objects.count()) == before


def test_everybody_listed_can_log_in(msp: Desk) -> None:
    answers = {
        login.username: Client().post("/account/login/", {"login": login.username, "password": PASSWORD}).status_code
        for login in LOGINS
    }
    assert answers == dict.fromkeys(answers, 302)


@pytest.mark.parametrize(("mine", "name", "role"), [("voltpass", "Nordlade", "cpo"), ("nordlade", "VoltPass", "msp")])
def test_each_desk_has_a_full_contact_form_of_the_other(msp: Desk, mine: str, name: str, role: str) -> None:
    with scope(desk=Desk.objects.get(slug=mine)):
        found = readiness(shipped(), role, contact_form(Partner.objects.get(name=name), role))
    assert found.gaps == ()


def test_the_first_number_to_dial_is_the_line_for_partners(msp: Desk, seeded: datetime) -> None:
    with scope(desk=msp):
        dial = number_to_dial(Partner.objects.get(name="Nordlade"), "cpo_cc", seeded, "en")
    assert [line.shown for line in dial.lines][:2] == ["+49 30 5550142", "+49 30 5550177"]
    assert [line.shown for line in dial.lines if not line.from_form] == ["+49 800555020"]


def test_sudvolt_speaks_no_english_at_night_and_elbwatt_was_never_verified(msp: Desk, seeded: datetime) -> None:
    night = seeded.replace(hour=1)
    with scope(desk=msp):
        sudvolt = number_to_dial(Partner.objects.get(name="Sudvolt"), "cpo_cc", night, "en").now
        elbwatt = number_to_dial(Partner.objects.get(name="Elbwatt"), "cpo_cc", night, "en").lines[0]
    assert sudvolt is not None
    assert not sudvolt.speaks
    assert elbwatt.verified_at is None
    assert elbwatt.stale


def test_notices_go_to_msp_support_and_the_focal_point(cpo: Desk) -> None:
    with scope(desk=cpo):
        voltpass = Partner.objects.get(name="VoltPass")
        assert addresses(voltpass, "msp_support") == ["support@voltpass.example"]
        assert addresses(voltpass, "msp_fp") == ["focal.points@voltpass.example"]


def test_five_digits_heard_on_the_phone_find_the_left_socket(msp: Desk) -> None:
    with scope(desk=msp):
        found = find_evse(msp, "04721").chosen
        assert found is not None
        assert (found.label, found.place_hint, str(found.partner)) == ("DE*NDL*E0472*1", "left socket", "Nordlade")


def test_a_label_without_its_last_digit_leaves_left_and_right_open(msp: Desk) -> None:
    with scope(desk=msp):
        found = find_evse(msp, "ndl0472")
    assert found.chosen is None
    assert {"DE*NDL*E0472*1", "DE*NDL*E0472*2"} <= {hit.evse.label for hit in found.hits}


def test_there_is_a_simulated_station_for_each_way_an_unlock_ends(cpo: Desk) -> None:
    behaviours = {post.behaviour for post in SIMULATED}
    assert behaviours == {
        Behaviour.UNLOCKS, Behaviour.FAILS, Behaviour.NO_LOCK, Behaviour.SILENT, Behaviour.LATE
    }  # fmt: skip
    with scope(desk=cpo):
        known = set(Station.objects.values_list("identity", flat=True))
        plugs = set(Evse.objects.values_list("plug", flat=True))
    assert {post.identity for post in SIMULATED} < known
    assert plugs == set(Plug.values) - {Plug.UNKNOWN}


def test_a_users_number_finds_the_account(msp: Desk) -> None:
    with scope(desk=msp):
        [user] = users_by_phone(msp, "+49 151 5550 1204")
        assert [token.value for token in user.tokens.all()] == ["04A25B1C9D4F80"]


def test_the_second_version_of_the_procedure_is_sound(tmp_path: Path) -> None:
    file = tmp_path / "second.yaml"
    file.write_text(second_version())
    assert check_file(file, lambda _line: None).faults == ()


def test_one_partner_works_by_the_second_version_one_is_silent_and_nordlade_was_sent_nothing(
    msp: Desk, seeded: datetime
) -> None:
    with scope(desk=msp):
        found = {one.partner.name: one for one in agreed_with(msp, [*Partner.objects.all()], seeded)}
        silent = [task.partner.name for task in tasks_of(msp, seeded) if task.kind is Kind.ACKNOWLEDGE]
    assert {name for name, one in found.items() if one.version.version == "2"} == {"Kilowerk"}
    assert silent == ["Alpenstrom", "Elbwatt"]
    assert (found["Nordlade"].version.version, found["Nordlade"].sent) == ("1", ())
