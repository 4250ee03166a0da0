"""The partner fills in its own form by a link, and the desk decides on it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from builders import person_at
from console.pages import page_of, text_of
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Person, Role
from roamdesk.partners import links, submissions
from roamdesk.partners.history import values_of
from roamdesk.partners.models import ContactLine, FormChange, FormSubmission, GuestLink, Partner
from roamdesk.partners.services import save_line
from roamdesk.partners.submissions import SubmissionRefused

NOW = datetime.now(UTC)


@pytest.fixture
def token(partner: Partner) -> str:
    return links.make_link(partner, by="Piet", at=NOW)[1]


def typed(partner: Partner, **changes: str) -> dict[str, str]:
    """The form as a browser posts it, with the lines that stand there."""
    raw = submissions.as_it_stands(partner, "cpo")
    lines = {f"{place}-{name}": text for place, line in enumerate(raw["lines"]) for name, text in line.items()}
    return {**lines, "role": "cpo", "version": "0", "agreed": "yes", "by": "H. Brandt", "do": "save"} | changes


def the_form(partner: Partner) -> FormSubmission:
    return FormSubmission.objects.get(partner=partner)


def test_the_form_shows_what_is_asked_for(client: Client, partner: Partner, token: str) -> None:
    text = text_of(client.get(f"/p/{token}").content.decode())
    assert "Contact form of Nordlade, as CPO" in text
    assert "What Interoperability via Hubject 1 asks for" in text


def test_a_draft_survives_a_closed_browser_as_it_was_typed(client: Client, partner: Partner, token: str) -> None:
    client.post(f"/p/{token}", typed(partner, **{"0-value": "call us", "0-hours": "whenever"}))
    page = Client().get(f"/p/{token}").content.decode()
    assert 'value="call us"' in page
    assert 'value="whenever"' in page
    assert not ContactLine.objects.filter(partner=partner, hours="whenever").exists()


def test_lines_that_cannot_stand_are_not_sent_in_and_not_lost(client: Client, partner: Partner, token: str) -> None:
    answer = client.post(f"/p/{token}", typed(partner, **{"0-hours": "whenever", "do": "send"}))
    assert answer.status_code == 422
    assert "not understood" in text_of(answer.content.decode())
    assert (the_form(partner).state, the_form(partner).raw["lines"][0]["hours"]) == ("draft", "whenever")


def test_a_form_sent_twice_is_one(client: Client, partner: Partner, token: str) -> None:
    values = typed(partner, do="send")
    client.post(f"/p/{token}", values)
    sent_at = the_form(partner).sent_at
    client.post(f"/p/{token}", values)
    assert (the_form(partner).state, the_form(partner).sent_at) == ("sent", sent_at)


def test_an_older_page_does_not_overwrite_a_newer_draft(client: Client, partner: Partner, token: str) -> None:
    client.post(f"/p/{token}", typed(partner, **{"0-hours": "Mon-Fri 08:00-18:00"}))
    answer = client.post(f"/p/{token}", typed(partner, **{"0-hours": "Mon-Fri 09:00-18:00"}))
    assert answer.status_code == 422
    assert 'name="version" value="0"' in answer.content.decode()
    assert the_form(partner).raw["lines"][0]["hours"] == "Mon-Fri 08:00-18:00"


def test_a_fault_stands_beside_its_line_when_one_above_was_emptied(
    client: Client, partner: Partner, token: str
) -> None:
    emptied = {"0-value": "", "0-person_name": "", "1-hours": "whenever", "do": "send"}
    page = client.post(f"/p/{token}", typed(partner, **emptied)).content.decode()
    faulty = re.search(r'value="whenever"[^>]*aria-invalid="true" aria-describedby="f-(\d+)"', page)
    assert faulty is not None
    assert f'id="f-{faulty[1]}"' in page


def test_accepted_the_form_stands_and_is_verified(client: Client, partner: Partner, token: str) -> None:
    client.post(f"/p/{token}", typed(partner, **{"0-hours": "Mon-Sun 06:00-23:00", "do": "send"}))
    kept = the_form(partner)
    kinds = [difference.kind for difference in submissions.differences(kept)]
    assert kinds.count("changed") == 1
    submissions.accept(kept, by="Piet", at=NOW + timedelta(hours=1))
    submissions.accept(kept, by="Piet", at=NOW + timedelta(hours=2))
    changed = ContactLine.objects.get(partner=partner, hours="Mon-Sun 06:00-23:00")
    assert FormChange.objects.filter(line_id=changed.pk, by__contains="accepted by Piet").count() == 1
    assert (changed.verified_at, changed.verified_how) == (the_form(partner).sent_at, "stated")


def test_a_form_sent_back_says_why_and_may_be_mended(client: Client, partner: Partner, token: str) -> None:
    client.post(f"/p/{token}", typed(partner, do="send"))
    with pytest.raises(SubmissionRefused, match="what is to be mended"):
        submissions.send_back(the_form(partner), note=" ", by="Piet", at=NOW)
    submissions.send_back(the_form(partner), note="Nobody speaks English at night.", by="Piet", at=NOW)
    assert "Nobody speaks English at night." in text_of(client.get(f"/p/{token}").content.decode())
    version = str(the_form(partner).version)
    client.post(f"/p/{token}", typed(partner, **{"0-languages": "en, fr", "version": version, "do": "send"}))
    assert the_form(partner).state == "sent"


@pytest.mark.parametrize("spoil", ["!", ""])
def test_an_altered_link_opens_nothing(client: Client, partner: Partner, token: str, spoil: str) -> None:
    answer = client.get(f"/p/{token[:-1]}{spoil}")
    assert answer.status_code == 410
    assert "was altered" in text_of(answer.content.decode())


def test_an_expired_and_a_revoked_link_change_nothing(client: Client, partner: Partner) -> None:
    old = links.make_link(partner, by="Piet", at=NOW - timedelta(days=15))[1]
    link, gone = links.make_link(partner, by="Piet", at=NOW)
    links.revoke(link, at=NOW)
    assert [client.post(f"/p/{each}", typed(partner)).status_code for each in (old, gone)] == [410, 410]
    assert not FormSubmission.objects.filter(partner=partner).exists()


def test_the_partner_manager_sees_the_differences_and_accepts(client: Client, partner: Partner, token: str) -> None:
    client.post(f"/p/{token}", typed(partner, **{"0-hours": "Mon-Sun 06:00-23:00", "do": "send"}))
    manager = person_at(partner.desk, "paula.partner", Role.PARTNER_MANAGER)
    path = f"/d/{partner.desk.slug}/partners/{partner.pk}/forms/{the_form(partner).pk}"
    page = text_of(page_of(client, manager, path))
    assert "24/7" in page
    assert "Mon-Sun 06:00-23:00" in page
    client.post(path, {"do": "accept"})
    assert ContactLine.objects.filter(partner=partner, hours="Mon-Sun 06:00-23:00").exists()


def test_only_a_partner_manager_decides_and_a_stranger_sees_nothing(
    client: Client, partner: Partner, token: str, msp_operator: Person, stranger: Person
) -> None:
    client.post(f"/p/{token}", typed(partner, do="send"))
    path = f"/d/{partner.desk.slug}/partners/{partner.pk}/forms/{the_form(partner).pk}"
    client.force_login(msp_operator)
    assert client.post(path, {"do": "accept"}).status_code == 403
    client.force_login(stranger)
    assert client.get(path).status_code == 404
    assert the_form(partner).state == "sent"


def test_the_partner_is_asked_by_mail_with_a_link_that_opens_the_form(client: Client, partner: Partner) -> None:
    manager = person_at(partner.desk, "paula.partner", Role.PARTNER_MANAGER)
    client.force_login(manager)
    client.post(f"/d/{partner.desk.slug}/partners/{partner.pk}/ask", {"to": "forms@nordlade.example"})
    mail = Message.objects.get(partner=partner)
    path = re.search(r"/p/\S+", mail.text)
    assert path is not None
    assert mail.to == ["forms@nordlade.example"]
    assert Client().get(path[0]).status_code == 200
    link = GuestLink.objects.get(partner=partner)
    client.post(f"/d/{partner.desk.slug}/partners/{partner.pk}/links/{link.pk}/revoke")
    assert Client().get(path[0]).status_code == 410


def test_an_address_that_is_none_is_not_written_to(client: Client, partner: Partner) -> None:
    client.force_login(person_at(partner.desk, "paula.partner", Role.PARTNER_MANAGER))
    answer = client.post(
        f"/d/{partner.desk.slug}/partners/{partner.pk}/ask", {"to": "a@b.example\nBcc: c@d.example"}, follow=True
    )
    assert "Nothing was sent" in text_of(answer.content.decode())
    assert not GuestLink.objects.filter(partner=partner).exists()


def test_what_came_in_stands_on_the_list_until_it_is_decided(client: Client, partner: Partner, token: str) -> None:
    client.post(f"/p/{token}", typed(partner, do="send"))
    manager = person_at(partner.desk, "paula.partner", Role.PARTNER_MANAGER)
    path = f"/d/{partner.desk.slug}/partners"
    assert "sent in by H. Brandt" in text_of(page_of(client, manager, path))
    submissions.accept(the_form(partner), by="Piet", at=NOW)
    assert "sent in by H. Brandt" not in text_of(page_of(client, manager, path))


def test_a_change_is_taken_back_on_the_partners_page(client: Client, partner: Partner) -> None:
    line = ContactLine.objects.filter(partner=partner, channel="phone").first()
    assert line is not None
    values = {**values_of(line), "hours": "Mon-Fri 08:00-18:00"}
    save_line(partner, **values, at=NOW, by="Ines", line=line)
    manager = person_at(partner.desk, "paula.partner", Role.PARTNER_MANAGER)
    path = f"/d/{partner.desk.slug}/partners/{partner.pk}"
    assert "hours: 24/7 → Mon-Fri 08:00-18:00" in text_of(page_of(client, manager, path))
    change = FormChange.objects.latest("pk")
    client.post(f"{path}/changes/{change.pk}/back")
    line.refresh_from_db()
    assert line.hours == "24/7"
    answer = client.post(f"{path}/changes/{change.pk}/back", follow=True)
    assert "taken back already" in text_of(answer.content.decode())
