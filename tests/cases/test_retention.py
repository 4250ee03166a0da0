"""A desk keeps personal values for so many days, then a clock erases them; the history stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django_scopes import scope

from case_reading import kinds
from cases.conftest import TOKEN, Open
from cases.mails import TEMPLATE, arrive, now
from roamdesk.cases.integrity import verify_chains
from roamdesk.cases.models import Case, MailReading, PersonalValue
from roamdesk.cases.retention import run_retention
from roamdesk.correspondence.models import ERASED
from roamdesk.desks.models import Desk
from roamdesk.desks.services import keep_personal_values

DAYS = timedelta(days=91)


def values(case: Case) -> set[str]:
    with scope(desk=case.desk):
        return set(PersonalValue.objects.filter(case=case).values_list("value", flat=True))


def test_a_closed_case_is_erased_once_with_its_mails_and_its_chain_holds(closed_case: Case, at: datetime) -> None:
    mail = arrive(closed_case.desk, at, f"Subject: Re: {closed_case.reference}", text=f"Token {TOKEN}")
    assert mail.about == f"case:{closed_case.pk}"
    assert [run_retention(at + DAYS) for _ in range(2)] == [1, 0]
    assert values(closed_case) == {""}
    assert now(mail).subject == ERASED
    assert kinds(closed_case).count("erased") == 1
    assert list(verify_chains()) == []


def test_a_case_is_kept_while_it_is_open_and_as_long_as_its_desk_says(closed_case: Case, at: datetime) -> None:
    keep_personal_values(closed_case.desk, 120)
    assert run_retention(at + DAYS) == 0
    assert TOKEN in values(closed_case)
    assert run_retention(at + timedelta(days=121)) == 1


def test_an_open_case_is_never_erased(open_cpo: Open, at: datetime) -> None:
    case = open_cpo(token=TOKEN)
    assert run_retention(at + DAYS * 10) == 0
    assert values(case) == {TOKEN}


def test_a_mail_that_belongs_to_no_case_is_erased_by_its_own_age(cpo_desk: Desk, at: datetime) -> None:
    mail = arrive(cpo_desk, at, "Subject: A token", text=TEMPLATE)
    run_retention(at + timedelta(days=89))
    assert now(mail).erased_at is None
    run_retention(at + DAYS)
    assert now(mail).erased_at == at + DAYS
    with scope(desk=cpo_desk):
        assert not MailReading.objects.filter(mail=mail).exists()


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_a_length_that_makes_no_sense_is_refused(cpo_desk: Desk, days: int) -> None:
    with pytest.raises(ValueError, match="Between 1 and 3650"):
        keep_personal_values(cpo_desk, days)
