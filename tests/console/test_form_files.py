"""Contact forms as files in the console: taken out, uploaded and looked at, applied."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django_scopes import scope

from console.pages import page_of, text_of
from roamdesk.desks.models import Desk, Person
from roamdesk.partners import form_files
from roamdesk.partners.models import ContactLine, FormChange, FormFile, Partner

FORMS = (
    b"partner,role,purpose,value,languages,hours\n"
    b"Nordlade,cpo,first_level,+49 30 5550 901,en,24/7\n"
    b"Nordlade,cpo,first_level,12,en,\n"
)


@pytest.fixture
def desk(msp_desk: Desk) -> Iterator[Desk]:
    with scope(desk=msp_desk):
        yield msp_desk


def upload(client: Client, desk: Desk, content: bytes, name: str = "forms.csv") -> HttpResponse:
    return client.post(f"/d/{desk.slug}/partners/files", {"file": SimpleUploadedFile(name, content)})  # type: ignore[return-value]


def lines() -> list[str]:
    return list(ContactLine.objects.values_list("value", flat=True))


def test_a_file_is_looked_at_before_it_counts(client: Client, desk: Desk, manager: Person) -> None:
    client.force_login(manager)
    before = lines()
    answer = upload(client, desk, FORMS)
    page = text_of(page_of(client, manager, answer["Location"]))
    assert "1 added, 0 changed, 0 as they were, 1 refused" in page
    assert "New Nordlade First-level line for partners: +49 30 5550901" in page
    assert "row 3 value '12' is no phone number." in page
    assert (lines(), FormChange.objects.filter(by__contains="forms.csv").exists()) == (before, False)


def test_applied_its_good_rows_stand_and_the_history_names_the_file(
    client: Client, desk: Desk, manager: Person
) -> None:
    client.force_login(manager)
    where = upload(client, desk, FORMS)["Location"]
    client.post(where)
    page = text_of(client.get(f"/d/{desk.slug}/partners").content.decode())
    assert "forms.csv: 1 added, 0 changed, 0 as they were, 1 refused." in page
    assert "+49305550901" in lines()
    partner = Partner.objects.get(name="Nordlade")
    assert f"file forms.csv, by {manager}" in text_of(page_of(client, manager, f"/d/{desk.slug}/partners/{partner.pk}"))


def test_a_line_to_be_taken_off_is_shown_as_such_and_goes_with_the_press(
    client: Client, desk: Desk, manager: Person
) -> None:
    client.force_login(manager)
    client.post(upload(client, desk, FORMS)["Location"])
    row = b"Nordlade,cpo,first_level,+49 30 5550 901,yes\n"
    where = upload(client, desk, b"partner,role,purpose,value,remove\n" + row)["Location"]
    page = text_of(page_of(client, manager, where))
    assert "1 taken off" in page
    assert "Taken off Nordlade First-level line for partners: +49 30 5550901" in page
    assert "+49305550901" in lines()
    client.post(where)
    assert "+49305550901" not in lines()


def test_a_second_press_changes_nothing_and_says_so(client: Client, desk: Desk, manager: Person) -> None:
    client.force_login(manager)
    where = upload(client, desk, FORMS)["Location"]
    client.post(where)
    before = FormChange.objects.count()
    answer = client.post(where, follow=True)
    assert "applied this file" in text_of(answer.content.decode())
    assert FormChange.objects.count() == before


def test_what_was_taken_out_says_that_it_changes_nothing(client: Client, desk: Desk, manager: Person) -> None:
    client.force_login(manager)
    for suffix in ("csv", "json"):
        taken = client.get(f"/d/{desk.slug}/partners/forms.{suffix}")
        assert f'.{suffix}"' in taken["Content-Disposition"]
        where = upload(client, desk, taken.content, f"forms.{suffix}")["Location"]
        assert "Nothing: the contact forms hold all of it already." in text_of(page_of(client, manager, where))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Choose a CSV or JSON file"),
        (b"x" * (form_files.LARGEST + 1), "more than 2 MB"),
    ],
)
def test_a_file_that_cannot_be_taken_is_said(
    client: Client, desk: Desk, manager: Person, content: bytes, words: str
) -> None:
    client.force_login(manager)
    answer = upload(client, desk, content)
    assert words in text_of(client.get(answer["Location"]).content.decode())
    assert not FormFile.objects.exists()


def test_a_file_that_is_no_table_is_kept_and_changes_nothing(client: Client, desk: Desk, manager: Person) -> None:
    client.force_login(manager)
    where = upload(client, desk, b"\xff\xd8\xff\xe0not a table", "photo.jpg")["Location"]
    assert "Save the file as CSV in UTF-8" in text_of(page_of(client, manager, where))
    assert "Nothing was changed." in text_of(client.post(where, follow=True).content.decode())
    assert FormFile.objects.get().applied_at is None


def test_only_a_partner_manager_of_this_desk_takes_forms_out_or_in(
    client: Client, desk: Desk, manager: Person, msp_operator: Person, stranger: Person
) -> None:
    client.force_login(manager)
    where = upload(client, desk, FORMS)["Location"]
    for person, status in ((msp_operator, 403), (stranger, 404)):
        client.force_login(person)
        assert client.get(f"/d/{desk.slug}/partners/forms.csv").status_code == status
        assert upload(client, desk, FORMS).status_code == status
        assert client.get(where).status_code == status
        assert client.post(where).status_code == status
    assert "+49305550901" not in lines()


def test_no_other_kind_of_file_is_there_to_be_taken_out(client: Client, desk: Desk, manager: Person) -> None:
    client.force_login(manager)
    assert client.get(f"/d/{desk.slug}/partners/forms.xlsx").status_code == 404
