from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from builders import (
    CPO_BACK_OFFICE,
    CPO_CALL_CENTRE,
    CPO_REFERENCE_MAIL,
    CPO_REFERENCE_PHONE,
    CPO_SUPPORT_MAIL,
    VERIFIED_AT,
)
from roamdesk.partners.contact_form import contact_form, form_state, standings
from roamdesk.partners.models import Partner
from roamdesk.partners.procedures import shipped_version
from roamdesk.procedure import Procedure, load, shipped
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


FRESH = VERIFIED_AT + timedelta(days=30)
HALF_A_YEAR_ON = VERIFIED_AT + timedelta(days=181)
SECOND = load(Path(__file__).parents[1] / "vectors" / "procedures" / "second.yaml")


def state_of(partner: Partner, role: str, procedure: Procedure, at: datetime) -> tuple[str, list[str], list[str]]:
    state = form_state(partner, role, procedure, partner.lines.all(), at)
    return state.standing, [gap.gap for gap in state.gaps], [gap.gap for gap in state.old]


def test_a_full_form_is_ready_and_stale_once_nobody_confirmed_it_for_half_a_year(cpo: Partner) -> None:
    assert state_of(cpo, "cpo", shipped(), FRESH) == ("ready", [], [])
    standing, gaps, old = state_of(cpo, "cpo", shipped(), HALF_A_YEAR_ON)
    assert (standing, gaps) == ("stale", [])
    assert "backoffice_mail" in old


def test_what_an_msp_owes_in_return_is_held_against_its_form(msp: Partner) -> None:
    """A11."""
    assert state_of(msp, "msp", shipped(), FRESH) == ("ready", [], [])
    msp.lines.filter(purpose="call_centre").update(failures=1)
    assert state_of(msp, "msp", shipped(), FRESH) == ("stale", [], ["call_centre"])
    msp.lines.filter(purpose="call_centre").delete()
    assert state_of(msp, "msp", shipped(), FRESH) == ("not_ready", ["call_centre"], [])


def test_another_procedure_asks_for_other_counts(cpo: Partner) -> None:
    assert state_of(cpo, "cpo", SECOND, FRESH) == ("not_ready", ["reference_persons"], [])
    for line in cpo.lines.filter(purpose="reference_person"):
        line.pk, line.person_name, line.value = None, "Rolf Reference", f"{line.value[:-1]}x"
        line.save()
    assert state_of(cpo, "cpo", SECOND, FRESH)[0] == "ready"
    cpo.lines.filter(person_name="Rolf Reference").update(verified_at=None)
    assert state_of(cpo, "cpo", SECOND, FRESH) == ("stale", [], ["reference_persons"])


def test_the_worst_of_its_roles_speaks_for_a_partner(cpo: Partner) -> None:
    assert standings([cpo], {cpo.pk: shipped_version(FRESH)}, FRESH) == {cpo.pk: "ready"}
    cpo.plays_msp = True
    assert standings([cpo], {cpo.pk: shipped_version(FRESH)}, FRESH) == {cpo.pk: "not_ready"}
