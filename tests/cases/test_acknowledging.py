"""A partner's mail is acknowledged once in a case, in its language; a machine's never, and never beyond the budget."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django_scopes import scope

from case_reading import events, fresh, kinds
from cases.conftest import LABEL, Open
from cases.taking import messages, take
from roamdesk.cases.acknowledging import language_of
from roamdesk.cases.actors import Actor
from roamdesk.cases.attention import attend
from roamdesk.cases.clocks import run_clocks
from roamdesk.cases.errors import Refused
from roamdesk.cases.models import Case
from roamdesk.cases.notices import send_notice
from roamdesk.cases.placing import place_mail
from roamdesk.correspondence import sending
from roamdesk.correspondence.budgets import keep_rules
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Desk
from roamdesk.partners.models import ContactLine, Partner

HOUR = timedelta(hours=1)


@pytest.fixture
def acknowledging(cpo_desk: Desk, msp_desk: Desk) -> Desk:
    with scope(desk=cpo_desk):
        keep_rules(cpo_desk, {"acknowledges": True})
        ContactLine.objects.filter(purpose=ContactLine.Purpose.BACK_OFFICE).update(languages=["en", "de"])
    return cpo_desk


def acknowledgements(case: Case) -> list[Message]:
    return messages(case, origin=Message.Origin.REPLIED)


def write(case: Case, at: datetime, *more: str, sender: str = "a.agent@voltpass.example", n: int = 1) -> None:
    take(case.desk, at, f"Subject: Re: {case.reference}", f"Message-ID: <t{n}@voltpass.example>", *more, sender=sender)


def test_a_partners_mail_is_acknowledged_with_our_reference_in_its_thread(
    cpo_case: Case, acknowledging: Desk, at: datetime
) -> None:
    take(acknowledging, at, f"Subject: {cpo_case.reference} billed twice", "Message-ID: <t1@voltpass.example>")
    [sent] = acknowledgements(cpo_case)
    mail = sending.compose(sent)
    assert sent.to == ["a.agent@voltpass.example"]
    assert mail["Subject"] == f"Re: {cpo_case.reference} billed twice"
    assert (mail["In-Reply-To"], mail["References"]) == ("<t1@voltpass.example>", "<t1@voltpass.example>")
    assert f"It stands in our case {cpo_case.reference}" in sent.text
    assert f"Please keep {cpo_case.reference} in the subject" in sent.text
    assert "nobody has read your mail yet" in sent.text
    assert [event.data["to"] for event in events(cpo_case, "acknowledged")] == ["a.agent@voltpass.example"]


def test_a_subject_without_our_reference_gets_it(cpo_case: Case, acknowledging: Desk, at: datetime) -> None:
    mail = take(acknowledging, at, "Subject: Billed twice", "Message-ID: <t1@voltpass.example>")
    with scope(desk=acknowledging):
        case = Case.objects.get(pk=mail.about.removeprefix("case:"))
    [sent] = acknowledgements(case)
    assert sent.subject == f"Re: Billed twice [{case.reference}]"


@pytest.mark.parametrize("message_id", ["", "Message-ID: <ü@voltpass.example>", f"Message-ID: <{'x' * 990}@v.example>"])
def test_a_mail_whose_number_no_header_can_bear_is_acknowledged_all_the_same(
    cpo_case: Case, acknowledging: Desk, at: datetime, message_id: str
) -> None:
    take(acknowledging, at, f"Subject: {cpo_case.reference}", *filter(None, [message_id]))
    [sent] = acknowledgements(cpo_case)
    assert "In-Reply-To" not in sent.headers
    assert max(map(len, bytes(sending.compose(sent)).split(b"\r\n"))) < 998


def test_a_mail_that_a_person_places_is_acknowledged_then(
    cpo_case: Case, acknowledging: Desk, operator: Actor, at: datetime
) -> None:
    mail = take(acknowledging, at, f"Subject: about {LABEL}")
    assert mail.about == ""
    place_mail(mail, cpo_case, actor=operator, at=at + HOUR)
    assert [sent.queued_at for sent in acknowledgements(cpo_case)] == [at + HOUR]


def test_the_second_mail_of_a_partner_is_not_acknowledged_whatever_its_address(
    cpo_case: Case, acknowledging: Desk, at: datetime
) -> None:
    write(cpo_case, at)
    write(cpo_case, at + HOUR, n=2)
    write(cpo_case, at + 2 * HOUR, sender="support+x81f@voltpass.example", n=3)
    write(cpo_case, at + 50 * HOUR, sender="someone.else@voltpass.example", n=4)
    assert len(acknowledgements(cpo_case)) == 1


def test_each_case_has_its_own(open_cpo: Open, acknowledging: Desk, at: datetime) -> None:
    first, second = open_cpo(), open_cpo()
    write(first, at)
    write(second, at, n=2)
    assert [len(acknowledgements(case)) for case in (first, second)] == [1, 1]


@pytest.mark.parametrize(
    "mark",
    [
        "Auto-Submitted: auto-replied",
        "Precedence: bulk",
        "List-Id: <x.voltpass.example>",
        "X-Auto-Response-Suppress: All",
        "Return-Path: <>",
        "X-Roamdesk-Automatic: generated",
    ],
)
def test_a_machine_is_not_acknowledged(cpo_case: Case, acknowledging: Desk, at: datetime, mark: str) -> None:
    write(cpo_case, at, mark)
    assert "mail_came" in kinds(cpo_case)
    assert acknowledgements(cpo_case) == []


def test_neither_is_the_null_sender_nor_an_address_that_nobody_reads(
    cpo_case: Case, acknowledging: Desk, at: datetime
) -> None:
    take(acknowledging, at, f"Subject: {cpo_case.reference}", envelope="")
    write(cpo_case, at, sender="no-reply@voltpass.example")
    assert acknowledgements(cpo_case) == []


def test_a_stranger_who_knows_our_reference_cannot_have_us_write_to_anybody(
    cpo_case: Case, acknowledging: Desk, at: datetime
) -> None:
    write(cpo_case, at, sender="victim@elsewhere.example")
    write(cpo_case, at, sender=acknowledging.mail_from, n=2)
    assert acknowledgements(cpo_case) == []


def test_a_desk_that_does_not_want_it_acknowledges_nothing(cpo_case: Case, at: datetime) -> None:
    write(cpo_case, at)
    assert acknowledgements(cpo_case) == []


@pytest.mark.parametrize(
    ("languages", "words"),
    [
        (["de", "en"], "liegt uns vor"),
        (["it"], "abbiamo la Vostra e-mail"),
        (["fr", "en"], "nous avons votre courriel"),
        (["nl"], "we have your mail"),
        ([], "we have your mail"),
    ],
)
def test_it_is_written_in_the_language_of_the_partners_back_office(
    cpo_case: Case, acknowledging: Desk, at: datetime, languages: list[str], words: str
) -> None:
    with scope(desk=acknowledging):
        ContactLine.objects.filter(purpose=ContactLine.Purpose.BACK_OFFICE).update(languages=languages)
    write(cpo_case, at)
    [sent] = acknowledgements(cpo_case)
    assert words in sent.text
    assert cpo_case.reference in sent.text


def test_the_line_of_the_very_address_decides_on_the_language(cpo_case: Case, acknowledging: Desk) -> None:
    with scope(desk=acknowledging):
        partner = Partner.objects.get(desk=acknowledging)
        ContactLine.objects.filter(value="support@voltpass.example").update(languages=["it", "en"])
        assert language_of(partner, "Support@voltpass.example") == "it"
        assert language_of(partner, "x@voltpass.example") == "en"


# ---- budgets ----


def test_beyond_the_budget_nothing_leaves_and_the_case_says_so(
    open_cpo: Open, acknowledging: Desk, at: datetime
) -> None:
    with scope(desk=acknowledging):
        keep_rules(acknowledging, {"replies_per_hour": 2})
    cases = [open_cpo() for _ in range(4)]
    for n, case in enumerate(cases):
        write(case, at + n * timedelta(minutes=1), n=n)
    assert [len(acknowledgements(case)) for case in cases] == [1, 1, 0, 0]
    assert "replies to VoltPass in an hour is used up (2)" in fresh(cases[2]).attention
    assert kinds(cases[2])[-2:] == ["not_performed", "attention"]


def test_an_hour_later_there_is_room_again(open_cpo: Open, acknowledging: Desk, at: datetime) -> None:
    with scope(desk=acknowledging):
        keep_rules(acknowledging, {"replies_per_hour": 1})
    first, second = open_cpo(), open_cpo()
    write(first, at)
    write(second, at + HOUR, n=2)
    assert len(acknowledgements(second)) == 1


@pytest.mark.parametrize("wall", ["per_case", "per_address", "per_desk"])
def test_each_wall_stops_what_leaves_by_itself(cpo_case: Case, acknowledging: Desk, at: datetime, wall: str) -> None:
    with scope(desk=acknowledging):
        keep_rules(acknowledging, {wall: 0})
    write(cpo_case, at)
    assert acknowledgements(cpo_case) == []
    assert fresh(cpo_case).attention.startswith("An acknowledgement did not leave.")


def test_a_person_can_still_send_when_every_budget_is_used_up(
    solved_case: Case, acknowledging: Desk, operator: Actor, at: datetime
) -> None:
    with scope(desk=acknowledging):
        keep_rules(acknowledging, {"per_case": 0, "per_address": 0, "per_desk": 0})
    assert send_notice(solved_case, "mail_success", actor=operator, at=at).state == "queued"


def test_a_notice_of_the_clock_stays_with_its_operator_when_the_budget_is_used_up(
    solved_case: Case, acknowledging: Desk, at: datetime
) -> None:
    with scope(desk=acknowledging):
        keep_rules(acknowledging, {"per_case": 0})
    run_clocks(at + timedelta(minutes=2))
    assert messages(solved_case) == []
    assert "this case in a day is used up (0)" in fresh(solved_case).attention
    assert [event.data["rule"] for event in events(solved_case, "not_performed")] == ["mail_success"]


def test_a_budget_is_a_number_that_makes_sense(cpo_desk: Desk) -> None:
    with scope(desk=cpo_desk), pytest.raises(ValueError, match="per case is a number from 0 to"):
        keep_rules(cpo_desk, {"per_case": -1})


# ---- closed cases, and what somebody must look at ----


def test_a_partners_mail_opens_a_closed_case_again_and_asks_to_be_read(closed_case: Case, at: datetime) -> None:
    write(closed_case, at + HOUR)
    now = fresh(closed_case)
    assert (now.state, now.closed_at) == ("open", None)
    assert now.attention == "A mail of a.agent@voltpass.example came in after the case was closed: read it."
    assert events(closed_case, "reopened")[-1].data == {"because": "a mail of a.agent@voltpass.example came in"}


def test_a_machines_mail_joins_a_closed_case_and_leaves_it_closed(closed_case: Case, at: datetime) -> None:
    write(closed_case, at + HOUR, "Auto-Submitted: auto-replied")
    assert (fresh(closed_case).state, fresh(closed_case).attention) == ("closed", "")
    assert kinds(closed_case)[-1] == "mail_came"


def test_a_stranger_opens_nothing_again(closed_case: Case, at: datetime) -> None:
    write(closed_case, at + HOUR, sender="x@elsewhere.example")
    assert fresh(closed_case).state == "closed"


def test_seen_the_case_that_owes_nothing_closes(closed_case: Case, operator: Actor, at: datetime) -> None:
    write(closed_case, at + HOUR)
    attend(closed_case, actor=operator, at=at + 2 * HOUR)
    assert (fresh(closed_case).state, fresh(closed_case).attention) == ("closed", "")
    assert kinds(closed_case)[-2:] == ["attended", "closed"]


def test_it_is_looked_at_once(closed_case: Case, operator: Actor, at: datetime) -> None:
    write(closed_case, at + HOUR)
    attend(closed_case, actor=operator, at=at)
    with pytest.raises(Refused, match="looked at it already"):
        attend(closed_case, actor=operator, at=at)
