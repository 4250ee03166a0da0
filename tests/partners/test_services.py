from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from builders import CPO_CALL_CENTRE
from roamdesk.partners import services
from roamdesk.partners.models import ContactLine, Partner


def save(partner: Partner, at: datetime, **changes: Any) -> ContactLine:
    values: dict[str, Any] = {
        "role": "cpo",
        "purpose": "first_level",
        "channel": "phone",
        "value": "030 5550 142",
        "languages": ["en", " DE", "en"],
        "hours": "Mon-Fri  08:00-18:00",
    }
    return services.save_line(partner, at=at, **values | changes)


def test_a_number_is_kept_with_its_country_and_counts_as_verified(cpo: Partner, at: datetime) -> None:
    line = save(cpo, at)
    assert (line.value, line.verified_at, line.desk) == ("+49305550142", at, cpo.desk)
    assert (line.languages, line.hours) == (["en", "de"], "Mon-Fri 08:00-18:00")


def test_a_changed_number_loses_the_age_of_its_last_answer(cpo: Partner, at: datetime) -> None:
    line = save(cpo, at)
    services.line_answered(line, at)
    line.refresh_from_db()
    assert save(cpo, at, line=line).last_answered_at == at
    assert save(cpo, at, line=line, value="+49 30 5550 143").last_answered_at is None
    assert ContactLine.objects.filter(pk=line.pk).count() == 1


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"value": "12"}, "value", "no phone number"),
        ({"value": "+49 30 5550 142 142 142 142 142"}, "value", "no phone number"),
        ({"value": "call us"}, "value", "no phone number"),
        ({"value": "٠٣٠٥٥٥٠١٤٢"}, "value", "no phone number"),
        ({"value": ""}, "value", "no phone number"),
        ({"value": "x" * 10_000_000}, "value", "no phone number"),
        ({"channel": "mail", "value": "nobody"}, "value", "no e-mail address"),
        ({"channel": "mail", "value": "a@b.example\nBcc: c@d.example"}, "value", "no e-mail address"),
        ({"channel": "pigeon"}, "channel", "phone or mail"),
        ({"purpose": "friends"}, "purpose", "Choose a purpose"),
        ({"role": "msp"}, "role", "belongs to a contact form as CPO"),
        ({"purpose": "call_centre"}, "role", "belongs to a contact form as MSP"),
        ({"hours": "whenever"}, "hours", "not understood"),
        ({"hours": "x" * 300}, "hours", "at most 200"),
        ({"languages": ["english"]}, "languages", "two letters"),
        ({"purpose": "reference_person"}, "person_name", "needs a name"),
        ({"person_name": "x" * 81}, "person_name", "at most 80"),
        ({"priority": 0}, "priority", "1 to 99"),
    ],
)
def test_a_line_that_cannot_stand_is_refused_by_field_and_changes_nothing(
    cpo: Partner, at: datetime, changes: dict[str, Any], field: str, words: str
) -> None:
    before = ContactLine.objects.count()
    with pytest.raises(services.LineRefused) as refused:
        save(cpo, at, **changes)
    assert words in refused.value.faults[field]
    assert ContactLine.objects.count() == before


def test_all_faults_are_told_at_once(cpo: Partner, at: datetime) -> None:
    with pytest.raises(services.LineRefused) as refused:
        save(cpo, at, value="12", hours="whenever", languages=["x"])
    assert set(refused.value.faults) == {"value", "hours", "languages"}


def test_a_line_of_another_partner_is_not_touched(cpo: Partner, at: datetime) -> None:
    other = Partner.objects.create(desk=cpo.desk, name="Andere", plays_cpo=True)
    theirs = save(other, at)
    with pytest.raises(services.LineRefused, match="another partner"):
        save(cpo, at, line=theirs, value="+49 30 5550 199")
    theirs.refresh_from_db()
    assert theirs.value == "+49305550142"


def put(partner: Partner, at: datetime | None, **changes: Any) -> ContactLine:
    values: dict[str, Any] = {"role": "cpo", "purpose": "first_level", "value": "030 5550 142"}
    return services.put_line(partner, at=at, **values | changes)


def test_a_line_that_is_told_again_is_corrected_and_stays_as_verified_as_it_was(cpo: Partner, at: datetime) -> None:
    first = put(cpo, at)
    again = put(cpo, None, value="+49 30 5550142", hours="Mon-Fri 08:00-18:00")
    assert (again.pk, again.hours, again.verified_at) == (first.pk, "Mon-Fri 08:00-18:00", at)
    assert put(cpo, at + timedelta(days=1)).verified_at == at + timedelta(days=1)


def test_a_line_that_nobody_tried_was_never_verified(cpo: Partner, at: datetime) -> None:
    assert put(cpo, None, changed_at=at).verified_at is None


def test_two_reference_persons_may_share_a_number(cpo: Partner, at: datetime) -> None:
    changes = {"purpose": "reference_person", "value": "+49 30 5550 188"}
    assert put(cpo, at, person_name="A. Adler", **changes).pk != put(cpo, at, person_name="B. Bär", **changes).pk


def test_mail_is_told_by_its_sign_and_a_bad_value_is_refused(cpo: Partner, at: datetime) -> None:
    assert put(cpo, at, value="help@nordlade.example").channel == "mail"
    with pytest.raises(services.LineRefused, match="no phone number"):
        put(cpo, at, value="help")


def test_an_answer_makes_the_line_fresher_and_never_older(cpo: Partner, at: datetime) -> None:
    line = ContactLine.objects.get(value=CPO_CALL_CENTRE)
    services.line_answered(line, at)
    services.line_answered(line, at - timedelta(days=1))
    line.refresh_from_db()
    assert line.last_answered_at == at
