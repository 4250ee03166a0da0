from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from builders import CPO_CALL_CENTRE, person_at
from console.pages import page_of, text_of
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Desk, Person, Role
from roamdesk.partners import verifying
from roamdesk.partners.models import ContactLine, FormChange, Partner

NOW = datetime.now(UTC)


@pytest.fixture
def partner(partner: Partner) -> Partner:
    """Its lines were verified three days ago."""
    ContactLine.objects.update(verified_at=NOW - timedelta(days=3))
    return partner


@pytest.fixture
def line(partner: Partner) -> ContactLine:
    return ContactLine.objects.get(partner=partner, value=CPO_CALL_CENTRE)


def path_of(partner: Partner, rest: str = "") -> str:
    return f"/d/{partner.desk.slug}/partners/{partner.pk}{rest}"


def typed(line: ContactLine, **changes: str) -> dict[str, str]:
    """The form of a line as a browser posts it."""
    newest = FormChange.objects.filter(line_id=line.pk).first()
    return {
        "what": f"{line.role}:{line.purpose}",
        "value": line.value,
        "person_name": line.person_name,
        "languages": ", ".join(line.languages),
        "hours": line.hours,
        "zone": line.zone,
        "countries": "",
        "priority": str(line.priority),
        "seen": str(newest.pk if newest else 0),
        "do": "save",
    } | changes


def test_a_corrected_line_stands_and_the_history_names_who_did_it(
    client: Client, manager: Person, partner: Partner, line: ContactLine
) -> None:
    client.force_login(manager)
    answer = client.post(path_of(partner, f"/lines/{line.pk}"), typed(line, hours="Mon-Sun 06:00-22:00"))
    assert answer.status_code == 302
    page = text_of(page_of(client, manager, path_of(partner)))
    assert "hours: 24/7 → Mon-Sun 06:00-22:00" in page
    assert str(manager) in page


def test_a_corrected_number_is_not_verified_until_somebody_says_so(
    client: Client, manager: Person, partner: Partner, line: ContactLine
) -> None:
    client.force_login(manager)
    client.post(path_of(partner, f"/lines/{line.pk}"), typed(line, value="+49 30 5550 777"))
    line.refresh_from_db()
    assert (line.value, line.verified_at) == ("+49305550777", None)
    client.post(path_of(partner, f"/lines/{line.pk}"), typed(line, verified="yes"))
    line.refresh_from_db()
    assert line.verified_at is not None


def test_a_change_of_the_hours_leaves_the_number_as_verified_as_it_was(
    client: Client, manager: Person, partner: Partner, line: ContactLine
) -> None:
    client.force_login(manager)
    client.post(path_of(partner, f"/lines/{line.pk}"), typed(line, hours="Mon-Fri 06:00-22:00"))
    line.refresh_from_db()
    assert line.verified_at == NOW - timedelta(days=3)


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("value", "12", "number"),
        ("hours", "Mon 08:00-12:00,11:00-13:00", "overlap"),
        ("zone", "Mars/Base", "There is no zone"),
        ("languages", "english", "is no language"),
        ("priority", "often", "from 1 to 99"),
        ("what", "cpo:call_centre", "belongs to"),
        ("value", "a@example.com\nBcc: b@example.com", "address"),
    ],
)
def test_a_fault_stands_beside_its_field_and_changes_nothing(
    client: Client, manager: Person, partner: Partner, line: ContactLine, field: str, text: str, words: str
) -> None:
    client.force_login(manager)
    answer = client.post(path_of(partner, f"/lines/{line.pk}"), typed(line, **{field: text}))
    page = answer.content.decode()
    assert (answer.status_code, words in text_of(page), f'id="f-{field}"' in page) == (422, True, True)
    assert not FormChange.objects.filter(line_id=line.pk, by=str(manager)).exists()


def test_who_saw_an_older_line_does_not_overwrite_a_newer_one(
    client: Client, manager: Person, partner: Partner, line: ContactLine
) -> None:
    client.force_login(manager)
    seen = typed(line, hours="Mon-Fri 06:00-22:00")
    client.post(path_of(partner, f"/lines/{line.pk}"), typed(line, hours="Mon-Sun 06:00-22:00"))
    answer = client.post(path_of(partner, f"/lines/{line.pk}"), seen)
    assert "changed this line meanwhile" in text_of(answer.content.decode())
    line.refresh_from_db()
    assert line.hours == "Mon-Sun 06:00-22:00"


def test_a_line_is_added_confirmed_and_taken_off(client: Client, manager: Person, partner: Partner) -> None:
    client.force_login(manager)
    values = {
        "what": "cpo:first_level",
        "value": "+49 30 5550 888",
        "languages": "en",
        "hours": "24/7",
        "priority": "2",
    }
    client.post(path_of(partner, "/lines/new"), values)
    added = ContactLine.objects.get(partner=partner, value="+49305550888")
    assert added.verified_at is None
    client.post(path_of(partner, f"/lines/{added.pk}"), {"do": "confirm"})
    added.refresh_from_db()
    assert added.verified_at is not None
    client.post(path_of(partner, f"/lines/{added.pk}"), {"do": "remove"})
    assert not ContactLine.objects.filter(pk=added.pk).exists()
    assert "Line removed: First-level line for partners, +49 30 5550888" in text_of(
        page_of(client, manager, path_of(partner))
    )


