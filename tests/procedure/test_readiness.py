"""Is a partner ready (S1 to S5), and when is the kick-off meeting due (S6, A18)?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from procedure.situations import hubject
from roamdesk.procedure.readiness import ContactForm, FormLine, kick_off_due, readiness

SUPPORT = FormLine("first_level", "phone", "+390000000001", "24/7", ("en", "it"))
BACK_OFFICE = FormLine("back_office", "mail", "backoffice@nordlade.example", "business", ("en",))
PHONE = FormLine("reference_person", "phone", "+390000000002", person="R. One", operational_skills=True)
MAIL = FormLine("reference_person", "mail", "one@nordlade.example", person="R. One", operational_skills=True)
COMPLETE = ContactForm(True, True, (SUPPORT, BACK_OFFICE, PHONE, MAIL))


def gaps(form: ContactForm, role: str = "cpo") -> list[tuple[str, tuple[str, ...]]]:
    return [(gap.gap, gap.cites) for gap in readiness(hubject(), role, form).gaps]


def test_a_complete_form_is_ready() -> None:
    """R-01."""
    assert readiness(hubject(), "cpo", COMPLETE).ready


def test_a_support_line_on_weekdays_only_is_a_gap() -> None:
    """R-02."""
    line = replace(SUPPORT, hours="Mon-Fri 08:00-18:00")
    form = replace(COMPLETE, lines=(line, BACK_OFFICE, PHONE, MAIL))
    assert gaps(form) == [("support_phone_hours", ("S1",))]
    assert readiness(hubject(), "cpo", form).gaps[0].why == "It is needed 24/7, Mon-Fri 08:00-18:00 is given."


def test_no_reference_person_is_a_gap() -> None:
    """R-03."""
    assert gaps(replace(COMPLETE, lines=(SUPPORT, BACK_OFFICE))) == [("reference_person", ("S3",))]


def test_two_gaps_are_both_named() -> None:
    """R-04."""
    form = ContactForm(False, True, (SUPPORT, PHONE, MAIL))
    assert gaps(form) == [("backoffice_mail", ("S2",)), ("form_published", ("S5",))]


def test_the_kick_off_is_due_after_five_business_days() -> None:
    """R-05."""
    assert kick_off_due(hubject(), date(2026, 5, 30), frozenset({date(2026, 6, 2)})) == date(2026, 6, 8)


@pytest.mark.parametrize(
    "lines",
    [
        (PHONE,),
        (MAIL,),
        (PHONE, replace(MAIL, person="R. Two")),
        (replace(PHONE, operational_skills=False), replace(MAIL, operational_skills=False)),
        (replace(PHONE, value=" "), MAIL),
    ],
)
def test_a_reference_person_needs_mail_and_phone_and_skills(lines: tuple[FormLine, ...]) -> None:
    assert gaps(replace(COMPLETE, lines=(SUPPORT, BACK_OFFICE, *lines))) == [("reference_person", ("S3",))]


@pytest.mark.parametrize("hours", ["Mon-Sun 00:00-24:00", "00:00-12:00, 12:00-24:00"])
def test_hours_that_leave_no_minute_out_are_around_the_clock(hours: str) -> None:
    line = replace(SUPPORT, hours=hours)
    assert gaps(replace(COMPLETE, lines=(line, BACK_OFFICE, PHONE, MAIL))) == []


@pytest.mark.parametrize("hours", ["", "always, honest", "closed"])
def test_hours_that_say_nothing_are_a_gap(hours: str) -> None:
    line = replace(SUPPORT, hours=hours)
    assert gaps(replace(COMPLETE, lines=(line, BACK_OFFICE, PHONE, MAIL))) == [("support_phone_hours", ("S1",))]


def test_a_line_without_english_is_a_gap_that_names_the_languages_given() -> None:
    form = replace(COMPLETE, lines=(replace(SUPPORT, languages=("it",)), BACK_OFFICE, PHONE, MAIL))
    assert readiness(hubject(), "cpo", form).gaps[0].why == "It is needed in 'en', it is given."


def test_an_msp_owes_an_entry_too() -> None:
    """A11."""
    assert [gap for gap, _ in gaps(ContactForm(True, True), "msp")] == [
        "call_centre", "msp_support", "focal_points", "backoffice_mail",
    ]  # fmt: skip
