"""Machines that answer each other, over real SMTP ports, come to rest after two mails each; restarts change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope, scopes_disabled

from case_reading import events, fresh, kinds, open_rules
from cases.help_desk import LyingHelpDesk
from correspondence.smtp_peer import SmtpPeer
from correspondence.test_receiving import RunningReceiver
from roamdesk.cases import services
from roamdesk.cases.actors import Actor
from roamdesk.cases.clocks import run_clocks
from roamdesk.cases.models import Case
from roamdesk.cases.notices import send_notice
from roamdesk.correspondence import outbox, ports, reading
from roamdesk.correspondence.budgets import keep_rules
from roamdesk.correspondence.models import IncomingMail, Message
from roamdesk.desks.models import Desk, Person
from roamdesk.partners.models import ContactLine, Partner

ROUNDS = 60
STEP = timedelta(minutes=5)
"""Longer than any lease of a reader or sender that died."""
Work = Callable[[], None]
TOLD = {
    "problem": "other", "evse_label": "DE*NDL*E4421*1", "issue": "Billed twice",
    "no_token_reason": "nobody charged", "cdr_reason": "no session",
}  # fmt: skip


class Killed(BaseException):
    """The worker is gone, in the middle of it."""


@dataclass
class Night:
    """A port that takes mail, a clock under control, and a worker that does whatever is due."""

    receiver: RunningReceiver
    now: datetime

    def work(self) -> bool:
        """One round: whatever waits is sent and read, the clocks run; whether there was anything."""
        self.receiver._at = self.now
        waiting = [*self._due(Message, outbox.attempt), *self._due(IncomingMail, reading.read_mail)]
        outbox.sweep(self.now)
        for job, pk in waiting:
            try:
                job(pk, self.now)
            except Killed:
                continue
        run_clocks(self.now)
        self.now += STEP
        return bool(waiting)

    def _due(self, model: Any, job: Callable[[int, datetime], object]) -> list[tuple[Callable[..., object], int]]:
        with scopes_disabled():
            due = model.objects.filter(next_attempt_at__lte=self.now).order_by("pk")
            return [(job, pk) for pk in due.values_list("pk", flat=True)]

    def until_quiet(self, *others: Callable[[], object]) -> int:
        """Rounds that it took; everyone works in turn. Fails when it does not come to rest."""
        quiet = 0
        for number in range(ROUNDS):
            busy = [self.work(), *(bool(other()) for other in others)]
            quiet = 0 if any(busy) else quiet + 1
            if quiet == 3:
                return number
        raise AssertionError(f"Not at rest after {ROUNDS} rounds.")


@pytest.fixture
def night(real_db: None, cpo_desk: Desk, msp_desk: Desk, at: datetime, settings: Any) -> Iterator[Night]:
    """Both desks acknowledge, each is the other's back office, and all mail goes to the product's own SMTP port."""
    for desk, other in ((cpo_desk, msp_desk), (msp_desk, cpo_desk)):
        with scope(desk=desk):
            keep_rules(desk, {"acknowledges": True})
            ContactLine.objects.filter(purpose=ContactLine.Purpose.BACK_OFFICE).update(value=other.mail_from)
    with RunningReceiver(at) as receiver:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", receiver.smtp
        settings.MAIL_TAGS = True
        yield Night(receiver, at)


@pytest.fixture
def msp_case(night: Night, msp_desk: Desk, msp_operator: Person) -> Case:
    """VoltPass asks Nordlade by mail; the mail waits in the outbox."""
    with scope(desk=msp_desk):
        partner = Partner.objects.get(desk=msp_desk)
    told = {"caller": "ourselves", "event_time": night.now, **TOLD}
    actor = Actor.of(msp_operator)
    case = services.open_case(msp_desk, side="msp", facts=told, partner=partner, actor=actor, at=night.now)
    send_notice(case, "mail_template_cpo", actor=actor, at=night.now)
    return case


def sent_by(desk: Desk) -> list[Message]:
    with scope(desk=desk):
        return list(Message.objects.filter(desk=desk).order_by("pk"))


def origins(desk: Desk) -> list[str]:
    return [message.origin for message in sent_by(desk)]


def cases_of(desk: Desk) -> list[Case]:
    with scope(desk=desk):
        return list(Case.objects.filter(desk=desk).select_related("desk", "partner").order_by("pk"))


def answer_as_cpo(desk: Desk, person: Person, night: Night) -> Case:
    """Nordlade's operator takes the case that the mail has opened, and answers."""
    [case], actor = cases_of(desk), Actor.of(person)
    services.record_facts(case, {**TOLD, "event_time": night.now}, actor=actor, at=night.now)
    send_notice(case, "answer_as_cpo", actor=actor, at=night.now)
    return case


