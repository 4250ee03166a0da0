from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django_scopes import ScopeError, scope

from builders import build_stranger_desk
from case_reading import events, fresh, kinds, known, open_rules
from cases.conftest import LABEL, TOKEN, USER_PHONE, Open
from roamdesk.cases import services
from roamdesk.cases.actors import Actor
from roamdesk.cases.errors import FactRefused, Refused
from roamdesk.cases.integrity import verify_chains
from roamdesk.cases.models import Case, Duty, Event
from roamdesk.cases.selectors import case_of, queue, search
from roamdesk.cases.services import CallMade
from roamdesk.desks.models import Desk, Person
from roamdesk.partners.models import Partner


def test_an_opened_case_has_a_reference_an_owner_a_first_event_and_its_duties(
    cpo_case: Case, operator: Actor, at: datetime
) -> None:
    case = fresh(cpo_case)
    assert case.reference == "NDL-2603-0001"
    assert (case.owner, case.opened_at, case.state) == (operator.person, at, "open")
    assert [(event.number, event.kind, event.by) for event in events(case)] == [(1, "opened", "Nils Operator")]
    assert open_rules(case) == {"ask_unlock", "ask_identity_msp"}
    assert (case.next_action, case.next_owed_by, case.route) == (
        "Ask VoltPass for the User's token",
        "cpo",
        "a_via_msp",
    )


def test_references_count_per_desk_and_month(open_cpo: Open, open_msp: Open) -> None:
    assert [open_cpo().reference, open_cpo().reference] == ["NDL-2603-0001", "NDL-2603-0002"]
    assert open_msp().reference == "VPS-2603-0001"


def test_a_refused_opening_takes_no_number(open_cpo: Open) -> None:
    with pytest.raises(FactRefused):
        open_cpo(problem="bad luck")
    assert open_cpo().reference == "NDL-2603-0001"


def test_a_side_that_the_desk_does_not_play_is_refused(cpo_desk: Desk, operator: Actor, at: datetime) -> None:
    with pytest.raises(Refused, match="Choose: cpo"):
        services.open_case(cpo_desk, side="msp", facts={}, actor=operator, at=at)


def test_the_side_can_not_be_told_otherwise(cpo_case: Case, open_cpo: Open, operator: Actor, at: datetime) -> None:
    with pytest.raises(FactRefused):
        open_cpo(side="msp")
    with pytest.raises(FactRefused, match="the desk itself"):
        services.edit_fact(cpo_case, "side", "msp", actor=operator, at=at)


def test_the_partner_of_another_desk_is_refused(cpo_desk: Desk, msp_desk: Desk, operator: Actor, at: datetime) -> None:
    with scope(desk=msp_desk):
        theirs = Partner.objects.get(desk=msp_desk)
    with pytest.raises(Refused, match="of this desk"):
        services.open_case(cpo_desk, side="cpo", facts={}, partner=theirs, actor=operator, at=at)


