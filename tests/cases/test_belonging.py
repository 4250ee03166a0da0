"""Which case a mail belongs to: by the partner and their reference, maybe by what it is about, else a new one (S24)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope

from builders import MSP_BACK_OFFICE
from case_reading import events, fresh, kinds, known, open_rules
from cases.conftest import IDENTIFIED, LABEL, Open
from cases.mails import STRANGER, TEMPLATE, arrive, now
from roamdesk.cases import services
from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case
from roamdesk.cases.understanding import maybes_of
from roamdesk.charging.models import Evse
from roamdesk.correspondence.models import IncomingMail
from roamdesk.desks.models import Desk

SUBJECT = "Subject: Charging does not start"


def case_of(mail: IncomingMail) -> Case:
    with scope(desk=mail.desk):
        return Case.objects.select_related("desk", "partner", "evse").get(pk=mail.about.removeprefix("case:"))


def cases_at(desk: Desk) -> int:
    with scope(desk=desk):
        return Case.objects.count()


def maybe(mail: IncomingMail) -> list[tuple[str, str]]:
    with scope(desk=mail.desk):
        return [(each.case.reference, each.why) for each in maybes_of(mail)]


# ---- a new matter ----


def test_a_partners_mail_about_nothing_known_opens_a_case_by_mail(
    cpo_desk: Desk, msp_desk: Desk, evse: Evse, at: datetime
) -> None:
    mail = arrive(cpo_desk, at, SUBJECT, text=TEMPLATE, sender=MSP_BACK_OFFICE)
    case = case_of(mail)
    assert mail.verdict == "opened"
    assert (case.side, str(case.partner), case.their_reference, case.evse) == ("cpo", "VoltPass", "VPS-88", evse)
    assert (case.route, known(case)["caller"]) == ("mail", "partner_mail")
    assert kinds(case)[:2] == ["opened", "mail_came"]


def test_what_it_is_about_and_an_answer_are_owed_and_nothing_else_is_told_by_machine(
    cpo_desk: Desk, msp_desk: Desk, evse: Evse, at: datetime
) -> None:
    case = case_of(arrive(cpo_desk, at, SUBJECT, text=TEMPLATE, sender=MSP_BACK_OFFICE))
    assert open_rules(case) == {"sort_mail_cpo", "answer_as_cpo"}
    assert set(known(case)) == {"side", "caller", "evse_id", "evse_label", "plug"}


def test_a_colleague_at_the_partners_domain_opens_one_too(cpo_desk: Desk, msp_desk: Desk, at: datetime) -> None:
    assert arrive(cpo_desk, at, SUBJECT, sender="new@voltpass.example").verdict == "opened"


@pytest.mark.parametrize("mark", ["Auto-Submitted: auto-generated", "Precedence: bulk", "List-Id: <x.example>"])
def test_a_machines_mail_opens_nothing(cpo_desk: Desk, msp_desk: Desk, at: datetime, mark: str) -> None:
    assert arrive(cpo_desk, at, SUBJECT, mark, sender=MSP_BACK_OFFICE).verdict == "automatic"
    assert cases_at(cpo_desk) == 0


def test_a_strangers_mail_waits_for_a_person(cpo_desk: Desk, msp_desk: Desk, at: datetime) -> None:
    assert arrive(cpo_desk, at, SUBJECT, text=TEMPLATE).verdict == "unplaced"
    assert cases_at(cpo_desk) == 0


def test_words_of_danger_are_a_persons_to_judge(cpo_desk: Desk, msp_desk: Desk, at: datetime) -> None:
    case = case_of(arrive(cpo_desk, at, "Subject: DANGER, it burns", sender=MSP_BACK_OFFICE))
    assert (case.route, case.is_danger) == ("mail", False)


def test_the_same_mail_read_twice_opens_one_case(cpo_desk: Desk, msp_desk: Desk, at: datetime) -> None:
    mail = arrive(cpo_desk, at, SUBJECT, sender=MSP_BACK_OFFICE)
    arrive(cpo_desk, at + timedelta(minutes=1), SUBJECT, sender=MSP_BACK_OFFICE)
    assert (cases_at(cpo_desk), kinds(case_of(mail)).count("mail_came")) == (1, 1)


# ---- the partner and their reference ----


@pytest.fixture
def ticket(cpo_case: Case, operator: Actor, at: datetime) -> Case:
    """VoltPass's ticket VPS-88, at Nordlade."""
    return services.set_their_reference(cpo_case, "VPS-88", actor=operator, at=at)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Subject: [VPS-88] news", "Hello"),
        ("Subject: vps-88: news", "Hello"),
        ("Subject: news", "Our reference: VPS-88"),
        ("Subject: Neues", "Unser Zeichen: VPS-88"),
    ],
)
def test_a_partner_and_its_reference_find_the_case(ticket: Case, at: datetime, subject: str, text: str) -> None:
    mail = arrive(ticket.desk, at, subject, text=text, sender=MSP_BACK_OFFICE)
    assert (mail.verdict, mail.about) == ("thread", f"case:{ticket.pk}")
    assert "their reference VPS-88" in mail.reason


