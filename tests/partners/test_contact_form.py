from __future__ import annotations

import pytest

from builders import CPO_BACK_OFFICE, CPO_CALL_CENTRE, CPO_REFERENCE_MAIL, CPO_REFERENCE_PHONE, CPO_SUPPORT_MAIL
from roamdesk.partners.contact_form import contact_form
from roamdesk.partners.models import Partner
from roamdesk.procedure.readiness import ContactForm


def test_the_form_of_a_cpo_holds_every_line_that_the_readiness_check_asks_for(cpo: Partner) -> None:
    form = contact_form(cpo, "cpo")
    assert {(line.purpose, line.channel, line.value) for line in form.lines} == {
        ("first_level", "phone", CPO_CALL_CENTRE),
        ("first_level", "mail", CPO_SUPPORT_MAIL),
        ("back_office", "mail", CPO_BACK_OFFICE),
        ("reference_person", "phone", CPO_REFERENCE_PHONE),
        ("reference_person", "mail", CPO_REFERENCE_MAIL),
    }
    assert (form.published, form.procedures_agreed) == (True, True)


def test_a_line_carries_hours_languages_and_the_person_with_skills(cpo: Partner) -> None:
    phone = next(line for line in contact_form(cpo, "cpo").lines if line.value == CPO_REFERENCE_PHONE)
    assert (phone.hours, phone.languages) == ("Mon-Fri 08:00-18:00", ("de", "en"))
    assert (phone.person, phone.operational_skills) == ("Rita Reference", True)


def test_the_form_in_a_role_that_the_partner_never_filled_in_has_no_line(cpo: Partner) -> None:
    assert contact_form(cpo, "msp").lines == ()


def test_a_form_that_was_never_filled_in_is_empty_and_not_published(cpo: Partner) -> None:
    bare = Partner.objects.create(desk=cpo.desk, name="Leer", plays_cpo=True)
    assert contact_form(bare, "cpo") == ContactForm(published=False, procedures_agreed=False)


def test_another_role_is_refused(cpo: Partner) -> None:
    with pytest.raises(ValueError, match="no role"):
        contact_form(cpo, "hub")