def test_what_is_told_becomes_known_and_moves_the_duties(cpo_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(cpo_case, {"identity": "full", "unlock_asked": "yes"}, actor=operator, at=at)
    assert known(cpo_case)["unlock_asked"] == "yes"
    assert open_rules(cpo_case) == {"do_unlock"}
    with scope(desk=cpo_case.desk):
        done = Duty.objects.get(case=cpo_case, rule="ask_unlock")
    assert (done.state, done.ended_at, done.next_clock_at) == ("done", at, None)


def test_told_nothing_nothing_is_written(cpo_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(cpo_case, {}, actor=operator, at=at)
    assert kinds(cpo_case) == ["opened"]


def test_the_newest_answer_counts_and_the_older_ones_stay_in_the_history(
    unlocking_case: Case, operator: Actor, at: datetime
) -> None:
    services.record_facts(unlocking_case, {"unlock": "unknown"}, actor=operator, at=at)
    services.record_facts(unlocking_case, {"unlock": "failed"}, actor=operator, at=at)
    assert known(unlocking_case)["unlock"] == "failed"
    assert [event.data["values"] for event in events(unlocking_case, "facts")] == [
        {"unlock": "unknown"}, {"unlock": "failed"},
    ]  # fmt: skip


def test_an_edit_is_one_more_event_and_the_plan_follows(failing_case: Case, operator: Actor, at: datetime) -> None:
    services.edit_fact(failing_case, "unlock", "ok", actor=operator, at=at)
    assert kinds(failing_case)[-1] == "edited"
    assert open_rules(failing_case) == {"report_result", "mail_success"}


def test_an_edited_failure_counts_once(unlocking_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(unlocking_case, {"unlock": "failed"}, actor=operator, at=at)
    services.edit_fact(unlocking_case, "unlock", "failed", actor=operator, at=at)
    assert ["unlock", "failed", 1] in fresh(unlocking_case).known["counts"]


def test_instants_are_kept_in_utc(cpo_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(cpo_case, {"session_start": "2026-03-10T09:00:00+01:00"}, actor=operator, at=at)
    assert known(cpo_case)["session_start"] == "2026-03-10T08:00:00+00:00"


def test_an_event_told_in_another_zone_keeps_its_hash(cpo_case: Case, operator: Actor, at: datetime) -> None:
    services.add_note(cpo_case, "seen from Berlin", actor=operator, at=at.astimezone(ZoneInfo("Europe/Berlin")))
    assert list(verify_chains()) == []


# ---- bad input: a clear message, and nothing changes ----

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "ten megabytes of text": ({"issue": "x" * 10_000_000}, "10,000,000 characters"),
    "ten megabytes of label": ({"evse_label": "1" * 10_000_000}, "10,000,000 characters"),
    "a token with a Cyrillic letter": ({"token": "04А2B3C4"}, "Cyrillic letter"),
    "a time in the future": ({"session_start": "2026-03-10T11:00:00+00:00"}, "lies in the future"),
    "a visit in a hundred years": ({"promised_at": "2126-03-10T11:00:00+00:00"}, "lies in the future"),
    "a visit at the end of time": ({"promised_at": "9999-12-31T23:59:59-12:00"}, "lies in the future"),
    "a session at the beginning of time": ({"session_start": "0001-01-01T00:00:00+14:00"}, "ten years back"),
    "a time without a zone": ({"session_start": "2026-03-10T09:00:00"}, "no time zone"),
    "words for a time": ({"session_start": "a quarter past"}, "is no time"),
    "an unknown fact": ({"colour": "red"}, "no fact 'colour'"),
    "a derived fact": ({"outcome": "successful"}, "no fact 'outcome'"),
    "what the desk records itself": ({"match": "match"}, "by the desk itself"),
    "an unknown option": ({"unlock": "perhaps"}, "Choose: ok, failed, unknown"),
    "a number that can't exist": ({"user_phone": "+49 1"}, "no phone number"),
    "ten megabytes of number": ({"user_phone": "1" * 10_000_000}, "no phone number"),
    "a very long name": ({"user_name": "n" * 201}, "Shorten it to 200"),
}


@pytest.mark.parametrize(("values", "words"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_with_the_mend_and_changes_nothing(
    cpo_case: Case, operator: Actor, at: datetime, values: dict[str, Any], words: str
) -> None:
    with pytest.raises(FactRefused, match=words) as refusal:
        services.record_facts(cpo_case, {"identity": "partly", **values}, actor=operator, at=at)
    assert refusal.value.field in values
    assert kinds(cpo_case) == ["opened"]
    assert "identity" not in known(cpo_case)


def test_html_is_kept_as_the_text_that_it_is(cpo_case: Case, operator: Actor, at: datetime) -> None:
    said = "<script>alert('x')</script> & <b>stuck</b>"
    services.record_facts(cpo_case, {"issue": said}, actor=operator, at=at)
    assert known(cpo_case)["issue"] == said


def test_what_no_database_holds_is_left_out_of_a_text(cpo_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(cpo_case, {"issue": "stuck\x00 since \ud800noon"}, note="N\x00UL", actor=operator, at=at)
    services.add_note(cpo_case, "half \udfff", actor=operator, at=at)
    assert known(cpo_case)["issue"] == "stuck since noon"
    assert [event.data["note"] for event in events(cpo_case, "facts", "noted")] == ["NUL", "half"]


def test_a_text_of_nothing_but_blanks_takes_the_fact_back(cpo_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(cpo_case, {"issue": " \x00 "}, actor=operator, at=at)
    assert "issue" not in known(cpo_case)


@pytest.mark.parametrize("note", ["", " ", "\x00", "x" * 10_001])
def test_a_note_of_nothing_or_too_much_is_refused(cpo_case: Case, operator: Actor, at: datetime, note: str) -> None:
    with pytest.raises(Refused):
        services.add_note(cpo_case, note, actor=operator, at=at)
    assert kinds(cpo_case) == ["opened"]


@pytest.mark.parametrize(
    "call",
    [
        CallMade("cpo_cc", "perhaps"),
        CallMade("cpo_cc", "answered", seconds=-1),
        CallMade("cpo_cc", "answered", "9" * 99),
    ],
)
def test_a_call_that_can_not_have_been_is_refused(
    cpo_case: Case, operator: Actor, at: datetime, call: CallMade
) -> None:
    with pytest.raises(Refused):
        services.log_call(cpo_case, call, actor=operator, at=at)
    assert kinds(cpo_case) == ["opened"]


# ---- nobody sees another desk ----


def test_a_stranger_desk_sees_nothing_of_a_case(cpo_case: Case, stranger: Person, at: datetime) -> None:
    desk = stranger.desks.get()
    with scope(desk=desk):
        assert case_of(desk, cpo_case.reference) is None
        assert search(desk, cpo_case.reference) == []
        assert queue(desk, stranger, at).total == 0
        assert not Event.objects.filter(case_id=cpo_case.pk).exists()


def test_a_verb_can_not_reach_a_case_through_another_desk(cpo_case: Case, operator: Actor, at: datetime) -> None:
    cpo_case.desk = build_stranger_desk()
    with pytest.raises(Case.DoesNotExist):
        services.add_note(cpo_case, "from outside", actor=operator, at=at)


def test_a_query_that_names_no_desk_raises(cpo_case: Case) -> None:
    with pytest.raises(ScopeError):
        Case.objects.get(pk=cpo_case.pk)
    with pytest.raises(ScopeError):
        list(Event.objects.all())
    with pytest.raises(ScopeError):
        Duty.objects.count()


# ---- personal values have one place ----


def test_an_event_only_points_to_personal_values(open_cpo: Open) -> None:
    case = open_cpo(token=TOKEN, user_phone="0170 5550142", user_name="Ute User")
    told = events(case)[0].data["values"]
    assert {type(told[name]) for name in ("token", "user_phone", "user_name")} == {dict}
    with scope(desk=case.desk):
        kept = dict(case.personal_values.values_list("field", "value"))
    assert kept == {"token": TOKEN, "user_phone": USER_PHONE, "user_name": "Ute User"}


def test_a_value_told_twice_is_kept_once(open_cpo: Open, operator: Actor, at: datetime) -> None:
    case = open_cpo(token=TOKEN)
    services.record_facts(case, {"token": TOKEN}, actor=operator, at=at)
    with scope(desk=case.desk):
        assert case.personal_values.count() == 1


def test_the_users_number_is_masked_in_the_log_of_a_call(cpo_case: Case, operator: Actor, at: datetime) -> None:
    services.log_call(cpo_case, CallMade("user", "no_answer", USER_PHONE), actor=operator, at=at + timedelta(minutes=1))
    assert events(cpo_case)[-1].data["call"]["number"] == "+49170555••••"


def test_the_clock_of_an_event_is_when_it_happened(cpo_case: Case, operator: Actor) -> None:
    happened = datetime(2026, 3, 10, 9, 20, tzinfo=UTC)
    services.add_note(cpo_case, "later", actor=operator, at=happened)
    assert events(cpo_case)[-1].at == happened


def test_the_label_is_known_with_its_id(cpo_case: Case) -> None:
    assert (known(cpo_case)["evse_label"], known(cpo_case)["evse_id"]) == (LABEL, LABEL)
