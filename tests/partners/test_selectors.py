from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django_scopes import scope

from builders import (
    CPO_BACK_OFFICE,
    CPO_CALL_CENTRE,
    CPO_REFERENCE_MAIL,
    CPO_REFERENCE_PHONE,
    MSP_BACK_OFFICE,
    MSP_CALL_CENTRE,
    MSP_REFERENCE_MAIL,
    MSP_REFERENCE_PHONE,
    MSP_SUPPORT_MAIL,
    VERIFIED_AT,
    add_line,
)
from roamdesk.desks.models import Desk
from roamdesk.partners import dialling, selectors
from roamdesk.partners.models import ContactLine, Partner

Purpose = ContactLine.Purpose
NIGHT = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
HOTLINE = "+493055501500"


def numbers(dial: selectors.Dial) -> list[str]:
    return [line.number for line in dial.lines]


def test_the_first_level_line_is_dialled_first_then_the_reference_person_then_the_hotline(
    cpo: Partner, at: datetime
) -> None:
    add_line(cpo, "cpo", Purpose.HOTLINE, HOTLINE)
    dial = dialling.number_to_dial(cpo, "cpo_cc", at, "en")
    assert numbers(dial) == [CPO_CALL_CENTRE, CPO_REFERENCE_PHONE, HOTLINE]
    assert [line.from_form for line in dial.lines] == [True, True, False]


def test_the_msp_is_dialled_at_its_call_centre_then_at_its_reference_person(msp: Partner, at: datetime) -> None:
    dial = dialling.number_to_dial(msp, "msp_cc", at, "en")
    assert numbers(dial) == [MSP_CALL_CENTRE, MSP_REFERENCE_PHONE]


def test_a_number_comes_with_its_opening_state_and_its_age(cpo: Partner, at: datetime) -> None:
    first, person = dialling.number_to_dial(cpo, "cpo_cc", at, "en").lines
    assert (first.open_now, first.opens_at, first.closes_at) == (True, None, None)
    assert (first.shown, first.speaks, first.verified_at, first.answered_at) == (
        "+49 30 55501420",
        True,
        VERIFIED_AT,
        None,
    )
    assert (person.person, person.closes_at) == ("Rita Reference", datetime(2026, 3, 10, 17, 0, tzinfo=UTC))


def test_a_closed_line_goes_behind_an_open_one_and_says_when_it_opens(cpo: Partner) -> None:
    ContactLine.objects.filter(value=CPO_CALL_CENTRE).update(hours="Mon-Fri 08:00-18:00")
    add_line(cpo, "cpo", Purpose.HOTLINE, HOTLINE)
    dial = dialling.number_to_dial(cpo, "cpo_cc", NIGHT, "en")
    assert numbers(dial) == [HOTLINE, CPO_CALL_CENTRE, CPO_REFERENCE_PHONE]
    assert dial.lines[1].opens_at == datetime(2026, 3, 10, 7, 0, tzinfo=UTC)


def test_when_nobody_is_there_none_is_the_number_now_and_the_first_to_open_is_named(cpo: Partner) -> None:
    ContactLine.objects.filter(value=CPO_CALL_CENTRE).update(hours="Tue 11:00-12:00")
    dial = dialling.number_to_dial(cpo, "cpo_cc", NIGHT, "en")
    assert dial.now is None
    assert dial.next_to_open is not None
    assert dial.next_to_open.number == CPO_REFERENCE_PHONE


def test_a_holiday_of_the_partner_closes_its_office_lines(cpo: Partner) -> None:
    good_friday = datetime(2026, 4, 3, 9, 0, tzinfo=UTC)
    _, person = dialling.number_to_dial(cpo, "cpo_cc", good_friday, "en").lines
    assert (person.open_now, person.opens_at) == (False, datetime(2026, 4, 7, 6, 0, tzinfo=UTC))


def test_the_hour_that_is_skipped_in_spring_does_not_move_the_opening(cpo: Partner) -> None:
    ContactLine.objects.filter(value=CPO_CALL_CENTRE).update(hours="Sun 02:30-06:00")
    before = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
    line = next(
        one for one in dialling.number_to_dial(cpo, "cpo_cc", before, "en").lines if one.number == CPO_CALL_CENTRE
    )
    assert (line.open_now, line.opens_at) == (False, datetime(2026, 3, 29, 1, 0, tzinfo=UTC))


def test_among_equal_lines_the_one_that_speaks_the_language_comes_first(cpo: Partner, at: datetime) -> None:
    ContactLine.objects.filter(value=CPO_CALL_CENTRE).update(languages=["de"])
    add_line(cpo, "cpo", Purpose.FIRST_LEVEL, "+493055501421", languages=["en"], priority=2)
    assert dialling.number_to_dial(cpo, "cpo_cc", at, "en").lines[0].number == "+493055501421"
    assert dialling.number_to_dial(cpo, "cpo_cc", at, "de").lines[0].number == CPO_CALL_CENTRE


def test_hours_that_cannot_be_read_count_as_closed_and_are_said_to_be_unread(cpo: Partner, at: datetime) -> None:
    ContactLine.objects.filter(value=CPO_CALL_CENTRE).update(hours="always, more or less")
    line = dialling.number_to_dial(cpo, "cpo_cc", at, "en").lines[-1]
    assert (line.number, line.open_now, line.understood) == (CPO_CALL_CENTRE, False, False)


