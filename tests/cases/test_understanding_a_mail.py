"""What was understood of a mail is a proposal; a person confirms it, and only then it is known (S32, S33, A10, A20)."""

from __future__ import annotations

from datetime import datetime

import pytest
from django_scopes import scope

from builders import MSP_BACK_OFFICE
from case_reading import events, fresh, kinds, known
from cases.conftest import LABEL
from cases.mails import TEMPLATE, arrive
from roamdesk.cases.actors import Actor
from roamdesk.cases.errors import FactRefused, Refused
from roamdesk.cases.models import Case, MailReading
from roamdesk.cases.placing import place_mail
from roamdesk.cases.services import erase_personal_values
from roamdesk.cases.understanding import Proposal, confirm_understood, open_proposals, reading_of, reject_understood
from roamdesk.cases.words import full
from roamdesk.charging.models import Evse
from roamdesk.correspondence.models import IncomingMail
from roamdesk.desks.models import Desk


@pytest.fixture
def mail(cpo_desk: Desk, msp_desk: Desk, evse: Evse, at: datetime) -> IncomingMail:
    """A partner's mail with the template, which has opened a case."""
    return arrive(cpo_desk, at, text=TEMPLATE, sender=MSP_BACK_OFFICE)


@pytest.fixture
def case(mail: IncomingMail) -> Case:
    with scope(desk=mail.desk):
        return Case.objects.select_related("desk", "partner").get(pk=mail.about.removeprefix("case:"))


def proposed(mail: IncomingMail, case: Case) -> dict[str, Proposal]:
    with scope(desk=mail.desk):
        reading = reading_of(mail)
        return {each.name: each for each in open_proposals(reading, fresh(case))} if reading else {}


def test_what_the_case_knows_already_is_not_proposed(mail: IncomingMail, case: Case) -> None:
    assert set(proposed(mail, case)) == {"date_time", "token", "cdr_id", "event"}


def test_confirmed_it_is_known_with_whoever_confirmed_it(
    mail: IncomingMail, case: Case, operator: Actor, at: datetime
) -> None:
    confirm_understood(case, mail, actor=operator, at=at)
    told = known(case)
    assert told["event_time"] == "2026-03-10T09:00:00+00:00"
    assert (told["time_exact"], told["cdr_reason"]) == ("yes", "the session runs")
    assert told["issue"] == "The session does not start."
    with scope(desk=case.desk):
        assert full(fresh(case), "token", told["token"]) == "04A2B3C4D5E680"
    (event,) = events(case, "facts")
    assert (event.by, event.data["note"]) == (operator.name, f"Confirmed from the mail of {MSP_BACK_OFFICE}")
    assert proposed(mail, case) == {}


def test_a_person_may_correct_and_confirm_one_field_alone(
    mail: IncomingMail, case: Case, operator: Actor, at: datetime
) -> None:
    confirm_understood(case, mail, ["event"], edited={"issue": "It did not start."}, actor=operator, at=at)
    assert known(case)["issue"] == "It did not start."
    assert set(proposed(mail, case)) == {"date_time", "token", "cdr_id"}


def test_only_what_was_proposed_can_be_corrected(mail: IncomingMail, case: Case, operator: Actor, at: datetime) -> None:
    confirm_understood(case, mail, ["event"], edited={"outcome": "successful"}, actor=operator, at=at)
    assert "outcome" not in known(case)


def test_what_is_rejected_tells_nothing(mail: IncomingMail, case: Case, operator: Actor, at: datetime) -> None:
    reject_understood(case, mail, "token", actor=operator, at=at)
    confirm_understood(case, mail, actor=operator, at=at)
    assert "token" not in known(case)
    with pytest.raises(Refused, match="Nothing is left"):
        reject_understood(case, mail, "token", actor=operator, at=at)


def test_confirmed_twice_is_refused_and_changes_nothing(
    mail: IncomingMail, case: Case, operator: Actor, at: datetime
) -> None:
    confirm_understood(case, mail, actor=operator, at=at)
    before = kinds(case)
    with pytest.raises(Refused, match="Nothing is left to confirm"):
        confirm_understood(case, mail, actor=operator, at=at)
    assert kinds(case) == before


def test_a_value_that_cannot_be_taken_changes_nothing(
    mail: IncomingMail, case: Case, operator: Actor, at: datetime
) -> None:
    with pytest.raises(FactRefused, match="no time"):
        confirm_understood(case, mail, edited={"event_time": "nine"}, actor=operator, at=at)
    assert events(case, "facts") == []
    assert "event" in proposed(mail, case)


def test_a_mail_of_another_case_confirms_nothing_here(
    mail: IncomingMail, cpo_case: Case, operator: Actor, at: datetime
) -> None:
    with pytest.raises(Refused, match="stands in another case"):
        confirm_understood(cpo_case, mail, actor=operator, at=at)


def test_a_placed_mail_brings_what_was_understood_along(cpo_case: Case, operator: Actor, at: datetime) -> None:
    mail = arrive(cpo_case.desk, at, text=TEMPLATE)
    assert mail.verdict == "unplaced"
    place_mail(mail, cpo_case, actor=operator, at=at)
    confirm_understood(cpo_case, mail, ["their_reference", "date_time"], actor=operator, at=at)
    assert fresh(cpo_case).their_reference == "VPS-88"
    assert "event_time" in known(cpo_case)


def test_read_once_more_what_was_decided_stays(mail: IncomingMail, case: Case, operator: Actor, at: datetime) -> None:
    from roamdesk.cases.understanding import keep_reading
    from roamdesk.correspondence.parsing.mail import parse

    reject_understood(case, mail, "token", actor=operator, at=at)
    with scope(desk=case.desk):
        keep_reading(mail, parse(bytes(mail.raw)))
    assert "token" not in proposed(mail, case)


def test_a_quote_of_our_own_mail_proposes_nothing(cpo_case: Case, at: datetime) -> None:
    text = f"Thanks.\n\n> EVSE id: {LABEL}\n> Event: The cable does not come out.\n"
    mail = arrive(cpo_case.desk, at, f"Subject: Re: {cpo_case.reference}", text=text, sender=MSP_BACK_OFFICE)
    assert proposed(mail, cpo_case) == {}


def test_erased_with_the_user_nothing_of_it_is_left(
    mail: IncomingMail, case: Case, operator: Actor, at: datetime
) -> None:
    erase_personal_values(case, actor=operator, at=at)
    with scope(desk=case.desk):
        assert not MailReading.objects.exists()
