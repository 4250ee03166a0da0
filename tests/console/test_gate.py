"""Owner, auditor and stranger at every address."""

from __future__ import annotations

from django.test import Client

from builders import person_at
from console.pages import again, page_of, path_of, text_of
from roamdesk.cases.models import Case
from roamdesk.desks.models import Desk, Person, Role

SCREENS = ["queue", "search", "search?for=0472", "partners", "board", "help"]
HANDLING = ["new", "new/heard?heard=0472"]
DEEDS = (
    *("answer", "tell", "edit", "back", "unlock", "take", "handover", "depart", "note", "call", "reference"),
    *("close", "reopen", "danger", "reveal", "notice/mail_success", "link", "merge", "decline", "stop"),
)


def statuses(client: Client, paths: list[str]) -> set[int]:
    return {client.get(path).status_code for path in paths}


def screens(desk: Desk) -> list[str]:
    return [f"/d/{desk.slug}/{screen}" for screen in SCREENS + HANDLING]


def test_an_operator_sees_every_screen_of_the_desk(client: Client, msp_desk: Desk, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    assert statuses(client, screens(msp_desk)) == {200}


def test_a_stranger_is_told_that_there_is_no_such_desk(client: Client, msp_desk: Desk, stranger: Person) -> None:
    client.force_login(stranger)
    assert statuses(client, screens(msp_desk)) == {404}


def test_a_visitor_is_sent_to_the_login(client: Client, msp_desk: Desk) -> None:
    assert {client.get(path)["Location"].split("?")[0] for path in screens(msp_desk)} == {"/account/login/"}


def test_a_stranger_finds_no_case(client: Client, stuck: Case, stranger: Person) -> None:
    client.force_login(stranger)
    assert client.get(path_of(stuck)).status_code == 404


def test_an_operator_of_the_other_desk_finds_no_case(client: Client, stuck: Case, cpo_operator: Person) -> None:
    client.force_login(cpo_operator)
    assert client.get(f"/d/nordlade/cases/{stuck.reference}").status_code == 404


def done(client: Client, case: Case) -> set[int]:
    """The answers to every deed."""
    return {client.post(path_of(case, f"/{deed}")).status_code for deed in DEEDS}


def test_a_stranger_can_do_nothing_to_a_case(client: Client, stuck: Case, stranger: Person) -> None:
    client.force_login(stranger)
    assert done(client, stuck) == {404}
    assert again(stuck).version == stuck.version


def test_an_auditor_can_do_nothing_to_a_case(client: Client, stuck: Case, msp_auditor: Person) -> None:
    client.force_login(msp_auditor)
    assert done(client, stuck) == {403}
    assert again(stuck).version == stuck.version


def test_a_deed_is_never_done_by_looking(client: Client, stuck: Case, msp_operator: Person) -> None:
    client.force_login(msp_operator)
    assert statuses(client, [path_of(stuck, f"/{deed}") for deed in DEEDS]) == {405}


def test_an_auditor_reads_a_case_masked_and_without_controls(client: Client, stuck: Case, msp_auditor: Person) -> None:
    html = page_of(client, msp_auditor, path_of(stuck))
    assert "reads only" in html
    assert "04A25B1C9D4F80" not in html
    assert "…4F80" in html
    assert 'data-key="1"' not in html
    assert "Edit:" not in html
    assert "New call" not in text_of(html).split("Queue", 1)[1].split("Partners")[0]


def test_an_auditor_opens_no_case(client: Client, msp_desk: Desk, msp_auditor: Person) -> None:
    client.force_login(msp_auditor)
    assert client.post("/d/voltpass/new", {"caller": "user", "problem": "danger"}).status_code == 403


def test_back_office_may_not_command_a_station(client: Client, asked: Case, cpo_desk: Desk) -> None:
    client.force_login(person_at(cpo_desk, "bea.office", Role.BACK_OFFICE))
    assert client.post(path_of(asked, "/unlock"), {"key": "unlock-1"}).status_code == 403