def test_only_a_partner_manager_of_this_desk_changes_a_line(
    client: Client, msp_operator: Person, partner: Partner, line: ContactLine, stranger: Person
) -> None:
    for person, status in ((msp_operator, 403), (stranger, 404)):
        client.force_login(person)
        assert client.post(path_of(partner, f"/lines/{line.pk}"), {"do": "remove"}).status_code == status
    assert ContactLine.objects.filter(pk=line.pk).exists()


def test_a_partner_is_added_once_and_changed_with_history(client: Client, manager: Person, partner: Partner) -> None:
    client.force_login(manager)
    values = {
        "name": "Kilowerk", "plays_cpo": "yes", "operator_ids": "NL*KWK", "country": "NL", "zone": "Europe/Amsterdam",
    }  # fmt: skip
    path = f"/d/{partner.desk.slug}/partners/new"
    assert client.post(path, values).status_code == 302
    assert "is a partner already" in text_of(client.post(path, values).content.decode())
    made = Partner.objects.get(name="Kilowerk")
    client.post(path_of(made, "/edit"), values | {"procedures_agreed": "yes"})
    made.refresh_from_db()
    assert made.procedures_agreed
    assert "Partner changed" in text_of(page_of(client, manager, path_of(made)))


def test_a_form_that_nobody_confirmed_for_half_a_year_is_stale_not_ready(
    client: Client, manager: Person, partner: Partner
) -> None:
    ready = text_of(page_of(client, manager, path_of(partner)))
    ContactLine.objects.filter(partner=partner, purpose="back_office").update(verified_at=NOW - timedelta(days=200))
    stale = text_of(page_of(client, manager, path_of(partner)))
    ContactLine.objects.filter(partner=partner, purpose="back_office").delete()
    lacking = text_of(page_of(client, manager, path_of(partner)))
    assert ("Stale: 1 to confirm" in ready, "Stale: 1 to confirm" in stale) == (False, True)
    assert "Not ready: 1 of" in lacking


def test_the_list_is_filtered_and_paged(client: Client, manager: Person, partner: Partner) -> None:
    Partner.objects.bulk_create(
        Partner(desk=partner.desk, name=f"Kilowerk {n:03}", plays_cpo=True, operator_ids=[f"NL*K{n:02}"])
        for n in range(60)
    )
    path = f"/d/{partner.desk.slug}/partners"
    first = text_of(page_of(client, manager, path))
    assert "Page 1 of 2, 61 partners" in first
    assert "Kilowerk 059" not in first
    assert "Nordlade" in text_of(page_of(client, manager, f"{path}?page=2"))
    assert "Kilowerk 007" in text_of(page_of(client, manager, f"{path}?partner=nl*k07"))
    assert "Nordlade" not in text_of(page_of(client, manager, f"{path}?show=not_ready&page=2"))


def test_a_longer_list_takes_no_more_queries(
    client: Client, manager: Person, partner: Partner, django_assert_max_num_queries: object
) -> None:
    client.force_login(manager)
    path = f"/d/{partner.desk.slug}/partners"
    client.get(path)
    Partner.objects.bulk_create(Partner(desk=partner.desk, name=f"P {n}", plays_cpo=True) for n in range(30))
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        client.get(path)


def test_a_desk_without_partners_is_told_how_to_begin(client: Client, cpo_desk: Desk) -> None:
    manager = person_at(cpo_desk, "paul.partner", Role.PARTNER_MANAGER)
    assert "Add the first one" in text_of(page_of(client, manager, f"/d/{cpo_desk.slug}/partners"))


def test_a_test_call_is_noted_where_the_line_is(
    client: Client, manager: Person, partner: Partner, line: ContactLine
) -> None:
    client.force_login(manager)
    client.post(path_of(partner, f"/lines/{line.pk}"), {"do": "call", "result": "no_answer", "note": "rang 30 times"})
    page = text_of(page_of(client, manager, path_of(partner, f"/lines/{line.pk}")))
    assert "Nobody answered Test call, 0 s ago" in page
    assert "rang 30 times" in page


def test_a_test_mail_is_confirmed_by_a_press_never_by_opening(client: Client, partner: Partner) -> None:
    mail = ContactLine.objects.filter(partner=partner, channel="mail", purpose="back_office").get()
    check = verifying.send_test_mail(mail, by="Piet", at=NOW)
    path = re.search(r"/p/\S+", Message.objects.get().text)
    assert path is not None
    assert "Yes, somebody reads it" in text_of(client.get(path[0]).content.decode())
    check.refresh_from_db()
    assert check.result == "waiting"
    assert "reaches Nordlade" in text_of(client.post(path[0]).content.decode())
    check.refresh_from_db()
    assert check.result == "worked"


def test_what_is_left_to_do_leads_to_its_line(
    client: Client, manager: Person, partner: Partner, line: ContactLine
) -> None:
    assert "Nothing is left to do" in text_of(page_of(client, manager, f"/d/{partner.desk.slug}/partners/tasks"))
    ContactLine.objects.filter(pk=line.pk).update(
        failures=2, last_failed_at=NOW, last_failure="nobody answered in a case"
    )
    page = page_of(client, manager, f"/d/{partner.desk.slug}/partners/tasks")
    assert "failed 2 times in a row: nobody answered in a case" in text_of(page)
    assert path_of(partner, f"/lines/{line.pk}") in page


def test_beyond_a_thousand_partners_only_a_chosen_filter_is_counted(
    client: Client, manager: Person, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roamdesk.console.screens.partners.COUNTED", 0)
    path = f"/d/{partner.desk.slug}/partners"
    assert "Not ready 2 Stale 3" in text_of(page_of(client, manager, path))
    assert "Not ready 0 2" in text_of(page_of(client, manager, f"{path}?show=ready"))