# ---- two desks of this product ----


def test_two_desks_that_acknowledge_come_to_rest_after_two_mails_each(
    night: Night, msp_case: Case, msp_desk: Desk, cpo_desk: Desk, cpo_operator: Person
) -> None:
    night.until_quiet()
    cpo_case = answer_as_cpo(cpo_desk, cpo_operator, night)
    night.until_quiet()
    assert origins(msp_desk) == ["person", "replied"]
    assert origins(cpo_desk) == ["replied", "person"]
    assert kinds(cpo_case).count("mail_came") == 2  # the request, and VoltPass's acknowledgement
    assert [message.state for message in sent_by(msp_desk)] == ["answered", "accepted"]


def test_the_answer_finds_its_case_and_ends_the_waiting_for_it(
    night: Night, msp_case: Case, msp_desk: Desk, cpo_desk: Desk, cpo_operator: Person
) -> None:
    night.until_quiet()
    answer_as_cpo(cpo_desk, cpo_operator, night)
    night.until_quiet()
    came = events(msp_case, "mail_came")
    assert [event.data["what"] for event in came] == ["A machine's mail came in", "Mail came in"]
    assert open_rules(msp_case) == {"answer_from_cpo"}  # whether it settles the matter, a person says


def test_a_week_of_silence_brings_one_reminder_and_no_loop(
    night: Night, msp_case: Case, msp_desk: Desk, cpo_desk: Desk
) -> None:
    for _ in range(14):
        night.until_quiet()
        night.now += timedelta(hours=12)
    assert origins(msp_desk) == ["person", "generated"]
    assert origins(cpo_desk) == ["replied"]
    assert {"ask_cpo_by_phone", "answer_from_cpo"} == open_rules(msp_case)


# ---- a help desk whose headers lie ----


@pytest.fixture
def liar(night: Night, settings: Any) -> Iterator[LyingHelpDesk]:
    """It is VoltPass's now; whatever Nordlade sends goes there."""
    with SmtpPeer() as inbox:
        settings.EMAIL_PORT = inbox.port
        yield LyingHelpDesk(inbox, night.receiver.smtp)


@pytest.fixture
def cpo_case(night: Night, cpo_desk: Desk, cpo_operator: Person) -> Case:
    """Nordlade asks VoltPass by mail; the mail waits in the outbox."""
    with scope(desk=cpo_desk):
        partner = Partner.objects.get(desk=cpo_desk)
    told = {"caller": "ourselves", "event_time": night.now, **TOLD}
    actor = Actor.of(cpo_operator)
    case = services.open_case(cpo_desk, side="cpo", facts=told, partner=partner, actor=actor, at=night.now)
    send_notice(case, "mail_template_msp", actor=actor, at=night.now)
    return case


def test_a_help_desk_that_answers_everything_gets_two_mails_of_us(
    night: Night, liar: LyingHelpDesk, cpo_case: Case, cpo_desk: Desk
) -> None:
    night.until_quiet(liar.answer_all)
    assert origins(cpo_desk) == ["person", "replied"]
    assert len(liar.sent) == 2
    assert kinds(cpo_case).count("mail_came") == 2


def test_without_tags_each_of_its_mails_opens_a_case_and_one_is_acknowledged(
    night: Night, liar: LyingHelpDesk, cpo_case: Case, cpo_desk: Desk, settings: Any
) -> None:
    settings.MAIL_TAGS = False
    night.until_quiet(liar.answer_all)
    assert (origins(cpo_desk), len(liar.sent)) == (["person", "replied"], 2)
    _, _, echo = cases_of(cpo_desk)
    assert "A machine may have written it." in events(echo, "not_performed")[0].data["because"]
    assert echo.attention == ""


