"""The partner manager publishes a procedure, the partner acknowledges it by its link, and both see it (S4)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from builders import CPO_BACK_OFFICE
from console.conftest import LABEL
from console.pages import page_of, text_of
from roamdesk.charging.models import Evse
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Desk, Person
from roamdesk.partners import announcing, links, publishing
from roamdesk.partners.models import Acknowledgement, ContactLine, GuestLink, Partner, ProcedureVersion, Publication
from roamdesk.partners.procedures import add_version, shipped_version, take_up, use_version, version_between
from roamdesk.procedure.loader import SHIPPED

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
LIST = "/d/voltpass/partners/procedures"
CHANGE = "The target 'outcome' is now 10 min (was 15 min)."


@pytest.fixture
def manager(client: Client, manager: Person) -> Person:
    client.force_login(manager)
    return manager


@pytest.fixture
def second(msp_desk: Desk) -> ProcedureVersion:
    """A revision that VoltPass has taken up."""
    text = (SHIPPED / "hubject.yaml").read_text("utf-8").replace('version: "1"', 'version: "2"')
    text = text.replace("outcome: 15 min", "outcome: 10 min").replace("title: Unlock through", "title: Help through")
    version = add_version(text, NOW)
    take_up(msp_desk, version)
    return version


def tell(desk: Desk, version: ProcedureVersion, *, at: datetime, **options: Any) -> None:
    """Published, and the job has queued the mails."""
    made = publishing.publish(desk, version, at=at, **options)
    announcing.write_batch(made.pk, at)


@pytest.fixture
def sent(partner: Partner, second: ProcedureVersion) -> Acknowledgement:
    """Published to Nordlade eleven days ago, in force since ten."""
    tell(partner.desk, second, in_force_from=NOW - 10 * DAY, by="Piet", at=NOW - 11 * DAY)
    return Acknowledgement.objects.get(partner=partner)


@pytest.fixture
def link(sent: Acknowledgement) -> str:
    return path_in(Message.objects.get())


def path_in(mail: Message) -> str:
    found = re.search(r"/p/\S+", mail.text)
    assert found is not None
    return found[0]


def path_of(sent: Acknowledgement) -> str:
    return f"/d/voltpass/partners/{sent.partner_id}/acknowledgements/{sent.pk}"


def again(sent: Acknowledgement) -> Acknowledgement:
    return Acknowledgement.objects.get(pk=sent.pk)


# ---- the partner, by its link ----


def test_the_partner_reads_what_changes_from_when_and_the_whole_procedure(link: str, sent: Acknowledgement) -> None:
    text = text_of(Client().get(link).content.decode())
    assert "VoltPass publishes it to Nordlade" in text
    assert "Until then Interoperability via Hubject 1 stays" in text
    assert CHANGE in text
    assert "MSP Call the CPO and ask for an Unlock on this EVSE" in text
    assert "S8 Standard engagement requires the User to call MSPcc" in text
    assert again(sent).acknowledged_at is None


def test_the_partner_signs_and_a_second_press_changes_nothing(link: str, sent: Acknowledgement) -> None:
    text = text_of(Client().post(link, {"name": "R. Reference"}).content.decode())
    assert "Acknowledged by R. Reference on" in text
    first = again(sent)
    text = text_of(Client().post(link, {"name": "Somebody Else"}).content.decode())
    assert "Acknowledged by R. Reference on" in text
    assert (again(sent).acknowledged_by, again(sent).acknowledged_at) == ("R. Reference", first.acknowledged_at)
    assert version_between(sent.desk, sent.partner, datetime.now(UTC)) == sent.publication.version


def test_nobody_signs_without_a_name(link: str, sent: Acknowledgement) -> None:
    answer = Client().post(link, {"name": " "})
    assert (answer.status_code, "Write the name" in text_of(answer.content.decode())) == (422, True)
    assert again(sent).acknowledged_at is None


def test_acknowledged_ahead_of_its_time_the_page_says_from_when(partner: Partner, second: ProcedureVersion) -> None:
    tell(partner.desk, second, in_force_from=NOW + 9 * DAY, by="Piet", at=NOW)
    text = text_of(Client().post(path_in(Message.objects.get()), {"name": "R. Reference"}).content.decode())
    assert f"In force from {NOW + 9 * DAY:%d/%m/%Y %H:%M} UTC" in text


def test_a_link_that_is_old_altered_or_withdrawn_acknowledges_nothing(link: str, sent: Acknowledgement) -> None:
    about = {"purpose": "procedure", "about": sent.pk, "by": "Piet"}
    old = links.make_link(sent.partner, at=NOW - 15 * DAY, **about)[1]
    gone, token = links.make_link(sent.partner, at=NOW, **about)
    links.revoke(gone, at=NOW)
    tried = [Client().post(f"/p/{each}", {"name": "R."}).status_code for each in (old, token, link[3:-1])]
    assert tried == [410, 410, 410]
    assert again(sent).acknowledged_at is None


def test_a_link_of_another_partner_opens_nothing_of_this_one(sent: Acknowledgement) -> None:
    other = Partner.objects.create(desk=sent.desk, name="Kilowerk", plays_cpo=True)
    token = links.make_link(other, purpose="procedure", about=sent.pk, by="Piet", at=NOW)[1]
    assert Client().post(f"/p/{token}", {"name": "R."}).status_code == 404
    assert again(sent).acknowledged_at is None


def test_an_older_publication_says_that_a_newer_one_was_sent(partner: Partner, link: str) -> None:
    third = add_version((SHIPPED / "hubject.yaml").read_text("utf-8").replace('version: "1"', 'version: "3"'), NOW)
    tell(partner.desk, third, in_force_from=NOW + DAY, by="Piet", at=NOW)
    assert "Interoperability via Hubject 3 was published after this one" in text_of(Client().get(link).content.decode())


# ---- the partner manager ----


def test_publishing_shows_first_what_would_be_mailed_to_whom_and_sends_nothing(
    client: Client, manager: Person, partner: Partner, second: ProcedureVersion
) -> None:
    Partner.objects.create(desk=partner.desk, name="Fjordlad", plays_cpo=True)
    begins = f"{NOW + 20 * DAY:%Y-%m-%d}T00:00"
    answer = client.post(f"{LIST}/{second.pk}", {"begins": begins, "whom": "all", "do": "preview"})
    text = text_of(answer.content.decode())
    assert "1 mail to 2 partners" in text
    assert "Fjordlad: ask by phone" in text
    assert text.count(CHANGE) == 2  # in the differences, and in the mail
    assert not Publication.objects.exists()


def test_published_it_is_mailed_and_shown(
    client: Client, manager: Person, partner: Partner, second: ProcedureVersion
) -> None:
    values = {"begins": f"{NOW + 20 * DAY:%Y-%m-%d}T00:00", "whom": "some", "partner": str(partner.pk)}
    answer = client.post(f"{LIST}/{second.pk}", values | {"do": "publish", "seen": "1"}, follow=True)
    text = text_of(answer.content.decode())
    assert "is published to 1 partner: 1 mail to be queued" in text
    assert "0 of 1 written to" in text
    announcing.write_batch(Publication.objects.get().pk, NOW)
    assert "1 of 1 written to, all mails are queued" in text_of(client.get(f"{LIST}/{second.pk}").content.decode())
    text = text_of(client.get(LIST).content.decode())
    assert f"sent {NOW:%d/%m/%Y} to {CPO_BACK_OFFICE} Silent" in text
    assert Message.objects.get().to == [CPO_BACK_OFFICE]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"begins": ""}, "Choose the day and the hour"),
        ({"begins": "2020-01-01T00:00"}, "Choose a time to come"),
        ({"begins": "2027-03-28T02:30"}, "did not exist in Europe/Berlin"),
        ({"whom": "some", "partner": "999999"}, "Choose at least one partner"),
        ({"seen": "7"}, "Look at it again"),
    ],
)
def test_what_cannot_be_published_is_refused_and_nothing_is_mailed(
    client: Client, manager: Person, second: ProcedureVersion, changes: dict[str, str], words: str
) -> None:
    values = {"begins": "2030-01-01T00:00", "whom": "all", "do": "publish", "seen": "1"} | changes
    answer = client.post(f"{LIST}/{second.pk}", values)
    assert (answer.status_code, words in text_of(answer.content.decode())) == (422, True)
    assert not Publication.objects.exists()
    assert not Message.objects.exists()


def test_an_address_that_changed_after_the_look_is_looked_at_again(
    client: Client, manager: Person, partner: Partner, second: ProcedureVersion
) -> None:
    cases = {"begins": "2030-01-01T00:00", "whom": "all", "seen": "1"}
    ContactLine.objects.create(
        desk=partner.desk, partner=partner, role="cpo", purpose="back_office", channel="mail",
        value="second@nordlade.example", languages=["en"],
    )  # fmt: skip
    assert client.post(f"{LIST}/{second.pk}", cases | {"do": "publish"}).status_code == 422
    assert not Message.objects.exists()


def test_the_list_says_who_runs_on_which_since_when_and_who_is_silent(
    client: Client, manager: Person, sent: Acknowledgement
) -> None:
    text = text_of(page_of(client, manager, LIST))
    assert "Nordlade Interoperability via Hubject 1 from before Interoperability via Hubject 2" in text
    assert "Silent for 11 d" in text
    publishing.acknowledge(sent, name="R. Reference", at=NOW)
    text = text_of(page_of(client, manager, LIST))
    assert f"Nordlade Interoperability via Hubject 2 {NOW:%d/%m/%Y %H:%M} UTC" in text
    assert "Acknowledged by R. Reference" in text
    assert "1 of 1" in text


@pytest.mark.parametrize(("show", "seen"), [("all", True), ("silent", True), ("acknowledged", False), ("none", False)])
def test_the_list_is_filtered(client: Client, manager: Person, sent: Acknowledgement, show: str, seen: bool) -> None:
    assert ("Nordlade" in page_of(client, manager, f"{LIST}?show={show}&page=x")) is seen


def test_a_silent_partner_is_reminded(client: Client, manager: Person, sent: Acknowledgement) -> None:
    client.post(path_of(sent), {"do": "remind"})
    assert Message.objects.count() == 2
    answer = client.post(path_of(sent), {"do": "remind"})
    assert (answer.status_code, "within a day" in text_of(answer.content.decode())) == (422, True)


def test_what_is_said_on_the_phone_is_noted_with_who_said_it_and_who_heard_it(
    client: Client, manager: Person, sent: Acknowledgement
) -> None:
    assert client.post(path_of(sent), {"do": "by_hand", "name": ""}).status_code == 422
    client.post(path_of(sent), {"do": "by_hand", "name": "Rita Reference"})
    assert (again(sent).acknowledged_by, again(sent).by_hand) == ("Rita Reference", str(manager))
    text = text_of(page_of(client, manager, f"/d/voltpass/partners/{sent.partner_id}"))
    assert f"Acknowledged Interoperability via Hubject 2 by Rita Reference, noted by {manager}" in text


def test_the_link_of_a_mail_can_be_withdrawn(client: Client, manager: Person, sent: Acknowledgement, link: str) -> None:
    made = GuestLink.objects.get(about_id=sent.pk)
    assert f"/links/{made.pk}/revoke" in client.get(path_of(sent)).content.decode()
    client.post(f"/d/voltpass/partners/{sent.partner_id}/links/{made.pk}/revoke")
    assert Client().get(link).status_code == 410


def test_the_task_leads_to_what_the_partner_was_sent(client: Client, manager: Person, sent: Acknowledgement) -> None:
    assert f'href="{path_of(sent)}"' in page_of(client, manager, "/d/voltpass/partners/tasks")


def test_an_operator_reads_and_publishes_nothing(
    client: Client, msp_operator: Person, sent: Acknowledgement, second: ProcedureVersion
) -> None:
    for path in (LIST, f"{LIST}/{second.pk}", path_of(sent)):
        assert "<form method" not in page_of(client, msp_operator, path)
        assert client.post(path, {"do": "remind", "name": "x"}).status_code == (200 if path == LIST else 403)
    assert again(sent).acknowledged_at is None


def test_a_stranger_finds_nothing_and_another_desk_not_the_version(
    client: Client, stranger: Person, cpo_lead: Person, sent: Acknowledgement, second: ProcedureVersion
) -> None:
    client.force_login(stranger)
    assert [client.get(path).status_code for path in (LIST, f"{LIST}/{second.pk}", path_of(sent))] == [404] * 3
    client.force_login(cpo_lead)
    assert client.get(f"/d/nordlade/partners/procedures/{second.pk}").status_code == 404
    shipped = shipped_version(NOW)
    assert client.get(f"/d/nordlade/partners/procedures/{shipped.pk}").status_code == 200


def test_the_list_costs_the_same_however_many_partners_there_are(
    client: Client, manager: Person, sent: Acknowledgement, django_assert_max_num_queries: object
) -> None:
    Partner.objects.bulk_create(Partner(desk=sent.desk, name=f"Partner {n}", plays_cpo=True) for n in range(30))
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        assert client.get(LIST).status_code == 200


@pytest.fixture
def stricter(partner: Partner) -> Acknowledgement:
    """The desk's own, which asks for two reference persons; published to Nordlade, which is silent."""
    ContactLine.objects.update(verified_at=NOW)
    text = (SHIPPED / "hubject.yaml").read_text("utf-8").replace('version: "1"', 'version: "3"')
    text = text.replace("text: Reference person with", "text: Two reference persons with")
    version = add_version(text.replace("skills: yes, count: 1", "skills: yes, count: 2"), NOW)
    tell(partner.desk, version, in_force_from=NOW + 9 * DAY, by="Piet", at=NOW)
    use_version(partner.desk, version)
    return Acknowledgement.objects.get(partner=partner)


