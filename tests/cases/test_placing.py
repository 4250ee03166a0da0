"""A mail finds its case by a person: placed, moved, or a case is opened from it."""

from __future__ import annotations

from datetime import datetime

import pytest
from django_scopes import scope

from builders import MSP_BACK_OFFICE
from case_reading import events, fresh, kinds, known
from cases.conftest import Open
from cases.mails import STRANGER, arrive, now
from roamdesk.cases.actors import Actor
from roamdesk.cases.errors import Refused
from roamdesk.cases.models import Case
from roamdesk.cases.placing import open_case_from, place_mail
from roamdesk.correspondence import intake, reading
from roamdesk.correspondence.models import Arrival
from roamdesk.desks.models import Desk


def test_a_placed_mail_stands_in_the_case_and_says_by_whom(cpo_case: Case, operator: Actor, at: datetime) -> None:
    mail = arrive(cpo_case.desk, at)
    assert mail.verdict == "unplaced"
    place_mail(mail, cpo_case, actor=operator, at=at)
    placed = now(mail)
    assert (placed.verdict, placed.about) == ("placed", f"case:{cpo_case.pk}")
    assert events(cpo_case, "mail_came")[-1].by == operator.name


def test_a_mail_that_is_moved_is_noted_in_both_cases_each_time(
    cpo_case: Case, open_cpo: Open, operator: Actor, at: datetime
) -> None:
    mail, other = arrive(cpo_case.desk, at, f"Subject: {cpo_case.reference}"), open_cpo()
    place_mail(mail, other, actor=operator, at=at)
    place_mail(mail, cpo_case, actor=operator, at=at)
    assert [kind for kind in kinds(cpo_case) if kind.startswith("mail_")] == ["mail_came", "mail_left", "mail_came"]
    assert [kind for kind in kinds(other) if kind.startswith("mail_")] == ["mail_came", "mail_left"]


def test_placed_where_it_stands_nothing_is_written(cpo_case: Case, operator: Actor, at: datetime) -> None:
    mail = arrive(cpo_case.desk, at)
    place_mail(mail, cpo_case, actor=operator, at=at)
    before = kinds(cpo_case)
    place_mail(mail, cpo_case, actor=operator, at=at)
    assert kinds(cpo_case) == before


def test_read_once_more_a_placed_mail_stays_where_it_is(cpo_case: Case, operator: Actor, at: datetime) -> None:
    mail = arrive(cpo_case.desk, at)
    place_mail(mail, cpo_case, actor=operator, at=at)
    later = [cpo_case.desk.mail_from.replace("@", "+x@")]
    intake.store(bytes(mail.raw), recipients=later, sender=STRANGER, via=Arrival.Via.SMTP, at=at)
    reading.read_mail(mail.pk, at)
    assert (now(mail).verdict, now(mail).about) == ("placed", f"case:{cpo_case.pk}")
    assert kinds(cpo_case).count("mail_came") == 1


def test_what_was_not_read_and_what_is_another_desks_cannot_be_placed(
    cpo_case: Case, msp_desk: Desk, operator: Actor, at: datetime
) -> None:
    with pytest.raises(Refused, match="could not be read yet"):
        place_mail(arrive(cpo_case.desk, at, read=False), cpo_case, actor=operator, at=at)
    with pytest.raises(Refused, match="same desk"):
        place_mail(arrive(msp_desk, at), cpo_case, actor=operator, at=at)
    assert "mail_came" not in kinds(cpo_case)


def test_a_case_from_a_partners_mail_is_theirs_and_by_mail(
    cpo_desk: Desk, msp_desk: Desk, operator: Actor, at: datetime
) -> None:
    mail = arrive(cpo_desk, at, "Auto-Submitted: auto-generated", sender=MSP_BACK_OFFICE)
    case = fresh(open_case_from(mail, actor=operator, at=at))
    assert (case.side, str(case.partner), known(case)["caller"]) == ("cpo", "VoltPass", "partner_mail")
    assert (now(mail).verdict, now(mail).about) == ("opened", f"case:{case.pk}")
    assert kinds(case) == ["opened", "mail_came"]


def test_a_case_from_a_strangers_mail_has_no_partner(cpo_desk: Desk, operator: Actor, at: datetime) -> None:
    case = fresh(open_case_from(arrive(cpo_desk, at), actor=operator, at=at))
    assert (case.partner, known(case)["caller"]) == (None, "other")


def test_a_mail_opens_one_case_only(cpo_desk: Desk, operator: Actor, at: datetime) -> None:
    mail = arrive(cpo_desk, at)
    case = open_case_from(mail, actor=operator, at=at)
    with pytest.raises(Refused, match=f"stands in {case.reference} already"):
        open_case_from(mail, actor=operator, at=at)
    with scope(desk=cpo_desk):
        assert Case.objects.count() == 1


def test_a_stranger_with_our_reference_is_said_to_be_unknown(cpo_case: Case, at: datetime) -> None:
    arrive(cpo_case.desk, at, f"Subject: Re: {cpo_case.reference}")
    assert events(cpo_case, "mail_came")[-1].data["what"] == "Mail came in from an unknown sender"