@pytest.mark.parametrize("hours", [1, 6, 23])
def test_a_slow_one_gets_no_more(
    night: Night, liar: LyingHelpDesk, cpo_case: Case, cpo_desk: Desk, cpo_operator: Person, settings: Any, hours: int
) -> None:
    settings.MAIL_TAGS = False
    night.work()
    settled = {"mail_answered": "settled"}
    services.record_facts(cpo_case, settled, actor=Actor.of(cpo_operator), at=night.now)  # so nobody is reminded
    for _ in range(4):
        night.now += timedelta(hours=hours)
        liar.answer_all()
        night.work()
        night.work()
    assert (origins(cpo_desk), len(liar.sent)) == (["person", "replied"], 2)


def test_on_a_closed_case_it_gets_one_answer_and_a_person_is_called(
    night: Night, liar: LyingHelpDesk, cpo_case: Case, cpo_desk: Desk, cpo_operator: Person
) -> None:
    night.work()
    actor = Actor.of(cpo_operator)
    services.record_facts(cpo_case, {"mail_answered": "settled"}, actor=actor, at=night.now)
    services.close_case(cpo_case, actor=actor, at=night.now)
    night.until_quiet(liar.answer_all)
    assert (fresh(cpo_case).state, len(sent_by(cpo_desk))) == ("open", 2)
    assert "came in after the case was closed: read it." in fresh(cpo_case).attention


def test_one_that_writes_the_template_anew_each_time_meets_the_budget(
    night: Night, liar: LyingHelpDesk, cpo_case: Case, cpo_desk: Desk, settings: Any
) -> None:
    settings.MAIL_TAGS = False
    liar.writes_the_template = True
    with scope(desk=cpo_desk):
        keep_rules(cpo_desk, {"replies_per_hour": 2})
    night.until_quiet(liar.answer_all)
    assert origins(cpo_desk) == ["person", "replied", "replied"]
    assert "replies to VoltPass in an hour is used up (2)" in cases_of(cpo_desk)[-1].attention


# ---- and whoever works dies again and again ----


def dies_the_first_time(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, *, after: bool) -> None:
    """Each row's first work at this point kills the worker, before it or after it."""
    real, seen = getattr(where, name), set[tuple[type, int]]()

    def deadly(row: Any, *rest: Any) -> Any:
        first = (type(row), row.pk) not in seen
        seen.add((type(row), row.pk))
        if first and not after:
            raise Killed
        done = real(row, *rest)
        if first:
            raise Killed
        return done

    monkeypatch.setattr(where, name, deadly)


DEATHS = pytest.mark.parametrize(
    ("where", "name", "after"),
    [
        (reading, "_judge", False),
        (ports, "mail_read", True),
        (outbox, "_converse", False),
        (outbox, "_mark_handed", False),
    ],
    ids=["before a mail is judged", "before what it led to is committed", "before the relay", "before the final dot"],
)


@DEATHS
def test_with_workers_that_die_two_desks_come_to_the_same_rest(
    night: Night, msp_case: Case, msp_desk: Desk, cpo_desk: Desk, cpo_operator: Person,
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, after: bool,
) -> None:  # fmt: skip
    dies_the_first_time(monkeypatch, where, name, after=after)
    night.until_quiet()
    answer_as_cpo(cpo_desk, cpo_operator, night)
    night.until_quiet()
    assert (origins(msp_desk), origins(cpo_desk)) == (["person", "replied"], ["replied", "person"])
    assert [message.state for message in sent_by(msp_desk)] == ["answered", "accepted"]


@DEATHS
def test_with_workers_that_die_the_liar_gets_two_mails_of_us(
    night: Night, liar: LyingHelpDesk, cpo_case: Case, cpo_desk: Desk,
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, after: bool,
) -> None:  # fmt: skip
    dies_the_first_time(monkeypatch, where, name, after=after)
    night.until_quiet(liar.answer_all)
    assert (origins(cpo_desk), len(liar.inbox.taken)) == (["person", "replied"], 2)


def test_a_worker_that_dies_after_the_final_dot_sends_nothing_twice(
    night: Night, liar: LyingHelpDesk, cpo_case: Case, cpo_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies_the_first_time(monkeypatch, outbox, "_converse", after=True)
    night.until_quiet(liar.answer_all)
    assert (origins(cpo_desk), len(liar.inbox.taken)) == (["person", "replied"], 2)