@pytest.mark.parametrize(("days", "stale"), [(180, False), (181, True)])
def test_a_number_that_was_not_verified_for_half_a_year_is_stale(cpo: Partner, days: int, stale: bool) -> None:
    dial = dialling.number_to_dial(cpo, "cpo_cc", VERIFIED_AT + timedelta(days=days), "en")
    assert dial.lines[0].stale is stale


def test_a_number_that_was_never_verified_is_stale(cpo: Partner, at: datetime) -> None:
    ContactLine.objects.update(verified_at=None)
    assert dialling.number_to_dial(cpo, "cpo_cc", at, "en").lines[0].stale


def test_a_partner_without_a_contact_form_has_nothing_to_dial(msp_desk: Desk, at: datetime) -> None:
    with scope(desk=msp_desk):
        bare = Partner.objects.create(desk=msp_desk, name="Leer", plays_cpo=True)
        dial = dialling.number_to_dial(bare, "cpo_cc", at, "en")
    assert (dial.lines, dial.now, dial.next_to_open) == ((), None, None)


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("msp_support", [MSP_SUPPORT_MAIL]),
        ("msp_fp", [MSP_REFERENCE_MAIL]),
        ("msp_backoffice", [MSP_BACK_OFFICE]),
        ("cpo_backoffice", []),
        ("cpo_fp", []),
    ],
)
def test_a_recipient_of_the_procedure_is_found_in_the_contact_form_of_the_msp(
    msp: Partner, recipient: str, expected: list[str]
) -> None:
    assert selectors.addresses(msp, recipient) == expected


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [("cpo_backoffice", [CPO_BACK_OFFICE]), ("cpo_fp", [CPO_REFERENCE_MAIL]), ("msp_support", [])],
)
def test_a_recipient_of_the_procedure_is_found_in_the_contact_form_of_the_cpo(
    cpo: Partner, recipient: str, expected: list[str]
) -> None:
    assert selectors.addresses(cpo, recipient) == expected


def test_every_reference_person_is_written_to_once(msp: Partner) -> None:
    add_line(msp, "msp", Purpose.REFERENCE_PERSON, "second@voltpass.example", person_name="Second")
    add_line(msp, "msp", Purpose.REFERENCE_PERSON, MSP_REFERENCE_MAIL, person_name="Again")
    assert selectors.addresses(msp, "msp_fp") == [MSP_REFERENCE_MAIL, "second@voltpass.example"]


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("msp_fp", ["+493055502429"]),
        ("msp_support", ["+493055502431"]),
        ("msp_backoffice", ["+493055502432"]),
        ("cpo_fp", []),
        ("cpo_backoffice", []),
        ("user", []),
        ("everybody", []),
        ("", []),
    ],
)
def test_whoever_a_procedure_names_is_dialled_by_the_lines_of_the_contact_form(
    msp: Partner, at: datetime, recipient: str, expected: list[str]
) -> None:
    add_line(msp, "msp", Purpose.MSP_SUPPORT, "+493055502431")
    add_line(msp, "msp", Purpose.BACK_OFFICE, "+493055502432")
    assert [line.number for line in dialling.number_to_dial(msp, recipient, at, "en").lines] == expected


def test_a_reference_person_of_the_cpo_is_dialled_within_its_hours(cpo: Partner, at: datetime) -> None:
    assert [(line.person, line.open_now) for line in dialling.number_to_dial(cpo, "cpo_fp", at, "en").lines] == [
        ("Rita Reference", True)
    ]
    assert dialling.number_to_dial(cpo, "cpo_fp", NIGHT, "en").now is None


def test_an_unknown_recipient_is_refused_by_name(msp: Partner) -> None:
    with pytest.raises(ValueError, match="'everybody' is no recipient"):
        selectors.addresses(msp, "everybody")


@pytest.mark.parametrize("spelling", ["DE*NDL", "DENDL", "de*ndl"])
def test_a_partner_is_found_by_its_operator_id_in_any_spelling(cpo: Partner, spelling: str) -> None:
    assert selectors.partner_of_operator(cpo.desk, spelling) == cpo


@pytest.mark.parametrize("spelling", ["DE-VPS", "DEVPS", "DE*VPS"])
def test_a_partner_is_found_by_its_provider_id_in_any_spelling(msp: Partner, spelling: str) -> None:
    assert selectors.partner_of_provider(msp.desk, spelling) == msp


def test_an_operator_id_of_two_partners_names_neither(cpo: Partner) -> None:
    Partner.objects.create(desk=cpo.desk, name="Zwilling", operator_ids=["DENDL"])
    assert selectors.partner_of_operator(cpo.desk, "DE*NDL") is None


def test_an_unknown_or_unreadable_operator_is_no_partner(cpo: Partner) -> None:
    assert selectors.partner_of_operator(cpo.desk, "FR*XYZ") is None
    assert selectors.partner_of_operator(cpo.desk, "///") is None
    assert selectors.partner_of_provider(cpo.desk, "DE-VPS") is None
