"""Each play, on both desks, with real OCPP and real SMTP: what was mailed, ordered, phoned, owed and closed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django_scopes import scope, scopes_disabled

from demo.conftest import TEMPLATE, Played, perform, template_of
from roamdesk.cases import services
from roamdesk.cases.actors import Actor, Through
from roamdesk.cases.errors import Refused
from roamdesk.charging.models import Cdr, Command, Session
from roamdesk.demo.drivers import ANA, EMIL, LEA, MILO, SOFIA
from roamdesk.demo.hub.running import RunningHub, stands
from roamdesk.demo.own_parts import Surroundings
from roamdesk.demo.plays import ALL

pytestmark = pytest.mark.timeout(110)

CPO_LINE, MSP_LINE = "+49305550142", "+4989555099"
NOTICE_TO = ("support@voltpass.example", "focal.points@voltpass.example")
CLOSED = {"closed"}
OUTCOME_TARGET, DANGER_TARGET = timedelta(minutes=15), timedelta(minutes=5)
UNLOCK = "UnlockConnector"


def both_references(played: Played) -> str:
    return f"[{played.case_at('nordlade').reference} / {played.case_at('voltpass').reference}]"


def test_every_branch_of_the_story_has_its_play() -> None:
    assert {play.name for play in ALL} == {
        "cable_freed",
        "unlock_failed_with_consent",
        "unlock_failed_without_consent",
        "field_visit",
        "danger_through_msp",
        "danger_direct",
        "direct_match",
        "direct_mismatch",
        "cannot_start",
        "out_of_order_needs_charge",
        "out_of_order_no_charge",
        "backoffice",
        "unknown_then_late_answer",
        "stop_by_msp",
        "hub_hears_nothing",
        "cdr_twice",
        "session_unknown",
        "remote_start",
    }


def test_a_cable_is_freed_by_the_unlock(running_demo: Surroundings) -> None:
    played = perform("cable_freed", running_demo)
    assert played.asked_of_stations == [("BER-WAR-058", UNLOCK)]
    assert played.payload(UNLOCK) == [{"connectorId": 1}]
    assert played.calls_at("voltpass") == [("cpo_cc", CPO_LINE, "answered")]
    assert played.calls_at("nordlade") == []
    assert played.verdicts("nordlade")[-1] == "match"
    assert played.states == CLOSED


def test_the_success_notice_carries_the_template_to_support_and_focal_points(running_demo: Surroundings) -> None:
    played = perform("cable_freed", running_demo)
    [mail] = played.mails
    assert mail.recipients == NOTICE_TO
    assert mail.sender == "control.room@nordlade.example"
    assert mail.subject == f"{both_references(played)} Solved: Cable stuck, DE*NDL*E0472*1"
    assert tuple(template_of(mail)) == TEMPLATE
    assert re.fullmatch(r"session \d+, CDR not yet issued: billing runs nightly", template_of(mail)["CDR id"])
    assert template_of(mail) | {"Date and time": "", "CDR id": ""} == {
        "Date and time": "",
        "EVSE id": "DE*NDL*E0472*1",
        "Token": LEA.token,
        "CDR id": "",
        "Event": "The cable does not come out of the station.",
    }
    assert "Freed (confirmed by the User)." in mail.text
    assert "<th" in mail.html
    assert "151" not in mail.text.replace(" ", "")


def test_the_notice_tells_the_start_of_the_session_in_utc(running_demo: Surroundings) -> None:
    played = perform("cable_freed", running_demo)
    with scope(desk=played.case_at("nordlade").desk):
        started = Session.objects.filter(token_key=LEA.token).latest("pk").started_at
    told = template_of(played.mails[0])["Date and time"]
    assert datetime.strptime(told, "%d/%m/%Y %H:%M").replace(tzinfo=UTC) == started.replace(second=0, microsecond=0)


def test_the_outcome_was_owed_within_fifteen_minutes(running_demo: Surroundings) -> None:
    played = perform("cable_freed", running_demo)
    owed = [played.duty("nordlade", "mail_success"), played.duty("voltpass", "mail_success")]
    assert [(duty.state, duty.ours) for duty in owed] == [("done", True), ("done", False)]
    assert {duty.due_at - duty.raised_at for duty in owed if duty.due_at} == {OUTCOME_TARGET}


def test_with_consent_the_number_is_passed_on_and_the_cpo_calls(running_demo: Surroundings) -> None:
    played = perform("unlock_failed_with_consent", running_demo)
    assert played.asked_of_stations == [("BER-OST-012", UNLOCK)] * 2
    assert [command.outcome for command in played.commands("nordlade")] == ["unlock_failed"] * 2
    assert played.calls_at("voltpass") == [("cpo_cc", CPO_LINE, "answered")] * 2
    assert [(to, result) for to, _, result in played.calls_at("nordlade")] == [("user", "answered")]
    assert played.personal_at("nordlade")["user_phone"] == ANA.phone.replace(" ", "")
    [mail] = played.mails
    assert (mail.recipients, mail.subject.split("] ")[1]) == (NOTICE_TO, "Solved: Cable stuck, DE*NDL*E0391*1")
    assert played.states == CLOSED


def test_without_consent_the_number_never_reaches_the_cpo(running_demo: Surroundings) -> None:
    played = perform("unlock_failed_without_consent", running_demo)
    cpo = played.case_at("nordlade")
    assert "user_phone" not in played.personal_at("nordlade")
    assert played.personal_at("voltpass")["user_phone"] == ANA.phone.replace(" ", "")
    assert played.calls_at("nordlade") == []
    with pytest.raises(Refused):
        services.reveal(cpo, "user_phone", "curious", actor=Actor("Petra", Through.DEMO), at=datetime.now(UTC))
    assert [mail.recipients for mail in played.mails] == [NOTICE_TO]
    assert played.states == CLOSED


def test_a_failure_is_told_twice_and_a_visit_promised(running_demo: Surroundings) -> None:
    played = perform("field_visit", running_demo)
    assert [(to, number) for to, number, _ in played.calls_at("nordlade")] == [("user", ""), ("msp_cc", MSP_LINE)]
    legs = [played.duty("nordlade", rule) for rule in ("phone_failure", "mail_failure")]
    assert [duty.state for duty in legs] == ["done", "done"]
    assert {duty.due_at - duty.raised_at for duty in legs if duty.due_at} == {OUTCOME_TARGET}
    [mail] = played.mails
    assert mail.recipients == NOTICE_TO
    assert mail.subject == f"{both_references(played)} Not solved: Cable stuck, DE*NDL*E0391*1"
    assert "2 Unlock commands did not free it. A technician is promised for" in mail.text
    assert tuple(template_of(mail)) == TEMPLATE
    assert played.duty("voltpass", "tell_outcome").state == "done"
    assert played.states == CLOSED


def test_silence_is_unknown_until_the_late_answer_counts(running_demo: Surroundings) -> None:
    played = perform("unknown_then_late_answer", running_demo)
    [command] = played.commands("nordlade")
    assert (command.state, command.outcome, command.late) == (Command.State.ANSWERED, "unlocked", True)
    assert played.asked_of_stations == [("BER-ALX-002", UNLOCK)]
    told = [line.strip() for line in played.said if "unknown" in line or "late answer" in line]
    assert told.index("no answer: unknown") < told.index("unlocked (reported by the station), late answer")
    assert {"check_unlock", "check_with_user"} <= played.rules_of("nordlade") | played.rules_of("voltpass")
    [mail] = played.mails
    assert (mail.recipients, template_of(mail)["Token"]) == (NOTICE_TO, EMIL.token)
    assert played.states == CLOSED


def test_danger_through_the_msp_is_told_at_once_and_nobody_asks_who_it_is(running_demo: Surroundings) -> None:
    played = perform("danger_through_msp", running_demo)
    told = played.duty("voltpass", "tell_cpo_danger")
    assert (told.state, told.due_at and told.due_at - told.raised_at) == ("done", DANGER_TARGET)
    assert played.calls_at("voltpass") == [("cpo_cc", CPO_LINE, "answered")]
    asked = played.rules_of("voltpass") | played.rules_of("nordlade")
    assert not {rule for rule in asked if "identity" in rule}
    assert "token" not in played.personal_at("nordlade")
    [mail] = played.mails
    assert mail.subject == f"{both_references(played)} Danger removed: DE*NDL*E0633*1"
    assert template_of(mail)["Token"] == "none: nobody is asked for a token when there is danger"
    assert played.states == CLOSED


def test_danger_told_to_the_cpo_is_taken_and_not_sent_away(running_demo: Surroundings) -> None:
    played = perform("danger_direct", running_demo)
    assert played.rules_of("nordlade") == {"ask_hurt_direct", "danger_internal", "notice_danger_direct"}
    assert played.calls_at("nordlade") == []
    [mail] = played.mails
    assert (mail.recipients, mail.subject) == (
        NOTICE_TO,
        f"[{played.case_at('nordlade').reference}] Danger removed: DE*NDL*E0633*1",
    )
    assert played.states == CLOSED


def test_a_direct_caller_who_matches_is_helped_and_the_session_stopped_first(running_demo: Surroundings) -> None:
    played = perform("direct_match", running_demo)
    assert played.verdicts("nordlade")[-1] == "match"
    orders = [action for station, action in played.asked_of_stations if station == "POT-SAN-021"]
    assert orders.index("RequestStopTransaction") < orders.index(UNLOCK)
    assert played.payload(UNLOCK) == [{"evseId": 1, "connectorId": 1}]
    assert played.calls_at("nordlade") == []
    [mail] = played.mails
    assert (mail.recipients, template_of(mail)["Token"]) == (NOTICE_TO, SOFIA.token)
    assert mail.subject == f"[{played.case_at('nordlade').reference}] Solved: Cable stuck, DE*NDL*E0633*1"
    assert played.states == CLOSED


def test_a_direct_caller_who_does_not_match_is_sent_to_the_msp(running_demo: Surroundings) -> None:
    played = perform("direct_mismatch", running_demo)
    assert played.verdicts("nordlade")[-1] == "mismatch"
    assert played.duty("nordlade", "send_to_msp_mismatch").state == "done"
    assert (played.asked_of_stations, played.mails, played.calls_at("nordlade")) == ([], [], [])
    assert played.states == CLOSED


def test_who_cannot_start_is_sent_to_the_msp_and_helped_there(running_demo: Surroundings) -> None:
    played = perform("cannot_start", running_demo)
    assert played.rules_of("nordlade") == {"send_to_msp"}
    assert played.rules_of("voltpass") == {"support_user"}
    assert (played.mails, played.calls_at("voltpass")) == ([], [])
    assert played.states == CLOSED


@pytest.mark.parametrize(
    ("name", "owed"),
    [
        ("out_of_order_needs_charge", {"station_internal", "ask_need_charge", "suggest_other_station"}),
        ("out_of_order_no_charge", {"station_internal", "ask_need_charge"}),
    ],
)
def test_another_station_is_suggested_only_to_who_needs_to_charge(
    running_demo: Surroundings, name: str, owed: set[str]
) -> None:
    played = perform(name, running_demo)
    assert played.rules_of("nordlade") == owed
    assert (played.mails, played.calls_at("nordlade")) == ([], [])
    assert played.states == CLOSED


def test_anything_else_goes_from_back_office_to_back_office_by_mail(running_demo: Surroundings) -> None:
    played = perform("backoffice", running_demo)
    request, answer = played.mails[::2]
    msp, cpo = played.case_at("voltpass"), played.case_at("nordlade")
    assert (request.sender, request.recipients) == ("support@voltpass.example", ("backoffice@nordlade.example",))
    assert request.subject == f"[{msp.reference}] Request: Anything else, DE*NDL*E0472*1"
    assert (answer.sender, answer.recipients) == ("control.room@nordlade.example", ("backoffice@voltpass.example",))
    assert answer.subject == f"{both_references(played)} Answer: Anything else, DE*NDL*E0472*1"
    assert tuple(template_of(request)) == tuple(template_of(answer)) == TEMPLATE
    assert (template_of(request)["Token"], template_of(request)["CDR id"]) == (MILO.token, "NDL-CDR-58120")
    assert (msp.their_reference, cpo.their_reference) == (cpo.reference, msp.reference)
    assert played.calls_at("voltpass") == played.calls_at("nordlade") == []
    assert played.states == CLOSED


def test_each_desk_acknowledges_the_other_once_and_the_threads_are_found_on_both_sides(
    running_demo: Surroundings,
) -> None:
    played = perform("backoffice", running_demo)
    request, acknowledged, answer, seen = (mail.message for mail in played.mails)
    senders = [mail.sender for mail in played.mails]
    assert senders == ["support@voltpass.example", "<>", "control.room@nordlade.example", "<>"]
    assert [acknowledged["Auto-Submitted"], seen["Auto-Submitted"]] == ["auto-replied"] * 2
    assert (acknowledged["In-Reply-To"], seen["In-Reply-To"]) == (request["Message-ID"], answer["Message-ID"])
    assert request["Message-ID"] in answer["References"]
    found = [line.strip() for line in played.said if "Found by" in line]
    assert found == ["Found by In-Reply-To.", "Found by In-Reply-To."]
    assert any(f"{played.case_at('nordlade').reference} was opened for it" in line for line in played.said)


def cdrs(played: Played) -> int:
    """Charge detail records at VoltPass of the sessions that the play began."""
    ids = {line.rpartition(" ")[2] for line in played.said if "the hub's session:" in line}
    with scopes_disabled():
        return Cdr.objects.filter(desk__slug="voltpass", session__session_id__in=ids).count()


def stops(played: Played) -> list[tuple[str, str]]:
    """Desk and outcome of each remote stop for the play's cases and sessions, in order."""
    abouts = {f"case:{case.pk}" for case in played.cases}
    with scopes_disabled():
        given = Command.objects.filter(kind="remote_stop", about__in=abouts).order_by("pk")
        return list(given.values_list("desk__slug", "outcome"))