LATER_ASKED = "once Interoperability via Hubject 3 is acknowledged, also asked for:"


def test_a_form_is_held_against_what_the_partner_has_acknowledged_and_says_what_comes(
    client: Client, manager: Person, stricter: Acknowledgement
) -> None:
    path = f"/d/voltpass/partners/{stricter.partner_id}"
    text = text_of(page_of(client, manager, path))
    assert "Readiness as CPO by Interoperability via Hubject 1" in text
    assert f"From {NOW + 9 * DAY:%d/%m/%Y %H:%M} UTC, {LATER_ASKED}" in text
    assert "Two reference persons with operational skills" in text
    assert "Not ready" not in text
    Publication.objects.update(in_force_from=NOW)
    publishing.acknowledge(stricter, name="R. Reference", at=NOW)
    text = text_of(page_of(client, manager, path))
    assert "Not ready: 1 of 5 missing" in text
    assert "Readiness as CPO by Interoperability via Hubject 3" in text
    assert "also asked for" not in text


def test_the_list_holds_each_form_against_the_version_in_force_with_the_partner(
    client: Client, manager: Person, stricter: Acknowledgement
) -> None:
    path = "/d/voltpass/partners?show={}"
    assert "Ready by Interoperability via Hubject 1" in text_of(page_of(client, manager, path.format("ready")))
    Publication.objects.update(in_force_from=NOW)
    publishing.acknowledge(stricter, name="R. Reference", at=NOW)
    assert "Nordlade" not in text_of(page_of(client, manager, path.format("ready")))
    text = text_of(page_of(client, manager, path.format("not_ready")))
    assert "Two reference persons with operational skills" in text


def test_the_partners_own_form_asks_by_the_version_in_force_and_for_what_comes(stricter: Acknowledgement) -> None:
    token = links.make_link(stricter.partner, by="Piet", at=NOW)[1]
    text = text_of(Client().get(f"/p/{token}").content.decode())
    assert "What Interoperability via Hubject 1 asks for 5 of 5" in text
    assert f"{LATER_ASKED} Missing" in text


def test_a_new_call_names_the_route_of_the_version_that_its_case_will_run_on(
    client: Client, msp_operator: Person, evses: list[Evse], sent: Acknowledgement
) -> None:
    client.force_login(msp_operator)
    asked = {"heard": LABEL, "caller": "user", "problem": "cable_stuck"}
    assert "Unlock through the partner" in client.get("/d/voltpass/new", asked).content.decode()
    publishing.acknowledge(sent, name="R. Reference", at=NOW)
    assert "Help through the partner" in client.get("/d/voltpass/new", asked).content.decode()