def test_our_reference_in_a_partners_words_finds_its_case(cpo_case: Case, at: datetime) -> None:
    text = f"Ihre Referenz: {cpo_case.reference}"
    assert arrive(cpo_case.desk, at, text=text, sender=MSP_BACK_OFFICE).about == f"case:{cpo_case.pk}"
    assert arrive(cpo_case.desk, at, text=text, sender=STRANGER).verdict == "unplaced"


def test_a_stranger_with_the_partners_reference_finds_nothing(ticket: Case, at: datetime) -> None:
    assert arrive(ticket.desk, at, "Subject: [VPS-88] news").verdict == "unplaced"


def test_one_reference_of_two_open_cases_is_not_decided_by_machine(
    ticket: Case, open_cpo: Open, operator: Actor, at: datetime
) -> None:
    services.set_their_reference(open_cpo(), "VPS-88", actor=operator, at=at)
    mail = arrive(ticket.desk, at, f"Subject: [VPS-88] {LABEL}", sender=MSP_BACK_OFFICE)
    assert mail.verdict == "unplaced"


def test_our_own_reference_counts_before_theirs(ticket: Case, open_cpo: Open, at: datetime) -> None:
    other = open_cpo()
    mail = arrive(ticket.desk, at, f"Subject: [VPS-88] {other.reference}", sender=MSP_BACK_OFFICE)
    assert mail.about == f"case:{other.pk}"


# ---- a machine's "received" ----


def acknowledged(case: Case, at: datetime, sender: str = MSP_BACK_OFFICE) -> None:
    subject = f"Subject: [Ticket#88551] Re: {case.reference}"
    arrive(case.desk, at, subject, "Auto-Submitted: auto-replied", sender=sender)


def test_a_received_mail_of_their_system_tells_their_reference(cpo_case: Case, at: datetime) -> None:
    acknowledged(cpo_case, at)
    assert fresh(cpo_case).their_reference == "88551"
    assert events(cpo_case, "their_reference")[-1].through == "mail"


def test_a_reference_that_is_known_stays(ticket: Case, at: datetime) -> None:
    acknowledged(ticket, at)
    assert fresh(ticket).their_reference == "VPS-88"


def test_a_strangers_machine_tells_no_reference(cpo_case: Case, at: datetime) -> None:
    acknowledged(cpo_case, at, STRANGER)
    assert fresh(cpo_case).their_reference == ""


# ---- maybe ----


@pytest.mark.parametrize(
    ("facts", "text", "why"),
    [
        ({}, f"EVSE id: {LABEL}", "the same EVSE"),
        (IDENTIFIED, "Token: 04:A2:B3:C4:D5:E6:80", "the same token"),
        ({"session_id": "S-1"}, "Session id: S-1", "the same session"),
        ({"cdr_id": "C-1"}, "CDR id: C-1", "the same CDR"),
    ],
)
def test_what_a_mail_is_about_is_offered_and_never_decided(
    open_cpo: Open, at: datetime, facts: dict[str, Any], text: str, why: str
) -> None:
    case = open_cpo(**facts)
    mail = arrive(case.desk, at + timedelta(days=2), SUBJECT, text=text, sender=MSP_BACK_OFFICE)
    assert (mail.verdict, mail.about) == ("unplaced", "")
    assert maybe(mail) == [(case.reference, why)]
    assert case.reference in mail.reason
    assert "mail_came" not in kinds(case)


def test_the_evse_in_a_subject_counts_too(cpo_case: Case, at: datetime) -> None:
    mail = arrive(cpo_case.desk, at, f"Subject: Problem at {LABEL}", sender=MSP_BACK_OFFICE)
    assert maybe(mail) == [(cpo_case.reference, "the same EVSE")]


def test_after_the_window_a_closed_case_is_not_offered(solved_case: Case, operator: Actor, at: datetime) -> None:
    services.depart(solved_case, "mail_success", "told by phone", actor=operator, at=at)
    assert fresh(solved_case).state == "closed"
    within = arrive(solved_case.desk, at + timedelta(days=13), text=f"EVSE: {LABEL}", sender=MSP_BACK_OFFICE)
    after = arrive(solved_case.desk, at + timedelta(days=15), SUBJECT, text=f"EVSE: {LABEL}", sender=MSP_BACK_OFFICE)
    assert (within.verdict, after.verdict) == ("unplaced", "opened")


def test_another_partners_case_is_not_offered_to_a_partner(cpo_case: Case, at: datetime) -> None:
    from builders import add_line
    from roamdesk.partners.models import ContactLine, Partner

    with scope(desk=cpo_case.desk):
        other = Partner.objects.create(desk=cpo_case.desk, name="Stromfahrt", plays_msp=True)
        add_line(other, "msp", ContactLine.Purpose.BACK_OFFICE, "office@stromfahrt.example")
    mail = arrive(cpo_case.desk, at, text=f"EVSE: {LABEL}", sender="office@stromfahrt.example")
    assert mail.verdict == "opened"
    assert now(mail).about != f"case:{cpo_case.pk}"


def test_a_stranger_is_offered_to_every_case_that_it_may_belong_to(cpo_case: Case, at: datetime) -> None:
    assert maybe(arrive(cpo_case.desk, at, text=f"EVSE: {LABEL}")) == [(cpo_case.reference, "the same EVSE")]
