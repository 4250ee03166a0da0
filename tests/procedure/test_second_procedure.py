"""Another company's procedure, in another file, without a line of Python: counts, recipients, numbers, formats."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from pathlib import Path

from procedure.situations import facts
from procedure.told import Played
from roamdesk.procedure import Channel, Procedure, Side, load
from roamdesk.procedure.check import check_file
from roamdesk.procedure.readiness import ContactForm, FormLine, kick_off_due, readiness
from roamdesk.procedure.template import fill, missing

FILE = Path(__file__).parents[1] / "vectors" / "procedures" / "second.yaml"


@cache
def nordring() -> Procedure:
    return load(FILE)


def blocked() -> Played:
    return Played.opened(nordring(), side="msp", caller="user", problem="vehicle_stuck", evse_label="NR-1")


def stays_closed() -> Played:
    case = blocked()
    case.answer("report_blocked", "Reported")
    case.answer("open_lock", "It stays closed")
    case.answer("open_lock", "It stays closed")
    return case


def test_it_is_sound() -> None:
    assert check_file(FILE).faults == ()


def test_an_opened_lock_is_written_to_the_back_office_and_the_case_closes() -> None:
    case = blocked()
    case.answer("report_blocked", "Reported")
    case.answer("open_lock", "It is open")
    assert case.open == ["write_success"]
    assert nordring().duty("write_success").to == ("msp_backoffice",)
    case.mail_accepted("write_success")
    assert case.plan.may_close


def test_one_failed_attempt_is_tried_again_and_two_are_the_outcome() -> None:
    case = blocked()
    case.answer("report_blocked", "Reported")
    case.answer("open_lock", "It stays closed")
    assert (case.open, case.plan.outcome) == (["open_lock"], "")
    case.answer("open_lock", "It stays closed")
    assert (case.open, case.plan.outcome) == (["phone_reference_person", "write_failure"], "unsuccessful")


def test_a_failure_phones_the_reference_person_and_writes_to_three() -> None:
    phone, mail = (duty.rule for duty in stays_closed().plan.duties)
    assert (phone.channel, phone.to) == (Channel.PHONE, ("msp_fp",))
    assert (mail.channel, mail.to) == (Channel.MAIL, ("msp_support", "msp_fp", "msp_backoffice"))


def test_the_msp_owes_an_acknowledgement_within_the_hour() -> None:
    case = stays_closed()
    case.answer("phone_reference_person", "Told")
    case.mail_accepted("write_failure")
    (duty,) = case.plan.duties
    told_at = case.plan.since("mailed_support")
    assert told_at
    assert (duty.rule.id, duty.rule.owed_by, duty.due) == ("acknowledge", Side.MSP, told_at + timedelta(hours=1))
    case.mail_accepted("acknowledge")
    assert case.plan.may_close


def test_the_branch_for_vandalism_ends_with_the_file_number_told() -> None:
    case = Played.opened(nordring(), side="cpo", caller="partner", problem="damaged", evse_label="NR-1")
    case.answer("take_photographs", "Not possible")
    case.answer("call_police", "The file number", police_file="4711/26")
    case.mail_accepted("tell_file")
    assert case.plan.may_close


def test_the_time_has_seconds_and_the_cdr_may_be_absent() -> None:
    told = {"event_time": "2026-03-04T05:06:07Z", "evse_label": "NR-1", "token": "04A2", "issue": "No light"}
    fields = fill(nordring(), facts(told, procedure=nordring()), "Europe/Berlin")
    assert fields[0].text == "04.03.2026 05:06:07"
    assert fields[0].shown_local == "04.03.2026 06:06:07 CET"
    assert missing(fields) == []


def reference_person(name: str) -> tuple[FormLine, ...]:
    return tuple(FormLine("reference_person", by, f"{name} by {by}", person=name) for by in ("phone", "mail"))


def test_it_asks_for_two_reference_persons_and_a_line_in_german() -> None:
    line = FormLine("first_level", "phone", "+4930555", "Mon-Sun 05:00-23:00", ("de",))
    first, second = reference_person("R. One"), reference_person("R. Two")
    assert readiness(nordring(), "cpo", ContactForm(True, True, (line, *first, *second))).ready
    (gap,) = readiness(nordring(), "cpo", ContactForm(True, True, (line, *first))).gaps
    assert (gap.gap, gap.why) == ("reference_persons", "1 of 2 with a phone number and an address.")


def test_the_partners_meet_within_ten_business_days() -> None:
    assert kick_off_due(nordring(), date(2026, 3, 2), frozenset()) == date(2026, 3, 16)
