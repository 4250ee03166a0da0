"""Times that run in business hours, and what a procedure makes of it that somebody is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from procedure.situations import hubject
from roamdesk.procedure import Entry, Facts, ProcedureError, Side, fold, load, plan
from roamdesk.procedure.differences import differences
from roamdesk.procedure.loader import SHIPPED
from roamdesk.procedure.model import Target
from roamdesk.worktime import Office, OpeningHours

FRIDAY = datetime(2026, 3, 6, 15, 0, tzinfo=UTC)
TEXT = (SHIPPED / "hubject.yaml").read_text("utf-8")


def asked(*more: Entry) -> Facts:
    values = {"side": "msp", "caller": "ourselves", "problem": "other", "mail_sent": "yes"}
    return fold(hubject(), [Entry(FRIDAY, values), *more])


def due(facts: Facts, rule: str, **offices: Office) -> datetime | None:
    office = (lambda side: offices[side]) if offices else None
    duties = plan(hubject(), facts, office).duties if office else plan(hubject(), facts).duties
    return next(duty.due for duty in duties if duty.rule.id == rule)


def test_business_hours_are_those_of_whoever_owes_it() -> None:
    rome = Office(ZoneInfo("Europe/Rome"), OpeningHours.parse("Mon-Fri 09:00-13:00"))
    night = Office(ZoneInfo("Europe/Rome"), OpeningHours.parse("24/7"))
    assert due(asked(), "answer_from_cpo", cpo=rome, msp=night) == datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
    assert due(asked(), "answer_from_cpo", cpo=night, msp=rome) == FRIDAY + timedelta(hours=8)


def test_unasked_an_office_is_open_from_nine_to_five_in_utc() -> None:
    assert due(asked(), "answer_from_cpo") == datetime(2026, 3, 9, 15, 0, tzinfo=UTC)


def test_the_time_runs_from_the_latest_of_several_facts() -> None:
    monday = FRIDAY + timedelta(days=3)
    facts = asked(Entry(monday, {"unanswered": "once"}), Entry(monday, {"reminded": "yes"}))
    assert due(facts, "answer_from_cpo") == datetime(2026, 3, 10, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "rules"),
    [
        ({}, {"answer_from_cpo"}),
        ({"unanswered": "once"}, {"answer_from_cpo", "remind_cpo"}),
        ({"unanswered": "once", "reminded": "yes"}, {"answer_from_cpo"}),
        ({"unanswered": "twice", "reminded": "yes"}, {"answer_from_cpo", "ask_cpo_by_phone"}),
        ({"unanswered": "twice", "reminded": "yes", "asked_by_phone": "yes"}, {"answer_from_cpo"}),
        ({"unanswered": "twice", "reminded": "yes", "mail_answered": "settled"}, set()),
    ],
)
def test_silence_is_reminded_and_then_taken_up_by_phone(told: dict[str, str], rules: set[str]) -> None:
    """A21."""
    assert {rule.id for rule in plan(hubject(), asked(Entry(FRIDAY, told))).rules} == rules


def test_an_answer_makes_the_silence_before_it_void() -> None:
    facts = asked(Entry(FRIDAY, {"unanswered": "once", "reminded": "yes"}), Entry(FRIDAY, {"mail_answered": "open"}))
    assert not {"unanswered", "reminded"} & facts.values.keys()


def test_what_the_clock_records_is_what_it_may_record() -> None:
    for duty in ("answer_from_cpo", "answer_from_msp"):
        recorded = [late.record for late in hubject().duty(duty).late]
        assert recorded == [{"unanswered": "once"}, {"unanswered": "twice"}]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("answer: 8 business hours", "answer: 8 office hours", "is '8 office hours'"),
        ("record: {unanswered: once}", "record: {unanswered: never}", "The clock can't record unanswered: never."),
        (
            "due: {target: answer, after: [mail_sent, reminded, asked_by_phone, mail_answered]}",
            "",
            "It can't be late: nothing says when it is due.",
        ),
    ],
)
def test_a_fault_is_said_in_words(old: str, new: str, fault: str) -> None:
    assert old in TEXT
    with pytest.raises(ProcedureError, match=fault.replace(".", r"\.")):
        load(TEXT.replace(old, new))


def test_a_changed_target_reads_as_one() -> None:
    assert str(Target(timedelta(minutes=15))) == "15 min"
    assert str(Target(timedelta(seconds=90))) == "1 min 30 s"
    changed = load(TEXT.replace("answer: 8 business hours", "answer: 16 business hours"))
    assert differences(hubject(), changed) == ("The target 'answer' is now 16 business hours (was 8 business hours).",)


def test_the_partner_owes_it_and_we_take_it_up() -> None:
    assert hubject().duty("remind_cpo").owed_by is Side.MSP
    assert hubject().duty("ask_msp_by_phone").to == ("msp_fp",)