def test_an_msp_ends_its_users_session_through_the_hub_and_the_record_follows(running_demo: Surroundings) -> None:
    played = perform("stop_by_msp", running_demo)
    assert stops(played) == [("voltpass", "accepted")]
    assert [request for _, request in played.asked_of_stations] == ["RemoteStopTransaction"]
    assert cdrs(played) == 1
    assert played.states == CLOSED


def test_310_is_unknown_though_the_station_did_it(running_demo: Surroundings) -> None:
    played = perform("hub_hears_nothing", running_demo)
    assert stops(played) == [("voltpass", "no_answer")]
    assert [request for _, request in played.asked_of_stations] == ["RemoteStopTransaction"]
    assert any("unknown" in line for line in played.said)


def test_a_record_that_the_hub_forwards_twice_is_one(running_demo: Surroundings) -> None:
    assert cdrs(perform("cdr_twice", running_demo)) == 1


def test_a_play_uses_the_hub_that_stands_and_leaves_it_standing(running_demo: Surroundings) -> None:
    hub = RunningHub(print)
    hub.start()
    try:
        assert hub.up.wait(20)
        played = perform("hub_hears_nothing", running_demo)
        assert stops(played) == [("voltpass", "no_answer")]
        assert stands()
    finally:
        hub.end()
    assert not stands()


def test_a_session_that_the_hub_does_not_know_is_not_stopped(running_demo: Surroundings) -> None:
    played = perform("session_unknown", running_demo)
    assert stops(played) == [("voltpass", "rejected")]
    assert played.asked_of_stations == []
    assert played.states == CLOSED


def test_a_user_who_starts_in_the_app_has_one_session_everywhere(running_demo: Surroundings) -> None:
    for _ in range(2):
        played = perform("remote_start", running_demo)
        assert played.asked_of_stations == [
            ("POT-SAN-021", request) for request in ("ReserveNow", "RequestStartTransaction", "RequestStopTransaction")
        ]
        assert stops(played) == [("voltpass", "accepted")]
        assert cdrs(played) == 1
        assert played.states == CLOSED
