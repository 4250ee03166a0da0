from __future__ import annotations

from django_scopes import scope

from roamdesk.desks.models import Desk
from roamdesk.partners.models import ContactLine, Partner
from server.conftest import Said, Type

ADD = ("partner", "add", "Kilowerk", "--desk", "voltpass", "--cpo", "--operator-id", "NL*KWK")
LINE = ("partner", "line", "Kilowerk", "--desk", "voltpass", "--role", "cpo", "--purpose")


def add_all(typed: Type) -> list[Said]:
    """A partner whose form holds all that the shipped procedure asks of a CPO."""
    english = ("--language", "en", "--verified-today")
    person = ("reference_person", "--person", "J. de Wit", "--skills", *english)
    return [
        typed(*ADD, "--country", "NL", "--zone", "Europe/Amsterdam", "--agreed", "--published-today"),
        typed(*LINE, "first_level", "030 555 0142", "--language", "nl", *english),
        typed(*LINE, "back_office", "backoffice@kilowerk.example", *english),
        typed(*LINE, *person, "+31 30 555 0188"),
        typed(*LINE, *person, "j.dewit@kilowerk.example"),
    ]


def test_a_partner_is_set_up_and_ready_without_a_line_of_python(typed: Type, msp_desk: Desk) -> None:
    assert [(said.code, said.err) for said in add_all(typed)] == [(0, "")] * 5
    listed = typed("partner", "list", "--desk", "voltpass").out
    own = listed[listed.index("Kilowerk") : listed.index("Nordlade")].splitlines()
    assert own[:2] == ["Kilowerk  CPO  NL*KWK  Europe/Amsterdam", "    ready as CPO"]
    assert own[2].startswith("    dial as CPO: +31 30 555 0142  First-level line for partners, always open, verified ")


def test_typed_twice_nothing_is_doubled(typed: Type, msp_desk: Desk) -> None:
    add_all(typed)
    add_all(typed)
    with scope(desk=msp_desk):
        assert Partner.objects.filter(name="Kilowerk").count() == 1
        assert ContactLine.objects.filter(partner__name="Kilowerk").count() == 4


def test_the_list_says_what_a_form_lacks_and_which_statement_asks_for_it(typed: Type, msp_desk: Desk) -> None:
    typed(*ADD)
    lines = typed("partner", "list", "--desk", "voltpass").out.splitlines()
    assert "    not ready as CPO" in lines
    assert [line for line in lines if "The partner has not agreed to carry out the procedures. [" in line]
    assert "    dial as CPO: nobody, no number is given" in lines


def test_the_list_says_that_a_line_is_never_open(typed: Type, msp_desk: Desk) -> None:
    typed(*ADD)
    typed(*LINE, "first_level", "+31 30 555 0143", "--hours", "closed")
    assert "dial as CPO: nobody, the hours say no time" in typed("partner", "list", "--desk", "voltpass").out


def test_a_desk_without_partners_says_how_to_add_one(typed: Type, cpo_desk: Desk) -> None:
    assert typed("partner", "list", "--desk", "nordlade").out == (
        "Nordlade has no partner. Add one: roamdesk partner add NAME --desk nordlade --cpo\n"
    )


def test_a_refused_partner_or_line_is_said_with_the_mend(typed: Type, msp_desk: Desk) -> None:
    nobody = typed("partner", "add", "Kilowerk", "--desk", "voltpass")
    assert (nobody.code, nobody.out) == (1, "")
    assert "say which (--cpo, --msp)" in nobody.err
    unknown = typed(*LINE, "first_level", "+31 30 555 0142")
    assert (unknown.code, unknown.err) == (1, "VoltPass has no partner 'Kilowerk'. Partners: Nordlade.\n")
    typed(*ADD)
    wrong = typed(*LINE, "first_level", "12", "--hours", "whenever")
    assert (wrong.code, wrong.out) == (1, "")
    assert "no phone number" in wrong.err
    assert "not understood" in wrong.err


def test_a_desk_sees_and_touches_no_partner_of_another(typed: Type, msp_desk: Desk, cpo_desk: Desk) -> None:
    assert "Nordlade  " not in typed("partner", "list", "--desk", "nordlade").out
    strange = typed(
        "partner",
        "line",
        "Nordlade",
        "--desk",
        "nordlade",
        "--role",
        "cpo",
        "--purpose",
        "first_level",
        "+493055501499",
    )
    assert (strange.code, strange.err) == (1, "Nordlade has no partner 'Nordlade'. Partners: VoltPass.\n")
