"""Each mail stands in one conversation, each correspondent has their own, and each says what is to be done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope

from builders import MSP_BACK_OFFICE, MSP_SUPPORT_MAIL
from cases.conftest import Open
from cases.test_placing import STRANGER, arrive, now
from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case
from roamdesk.cases.placing import place_mail
from roamdesk.cases.services import close_case, depart
from roamdesk.cases.settling import plan_of
from roamdesk.correspondence import conversations, services
from roamdesk.correspondence.models import Conversation, IncomingMail, Message
from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner

HOUR = timedelta(hours=1)


def talks(desk: Desk) -> list[tuple[str, str, str, int]]:
    """Who, about what, what is to be done, how many mails."""
    with scope(desk=desk):
        found = Conversation.objects.filter(desk=desk).order_by("pk")
        return [(one.who, one.about.partition(":")[0], one.todo, one.mails) for one in found]


def the(desk: Desk) -> Conversation:
    with scope(desk=desk):
        return Conversation.objects.select_related("desk", "newest_in").get(desk=desk)


def partner_of(case: Case) -> str:
    return f"partner:{case.partner_id}"


def send(case: Case, at: datetime, **changes: Any) -> Message:
    values: dict[str, Any] = {"to": [MSP_SUPPORT_MAIL], "subject": "Your case", "text": "x", "partner": case.partner}
    with scope(desk=case.desk):
        key = str(Message.objects.count())
        return services.queue_message(case.desk, about=f"case:{case.pk}", key=key, at=at, **values | changes)


def from_partner(case: Case, at: datetime, *lines: str, sender: str = MSP_BACK_OFFICE) -> IncomingMail:
    return arrive(case.desk, at, f"Subject: Re: {case.reference}", *lines, sender=sender)


def test_a_mail_of_the_partner_is_new_until_somebody_has_looked(cpo_case: Case, at: datetime) -> None:
    from_partner(cpo_case, at)
    assert talks(cpo_case.desk) == [(partner_of(cpo_case), "case", "new", 1)]
    with scope(desk=cpo_case.desk):
        conversations.look(the(cpo_case.desk))
        conversations.look(the(cpo_case.desk))
    assert the(cpo_case.desk).todo == "ours"


def test_everybody_at_the_partner_is_one_correspondent_and_a_stranger_is_another(cpo_case: Case, at: datetime) -> None:
    from_partner(cpo_case, at)
    from_partner(cpo_case, at, "X-A: 1", sender="new.colleague@voltpass.example")
    from_partner(cpo_case, at, sender=STRANGER)
    assert talks(cpo_case.desk) == [(partner_of(cpo_case), "case", "new", 2), (STRANGER, "case", "new", 1)]


def test_two_partners_in_one_case_have_a_conversation_each(cpo_case: Case, at: datetime) -> None:
    from_partner(cpo_case, at)
    with scope(desk=cpo_case.desk):
        other = Partner.objects.create(desk=cpo_case.desk, name="Kilowerk", plays_msp=True)
    send(cpo_case, at, to=["desk@kilowerk.example"], partner=other, awaits=True)
    assert talks(cpo_case.desk)[1] == (f"partner:{other.pk}", "case", "theirs", 1)


def test_an_answer_of_ours_waits_for_theirs_and_theirs_is_new_again(cpo_case: Case, at: datetime) -> None:
    from_partner(cpo_case, at)
    send(cpo_case, at + HOUR, origin=Message.Origin.PERSON, awaits=True)
    assert talks(cpo_case.desk) == [(partner_of(cpo_case), "case", "theirs", 2)]
    from_partner(cpo_case, at + 2 * HOUR, "X-A: 2")
    assert the(cpo_case.desk).todo == "new"


def test_a_machines_notice_answers_nobody(cpo_case: Case, at: datetime) -> None:
    from_partner(cpo_case, at)
    send(cpo_case, at, awaits=True)
    assert the(cpo_case.desk).todo == "new"


def test_a_notice_that_awaits_nothing_is_nothing_to_do(cpo_case: Case, at: datetime) -> None:
    send(cpo_case, at)
    assert talks(cpo_case.desk) == [(partner_of(cpo_case), "case", "nothing", 1)]


def test_a_machines_mail_raises_nothing_and_is_kept_in_its_conversation(cpo_case: Case, at: datetime) -> None:
    send(cpo_case, at, awaits=True)
    from_partner(cpo_case, at, "Auto-Submitted: auto-replied")
    assert talks(cpo_case.desk) == [(partner_of(cpo_case), "case", "theirs", 2)]
    assert the(cpo_case.desk).newest_in is None


def test_a_mail_that_came_back_is_to_be_seen_to_where_it_was_written(cpo_case: Case, at: datetime) -> None:
    message = send(cpo_case, at)
    with scope(desk=cpo_case.desk):
        Message.objects.update(state="accepted", accepted_at=at, fates={MSP_SUPPORT_MAIL: "accepted"})
    arrive(
        cpo_case.desk, at, f"X-Failed-Recipients: {MSP_SUPPORT_MAIL}", f"In-Reply-To: {message.message_id}",
        sender="mailer-daemon@mx.example",
    )  # fmt: skip
    assert talks(cpo_case.desk) == [(partner_of(cpo_case), "case", "new", 2)]


def test_what_belongs_nowhere_is_unplaced_each_by_itself_and_a_machines_is_aside(
    cpo_desk: Desk, msp_desk: Desk, at: datetime
) -> None:
    arrive(cpo_desk, at, "Subject: one")
    arrive(cpo_desk, at, "Subject: two")
    arrive(cpo_desk, at, "List-Id: <news.example>")
    assert talks(cpo_desk) == [
        (STRANGER, "mail", "unplaced", 1), (STRANGER, "mail", "unplaced", 1), (STRANGER, "mail", "aside", 1),
    ]  # fmt: skip


def test_a_copy_has_no_place_of_its_own(cpo_case: Case, at: datetime) -> None:
    mine = ("Message-ID: <a@b.example>", "Date: Tue, 10 Mar 2026 09:00:00 +0000")
    from_partner(cpo_case, at, *mine)
    from_partner(cpo_case, at, "Received: by another way", *mine)
    assert talks(cpo_case.desk) == [(partner_of(cpo_case), "case", "new", 1)]


def test_a_placed_mail_leaves_nothing_behind_and_is_ours_to_answer(
    cpo_case: Case, operator: Actor, at: datetime
) -> None:
    place_mail(arrive(cpo_case.desk, at), cpo_case, actor=operator, at=at)
    assert talks(cpo_case.desk) == [(STRANGER, "case", "ours", 1)]


def test_a_mail_that_moves_on_takes_what_it_raised_along(
    cpo_case: Case, open_cpo: Open, operator: Actor, at: datetime
) -> None:
    send(cpo_case, at)
    mail, other = from_partner(cpo_case, at), open_cpo()
    place_mail(mail, other, actor=operator, at=at)
    assert [(about, todo, mails) for _, about, todo, mails in talks(cpo_case.desk)] == [
        ("case", "nothing", 1), ("case", "ours", 1),
    ]  # fmt: skip


def test_set_aside_and_brought_back(cpo_desk: Desk, msp_desk: Desk, at: datetime) -> None:
    arrive(cpo_desk, at)
    with scope(desk=cpo_desk):
        conversations.set_aside(the(cpo_desk), by="Bea", at=at)
        assert (the(cpo_desk).todo, the(cpo_desk).aside_by) == ("aside", "Bea")
        with pytest.raises(conversations.NotDone, match="not unplaced any more"):
            conversations.set_aside(the(cpo_desk), by="Bea", at=at)
        conversations.bring_back(the(cpo_desk), at=at)
    assert the(cpo_desk).todo == "unplaced"


def test_put_off_it_sleeps_until_its_time_or_until_they_write_again(cpo_case: Case, at: datetime) -> None:
    from_partner(cpo_case, at)
    desk = cpo_case.desk
    with scope(desk=desk):
        conversations.snooze(the(desk), at + HOUR, at=at)
        assert conversations.to_do(desk, at) == {"new": 0, "snoozed": 1}
        assert conversations.to_do(desk, at + HOUR) == {"new": 1, "snoozed": 0}
        assert conversations.wake_due(at + HOUR) == 1
        conversations.snooze(the(desk), at + HOUR, at=at)
    from_partner(cpo_case, at, "X-A: 2")
    assert the(desk).snoozed_until is None


def test_a_machines_mail_wakes_nobody(cpo_case: Case, at: datetime) -> None:
    from_partner(cpo_case, at)
    with scope(desk=cpo_case.desk):
        conversations.snooze(the(cpo_case.desk), at + HOUR, at=at)
    from_partner(cpo_case, at, "Auto-Submitted: auto-replied")
    assert the(cpo_case.desk).snoozed_until == at + HOUR


def test_nothing_is_put_off_into_the_past(cpo_case: Case, at: datetime) -> None:
    from_partner(cpo_case, at)
    with scope(desk=cpo_case.desk), pytest.raises(conversations.NotDone, match="over"):
        conversations.snooze(the(cpo_case.desk), at, at=at)


def test_a_closed_case_waits_for_nobody_but_what_they_wrote_stays_to_be_answered(
    cpo_case: Case, operator: Actor, at: datetime
) -> None:
    send(cpo_case, at, awaits=True)
    from_partner(cpo_case, at, sender=STRANGER)
    with scope(desk=cpo_case.desk):
        while rules := list(plan_of(now_case(cpo_case)).rules):
            depart(cpo_case, rules[0].id, "test", actor=operator, at=at)
        close_case(now_case(cpo_case), actor=operator, at=at)
    assert [todo for _, _, todo, _ in talks(cpo_case.desk)] == ["nothing", "new"]


def now_case(case: Case) -> Case:
    return Case.objects.select_related("desk", "partner").get(pk=case.pk)


def test_read_once_more_it_is_filed_once(cpo_case: Case, at: datetime) -> None:
    mail = from_partner(cpo_case, at)
    with scope(desk=cpo_case.desk):
        conversations.file(now(mail))
    assert talks(cpo_case.desk) == [(partner_of(cpo_case), "case", "new", 1)]
