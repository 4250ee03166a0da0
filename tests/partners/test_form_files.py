"""Contact forms go out as CSV or JSON and come in again: good rows beside bad ones, twice like once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from builders import CPO_CALL_CENTRE, build_stranger_desk
from roamdesk.desks.models import Desk
from roamdesk.desks.tables import Row, TableRefused, Tally
from roamdesk.partners.exporting import forms_as
from roamdesk.partners.form_files import Outcome, import_forms, preview
from roamdesk.partners.form_rows import COLUMNS, lines_of, quoted, rows_in
from roamdesk.partners.models import ContactLine, FormChange, Partner

AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)
LATER = AT + timedelta(days=1)
HEADER = "partner,role,purpose,value,person,skills,languages,hours,zone,countries,priority,verified"
KILOWERK = (
    "partner,role,operator_ids,country,zone,purpose,value,person,skills,languages,hours,verified\n"
    "Kilowerk,cpo,NL*KWK,NL,Europe/Amsterdam,,,,,,,\n"
    "Kilowerk,cpo,,,,first_level,030 555 0142,,,en nl,24/7,2026-03-01\n"
    "Kilowerk,cpo,,,,reference_person,j.dewit@kilowerk.example,J. de Wit,yes,en,Mon-Fri 08:00-18:00,\n"
)


@pytest.fixture
def desk(msp_desk: Desk) -> Iterator[Desk]:
    with scope(desk=msp_desk):
        yield msp_desk


@pytest.fixture
def empty(db: Any) -> Desk:
    """Another desk on this installation, without a partner."""
    return build_stranger_desk()


def importing(desk: Desk, content: str | bytes, at: datetime = AT) -> Outcome:
    outcome = Outcome()
    raw = content if isinstance(content, bytes) else content.encode()
    outcome.tally = import_forms(
        desk, lines_of(raw), by="file forms.csv", at=at, refuse=outcome.refused.append, progress=lambda tally: None,
        told=outcome.changes.append,
    )  # fmt: skip
    return outcome


def said(outcome: Outcome) -> list[str]:
    return [str(fault) for fault in outcome.refused]


def rows(*cells: str) -> str:
    return "\n".join((HEADER, *cells)) + "\n"


def test_a_partner_and_its_lines_go_in_and_the_history_names_the_file(desk: Desk) -> None:
    assert importing(desk, KILOWERK).tally == Tally(added=3)
    partner = Partner.objects.get(name="Kilowerk")
    assert (partner.roles, partner.operator_ids, partner.zone) == (["cpo"], ["NL*KWK"], "Europe/Amsterdam")
    line = ContactLine.objects.get(partner=partner, purpose="first_level")
    assert (line.value, line.languages, line.verified_at) == (
        "+31305550142", ["en", "nl"], datetime(2026, 3, 1, tzinfo=UTC),
    )  # fmt: skip
    assert set(FormChange.objects.filter(partner=partner).values_list("by", flat=True)) == {"file forms.csv"}


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    importing(desk, KILOWERK)
    before = (list(Partner.objects.values()), list(ContactLine.objects.values()), FormChange.objects.count())
    again = importing(desk, KILOWERK, LATER)
    assert (again.tally, again.changes) == (Tally(unchanged=3), [])
    assert (list(Partner.objects.values()), list(ContactLine.objects.values()), FormChange.objects.count()) == before


def test_a_known_line_is_corrected_and_an_empty_cell_says_nothing(desk: Desk) -> None:
    importing(desk, KILOWERK)
    outcome = importing(desk, rows("kilowerk,cpo,first_level,+31 30 555 0142,,,,Mon-Sun 06:00-22:00,,NL BE,,"), LATER)
    assert outcome.tally == Tally(changed=1)
    assert outcome.changes[0].fields == ["hours", "countries"]
    line = ContactLine.objects.get(partner__name="Kilowerk", purpose="first_level")
    assert (line.hours, line.countries, line.languages) == ("Mon-Sun 06:00-22:00", ["NL", "BE"], ["en", "nl"])
    assert line.verified_at == datetime(2026, 3, 1, tzinfo=UTC)


def test_an_old_file_does_not_make_a_line_older(desk: Desk) -> None:
    importing(desk, KILOWERK)
    line = ContactLine.objects.get(partner__name="Kilowerk", purpose="first_level")
    ContactLine.objects.filter(pk=line.pk).update(verified_at=AT, verified_how="test_call")
    assert importing(desk, KILOWERK).tally == Tally(unchanged=3)
    assert importing(desk, KILOWERK.replace("2026-03-01", "2026-03-11"), LATER).tally == Tally(changed=1, unchanged=2)
    line.refresh_from_db()
    assert (line.verified_at, line.verified_how) == (datetime(2026, 3, 11, tzinfo=UTC), "")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("Nordlade,cpo,first_level,12,,,,,,,,", "row 2, value: '12' is no phone number."),
        ("Nordlade,cpo,first_level,,,,,,,,,", "row 2, value: is empty."),
        ('Nordlade,cpo,back_office,"a@b.example, c@d.example",,,,,,,,', "row 2, value: "),
        ("Nordlade,cpo,first_level,+49 30 5550 9,,,,Mon 08:00-12:00 11:00-13:00,,,,", "row 2, hours: "),
        ("Nordlade,cpo,first_level,+49 30 5550 901,,,,whenever,,,,", "row 2, hours: "),
        ("Nordlade,cpo,first_level,+49 30 5550 901,,,,,Mars/Base,,,", "row 2, zone: There is no zone 'Mars/Base'."),
        ("Nordlade,cpo,first_level,+49 30 5550 901,,,english,,,,,", "row 2, languages: 'english' is no language."),
        ("Nordlade,cpo,first_level,+49 30 5550 901,,,,,,XX,,", "row 2, countries: There is no country 'XX'."),
        ("Nordlade,cpo,first_level,+49 30 5550 901,,,,,,,often,", "row 2, priority: The order of dialling"),
        ("Nordlade,cpo,first_level,+49 30 5550 901,,maybe,,,,,,", "row 2, skills: 'maybe' is neither yes nor no."),
        ("Nordlade,cpo,first_level,+49 30 5550 901,,,,,,,,soon", "row 2, verified: 'soon' is no time."),
        ("Nordlade,cpo,first_level,+49 30 5550 901,,,,,,,,2027-01-01", "row 2, verified: 2027-01-01 lies ahead."),
        ("Nordlade,cpo,reference_person,+49 30 5550 901,,,,,,,,", "row 2, person: A reference person needs a name."),
        ("Nordlade,cpo,call_centre,+49 30 5550 901,,,,,,,,", "row 2, role: MSP call centre belongs to a contact form"),
        ("Nordlade,cpo,help,+49 30 5550 901,,,,,,,,", "row 2, purpose: Choose a purpose:"),
        ("Nordland,cpo,first_level,+49 30 5550 901,,,,,,,,", "row 2, partner: There is no partner 'Nordland'."),
        ("Nordlade,cpo,,+49 30 5550 901,,,,,,,,", "row 2, value: belongs to a line: say in 'purpose'"),
        ("Nordlade,boss,,,,,,,,,,", "row 2, role: 'boss' is no role."),
        (",cpo,,,,,,,,,,", "row 2, partner: is empty."),
        ("Newcomer,,,,,,,,,,,", "row 2: A partner plays the CPO side, the MSP side, or both"),
    ],
)
def test_a_bad_row_is_refused_with_row_column_and_reason_and_changes_nothing(desk: Desk, row: str, words: str) -> None:
    before = (list(Partner.objects.values()), list(ContactLine.objects.values()), FormChange.objects.count())
    outcome = importing(desk, rows(row))
    assert said(outcome)[0].startswith(words)
    assert outcome.tally == Tally(refused=1)
    assert (list(Partner.objects.values()), list(ContactLine.objects.values()), FormChange.objects.count()) == before


def test_good_rows_go_in_beside_bad_ones(desk: Desk) -> None:
    good = "Nordlade,cpo,first_level,+49 30 5550 901,,,en,,,,3,"
    outcome = importing(desk, rows("Nordlade,cpo,first_level,12,,,,,,,,", good, good))
    assert outcome.tally == Tally(added=1, refused=2)
    assert said(outcome)[1] == "row 4, value: stands in row 3 already. Keep one of the two."
    assert ContactLine.objects.filter(value="+49305550901").count() == 1


def test_a_line_may_not_say_what_belongs_to_its_partner(desk: Desk) -> None:
    outcome = importing(desk, "partner,role,purpose,value,country\nNordlade,cpo,first_level,+49 30 5550 901,DE\n")
    assert said(outcome) == ["row 2, country: belongs to the partner's own row, the one without a purpose."]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "The first row is empty"),
        ("name,number\n", "There is no column 'name'"),
        ("role,value\n", "The column partner is missing"),
        ('[{"partner": ', "This is no JSON"),
        ('{"forms": []}', "The file is a list of partners"),
        ("[" * 100_000, "This is no JSON"),
        ("[1]", "The file is a list of partners"),
    ],
)
def test_a_file_that_is_no_such_file_is_refused_as_a_whole(desk: Desk, content: str, words: str) -> None:
    with pytest.raises(TableRefused, match=words):
        importing(desk, content)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            {"purpose": "first_level", "role": "cpo", "value": "12"},
            "partner 1, line 1, value: '12' is no phone number.",
        ),
        ({"role": "cpo", "value": "12"}, "partner 1, line 1, purpose: is missing."),
        ({"purpose": "first_level", "number": "12"}, "partner 1, line 1, number: is not known. Keys are: role,"),
        ({"purpose": "first_level", "value": {"a": 1}}, "partner 1, line 1, value: is neither text, number,"),
        ({"purpose": "first_level", "value": "\ud800"}, "partner 1, line 1, value: holds characters that cannot"),
    ],
)
def test_json_says_where_a_fault_stands(desk: Desk, line: dict[str, Any], words: str) -> None:
    outcome = importing(desk, json.dumps([{"partner": "Nordlade", "lines": [line]}]))
    assert said(outcome)[0].startswith(words)
    assert outcome.tally == Tally(unchanged=1, refused=1)


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_forms_come_out_and_go_into_an_empty_desk_as_the_same_forms(desk: Desk, empty: Desk, suffix: str) -> None:
    importing(desk, KILOWERK)
    Partner.objects.filter(name="Nordlade").update(evse_prefixes=["DE*NDL*E08"], region="BY", procedures_agreed=True)
    taken = forms_as(suffix, desk)
    with scope(desk=empty):
        first = importing(empty, taken, LATER)
        assert (first.tally.refused, first.tally.changed, first.tally.added) == (0, 0, first.tally.rows)
        assert forms_as(suffix, empty) == taken
        assert importing(empty, taken, LATER).tally == Tally(unchanged=first.tally.rows)


def test_only_the_partners_that_are_named_come_out(desk: Desk) -> None:
    importing(desk, KILOWERK)
    assert [each["partner"] for each in json.loads(forms_as("json", desk, ["KILOWERK"]))] == ["Kilowerk"]


def test_a_desk_takes_nothing_of_another_out(desk: Desk, empty: Desk) -> None:
    with scope(desk=empty):
        assert json.loads(forms_as("json", empty)) == []


def test_a_look_at_a_file_says_what_it_would_do_and_does_nothing(desk: Desk) -> None:
    before = (list(Partner.objects.values()), list(ContactLine.objects.values()), FormChange.objects.count())
    bad = KILOWERK + "Kilowerk,cpo,,,,first_level,12,,,,,\n"
    outcome = preview(desk, bad.encode(), by="Paula", at=AT)
    assert outcome.tally == Tally(added=3, refused=1)
    assert [change.after.get("value", "") for change in outcome.changes] == [
        "", "+31305550142", "j.dewit@kilowerk.example",
    ]  # fmt: skip
    assert (list(Partner.objects.values()), list(ContactLine.objects.values()), FormChange.objects.count()) == before


def test_many_rows_that_are_known_take_a_few_queries(desk: Desk, django_assert_max_num_queries: Any) -> None:
    many = KILOWERK + "".join(f"Kilowerk,cpo,,,,first_level,+31 30 555 0{n},,,en,,\n" for n in range(200, 300))
    assert importing(desk, many).tally == Tally(added=103)
    with django_assert_max_num_queries(8):
        assert importing(desk, many).tally == Tally(unchanged=103)


@given(
    st.text(st.characters(exclude_categories=["C", "Z"]), max_size=12), st.sampled_from(["", "=", "+", "-", "@", "'"])
)
def test_what_a_spreadsheet_could_run_comes_out_as_text_and_in_as_it_was(text: str, sign: str) -> None:
    cell = quoted(sign + text)
    assert not cell.startswith(("=", "+", "-", "@"))
    [row] = rows_in(["partner,region\n", f'x,"{cell.replace(chr(34), chr(34) * 2)}"\n'])
    assert isinstance(row, Row)
    assert row["region"] == sign + text


def test_every_field_of_a_line_has_a_column(desk: Desk) -> None:
    line = ContactLine.objects.get(partner__name="Nordlade", value=CPO_CALL_CENTRE)
    assert line is not None
    [nordlade] = [each for each in json.loads(forms_as("json", desk)) if each["partner"] == "Nordlade"]
    assert set(nordlade) - {"lines"} | set(nordlade["lines"][0]) == set(COLUMNS)


OFF = "partner,role,purpose,value,person,remove\nKilowerk,cpo,first_level,030 555 0142,,yes\n"


def test_a_line_is_taken_off_once_and_its_history_can_bring_it_back(desk: Desk) -> None:
    importing(desk, KILOWERK)
    outcome = importing(desk, OFF, LATER)
    assert outcome.tally == Tally(removed=1)
    assert (outcome.changes[0].before["value"], outcome.changes[0].after) == ("+31305550142", {})
    assert importing(desk, OFF, LATER).tally == Tally(unchanged=1)
    assert not ContactLine.objects.filter(value="+31305550142").exists()
    removed = FormChange.objects.get(kind="removed")
    assert (removed.by, removed.before["languages"]) == ("file forms.csv", ["en", "nl"])


def test_a_look_takes_nothing_off(desk: Desk) -> None:
    importing(desk, KILOWERK)
    assert str(preview(desk, OFF.encode(), by="Paula", at=LATER).tally) == (
        "0 added, 0 changed, 1 taken off, 0 as they were, 0 refused"
    )
    assert ContactLine.objects.filter(value="+31305550142").exists()


def test_a_whole_row_as_it_came_out_takes_its_line_off_with_a_yes(desk: Desk) -> None:
    importing(desk, KILOWERK)
    taken = json.loads(forms_as("json", desk, ["Kilowerk"]))
    taken[0]["lines"][0]["remove"], taken[0]["lines"][1]["remove"] = True, False
    assert importing(desk, json.dumps(taken), LATER).tally == Tally(removed=1, unchanged=2)


@pytest.mark.parametrize(
    "content",
    [
        "partner,role,purpose,value,languages,countries,skills,zone\nKilowerk,cpo,first_level,+31305550142,-,-,-,-\n",
        json.dumps(
            [{
                "partner": "Kilowerk",
                "lines": [{
                    "role": "cpo", "purpose": "first_level", "value": "+31305550142",
                    "languages": None, "countries": None, "skills": None, "zone": None,
                }],
            }]
        ),
    ],
)  # fmt: skip
def test_a_dash_or_null_empties_what_may_be_empty_once(desk: Desk, content: str) -> None:
    importing(desk, KILOWERK)
    ContactLine.objects.filter(value="+31305550142").update(countries=["NL"], operational_skills=True, zone="UTC")
    [change] = importing(desk, content, LATER).changes
    assert change.fields == ["zone", "languages", "countries", "operational_skills"]
    line = ContactLine.objects.get(value="+31305550142")
    assert (line.languages, line.countries, line.operational_skills, line.zone) == ([], [], False, "")
    assert line.verified_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert importing(desk, content, LATER).changes == []


def test_the_ids_of_a_partner_are_emptied(desk: Desk) -> None:
    importing(desk, KILOWERK)
    assert importing(desk, "partner,operator_ids,region\nKilowerk,-,-\n", LATER).tally == Tally(changed=1)
    assert Partner.objects.get(name="Kilowerk").operator_ids == []


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        (
            "role,purpose,value,hours",
            "cpo,first_level,030 555 0142,-",
            "row 2, hours: can't be emptied here. These can: z",
        ),
        ("role,purpose,value", "cpo,first_level,-", "row 2, value: is empty."),
        ("country", "-", "row 2, country: can't be emptied here. These can: operator_ids,"),
        (
            "role,purpose,value,remove",
            "cpo,first_level,030 555 0142,perhaps",
            "row 2, remove: 'perhaps' is neither yes",
        ),
        ("role,purpose,value,remove", "cpo,first_level,030 555 0999,yes", "row 2, remove: Kilowerk has no such line"),
        ("remove", "yes", "row 2, remove: belongs to a line"),
    ],
)
def test_what_cannot_be_emptied_or_taken_off_is_refused_and_changes_nothing(
    desk: Desk, header: str, row: str, words: str
) -> None:
    importing(desk, KILOWERK)
    before = (list(Partner.objects.values()), list(ContactLine.objects.values()), FormChange.objects.count())
    outcome = importing(desk, f"partner,{header}\nKilowerk,{row}\n", LATER)
    assert said(outcome)[0].startswith(words)
    assert (list(Partner.objects.values()), list(ContactLine.objects.values()), FormChange.objects.count()) == before
