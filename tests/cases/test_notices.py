from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import jsonschema
import pytest
from django_scopes import scope

from builders import MSP_REFERENCE_MAIL, MSP_SUPPORT_MAIL
from case_reading import duty, events, fresh, kinds, known, open_rules
from cases.conftest import LABEL, TEMPLATE, TOKEN, USER_PHONE, Open
from correspondence.smtp_peer import Script, SmtpPeer
from roamdesk.cases import services
from roamdesk.cases.actors import Actor
from roamdesk.cases.errors import NoticeIncomplete, Refused
from roamdesk.cases.models import Case
from roamdesk.cases.notices import Notice, compose, send_notice
from roamdesk.correspondence import ports, sending
from roamdesk.correspondence.models import Message
from roamdesk.correspondence.parsing.mail import parse
from roamdesk.correspondence.services import attempt
from roamdesk.partners.models import ContactLine
from roamdesk.procedure import shipped
from roamdesk.procedure.exchange import SCHEMA, read_sent
from roamdesk.procedure.understanding import Parts, understand

MINUTE = timedelta(minutes=1)


@pytest.fixture
def relay(real_db: None, settings: Any) -> Iterator[SmtpPeer]:
    """A real SMTP server that takes mail, or refuses it as its script says."""
    with SmtpPeer() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_TIMEOUT = settings.EMAIL_ANSWER_TIMEOUT = 5
        yield running


def composed(case: Case, rule: str) -> Notice:
    with scope(desk=case.desk):
        return compose(fresh(case), rule)


def texts(notice: Notice) -> dict[str, str]:
    return {field.name: field.text for field in notice.fields}


def no_lines(case: Case, purpose: str) -> None:
    with scope(desk=case.desk):
        ContactLine.objects.filter(purpose=purpose, channel="mail").delete()


def test_a_notice_carries_all_five_fields_in_utc(solved_case: Case) -> None:
    fields = texts(composed(solved_case, "mail_success"))
    assert re.fullmatch(r"10/03/2026 09:00.*", fields.pop("date_time"))
    assert fields == {
        "evse_id": LABEL,
        "token": TOKEN,
        "cdr_id": "not yet issued: the session still runs",
        "event": "The cable does not come out.",
    }


def test_both_references_and_all_recipients_of_the_form_are_on_it(
    solved_case: Case, operator: Actor, at: datetime
) -> None:
    services.set_their_reference(solved_case, "VPS-88", actor=operator, at=at)
    notice = composed(solved_case, "mail_success")
    assert notice.subject == "[NDL-2603-0001 / VPS-88] Solved: Cable stuck, DE*NDL*E4421*1"
    assert notice.to == {"msp_support": [MSP_SUPPORT_MAIL], "msp_fp": [MSP_REFERENCE_MAIL]}
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    assert "Our reference: NDL-2603-0001\nYour reference: VPS-88" in message.text


@pytest.mark.parametrize(("exact", "indicative"), [("yes", False), ("no", True), (None, True)])
def test_a_time_that_is_not_exact_is_marked_as_indicative(
    solved_case: Case, operator: Actor, at: datetime, exact: str | None, indicative: bool
) -> None:
    services.record_facts(solved_case, {"time_exact": exact}, actor=operator, at=at)
    notice = composed(solved_case, "mail_success")
    (field,) = [field for field in notice.fields if field.name == "date_time"]
    assert (field.indicative, "indicative" in field.text.lower()) == (indicative, indicative)


def test_without_a_token_it_says_none_and_why(solved_case: Case, operator: Actor, at: datetime) -> None:
    services.edit_fact(solved_case, "token", None, actor=operator, at=at)
    assert "Token" in composed(solved_case, "mail_success").missing
    services.record_facts(solved_case, {"no_token_reason": "started in the app"}, actor=operator, at=at)
    assert texts(composed(solved_case, "mail_success"))["token"] == "none: started in the app"


def test_a_cdr_id_stands_before_the_session_id(solved_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(solved_case, {"session_id": "S-1"}, actor=operator, at=at)
    running = "session S-1, CDR not yet issued: the session still runs"
    assert texts(composed(solved_case, "mail_success"))["cdr_id"] == running
    services.record_facts(solved_case, {"cdr_id": "C-1"}, actor=operator, at=at)
    assert texts(composed(solved_case, "mail_success"))["cdr_id"] == "C-1"


@pytest.mark.parametrize("said", [USER_PHONE, "0170 5550142", "0170/555 01 42", "(+49) 170-555-0142"])
def test_the_users_number_is_in_no_mail_however_someone_wrote_it_down(
    solved_case: Case, operator: Actor, at: datetime, said: str
) -> None:
    values = {"user_phone": USER_PHONE, "issue": f"Stuck. Call {said} please."}
    services.record_facts(solved_case, values, actor=operator, at=at)
    message = send_notice(solved_case, "mail_success", actor=operator, at=at, opening=f"Solved, ask {said}.")
    written = message.subject + message.text + message.html
    assert "Stuck. Call" in written
    assert "5550142" not in re.sub(r"[^0-9]", "", written.replace("20260310", ""))


def test_an_opening_of_ones_own_replaces_the_templates(solved_case: Case, operator: Actor, at: datetime) -> None:
    message = send_notice(solved_case, "mail_success", actor=operator, at=at, opening="It came out with a hammer.")
    assert message.text.startswith("It came out with a hammer.\n")


def test_html_that_a_user_said_is_text_in_the_html_part(solved_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(solved_case, {"issue": "<script>x</script>"}, actor=operator, at=at)
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    assert "&lt;script&gt;x" in message.html
    assert "<script>x" in message.text


def test_what_is_missing_is_named_and_nothing_is_sent(unlocking_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(unlocking_case, {"unlock": "ok", "issue": None}, actor=operator, at=at)
    no_lines(unlocking_case, "reference_person")
    with pytest.raises(NoticeIncomplete) as incomplete:
        send_notice(unlocking_case, "mail_success", actor=operator, at=at)
    assert incomplete.value.missing == [
        "CDR id",
        "an address of VoltPass for focal points of the MSP",
    ]
    assert "mail_queued" not in kinds(unlocking_case)


def test_a_failure_notice_wants_the_promised_time(failing_case: Case, operator: Actor, at: datetime) -> None:
    services.record_facts(failing_case, {"exhausted": "yes", **TEMPLATE}, actor=operator, at=at)
    assert composed(failing_case, "mail_failure").missing == ("Field visit",)


def test_what_is_not_owed_is_not_sent(cpo_case: Case, operator: Actor, at: datetime) -> None:
    with pytest.raises(Refused, match="not owed any more"):
        send_notice(cpo_case, "mail_success", actor=operator, at=at)


def test_a_duty_that_is_no_mail_can_not_be_composed(unlocking_case: Case) -> None:
    with pytest.raises(Refused, match="sends no mail"):
        composed(unlocking_case, "do_unlock")


def test_pressed_twice_it_is_one_mail(solved_case: Case, operator: Actor, at: datetime) -> None:
    version = solved_case.version
    first = send_notice(solved_case, "mail_success", actor=operator, at=at, expected_version=version)
    second = send_notice(solved_case, "mail_success", actor=operator, at=at, expected_version=version)
    assert first == second
    assert kinds(solved_case).count("mail_queued") == 1


def test_accepted_by_the_relay_the_duty_is_done_and_the_case_closes(
    solved_case: Case, operator: Actor, relay: SmtpPeer, at: datetime
) -> None:
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    assert attempt(message.pk, at + MINUTE) == Message.State.ACCEPTED
    assert [mail["X-Roamdesk-Case"] for mail in relay.taken] == [solved_case.reference]
    assert known(solved_case)["mailed_support"] == known(solved_case)["mailed_focal_points"] == "successful"
    assert (duty(solved_case, "mail_success").state, fresh(solved_case).state) == ("done", "closed")
    assert kinds(solved_case)[-4:] == ["mail_queued", "mail_state", "facts", "closed"]


def test_refused_by_the_relay_the_duty_stays_open(
    solved_case: Case, operator: Actor, relay: SmtpPeer, at: datetime
) -> None:
    relay.script = Script(sender="550 not you")
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    assert attempt(message.pk, at + MINUTE) == Message.State.REFUSED
    assert "mail_success" in open_rules(solved_case)
    assert [event.data["state"] for event in events(solved_case, "mail_state")] == ["refused"]


def test_after_a_refusal_pressing_again_writes_a_new_mail_to_the_mended_address(
    solved_case: Case, operator: Actor, relay: SmtpPeer, at: datetime
) -> None:
    relay.script = Script(sender="550 not you")
    first = send_notice(solved_case, "mail_success", actor=operator, at=at)
    attempt(first.pk, at + MINUTE)
    relay.script = Script()
    with scope(desk=solved_case.desk):
        ContactLine.objects.filter(value=MSP_SUPPORT_MAIL).update(value="help@voltpass.example")
    second = send_notice(solved_case, "mail_success", actor=operator, at=at + 2 * MINUTE)
    attempt(second.pk, at + 3 * MINUTE)
    assert relay.envelopes == [["help@voltpass.example", MSP_REFERENCE_MAIL]]
    assert fresh(solved_case).state == "closed"


def test_only_who_got_the_mail_is_told(solved_case: Case, operator: Actor, relay: SmtpPeer, at: datetime) -> None:
    relay.script = Script(recipients={MSP_REFERENCE_MAIL: "550 unknown"})
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    attempt(message.pk, at + MINUTE)
    assert known(solved_case)["mailed_support"] == "successful"
    assert "mailed_focal_points" not in known(solved_case)
    assert "mail_success" in open_rules(solved_case)


def test_a_relay_that_puts_us_off_writes_no_event_until_something_changes(
    solved_case: Case, operator: Actor, relay: SmtpPeer, at: datetime
) -> None:
    relay.script = Script(sender="451 later")
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    for later in range(1, 4):
        assert attempt(message.pk, at + later * 20 * MINUTE) == Message.State.QUEUED
    assert events(solved_case, "mail_state") == []
    relay.script = Script()
    attempt(message.pk, at + 90 * MINUTE)
    assert [event.data["state"] for event in events(solved_case, "mail_state")] == ["accepted"]


def test_told_twice_a_change_is_one_event(solved_case: Case, operator: Actor, relay: SmtpPeer, at: datetime) -> None:
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    attempt(message.pk, at + MINUTE)
    before = kinds(solved_case)
    with scope(desk=solved_case.desk):
        ports.message_changed(Message.objects.select_related("desk").get(pk=message.pk))
    assert kinds(solved_case) == before


def test_the_mail_of_a_merged_case_tells_only_its_history(
    solved_case: Case, open_cpo: Open, operator: Actor, relay: SmtpPeer, at: datetime
) -> None:
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    services.merge_cases(solved_case, open_cpo(), actor=operator, at=at)
    attempt(message.pk, at + MINUTE)
    assert kinds(solved_case)[-2:] == ["merged", "mail_state"]
    assert fresh(solved_case).state == "merged"


def test_the_fields_go_along_as_json_that_the_other_desk_reads_without_guessing(
    solved_case: Case, operator: Actor, at: datetime
) -> None:
    """S32: what the mail says, and nothing else; the User's number is in neither."""
    values = {"user_phone": USER_PHONE, "issue": f"Stuck. Call {USER_PHONE}."}
    services.record_facts(solved_case, values, actor=operator, at=at)
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    with scope(desk=solved_case.desk):
        read = parse(sending.compose(message).as_bytes())
    (raw,) = read.bodies.templates
    sent = read_sent(shipped(), raw)
    assert (sent.our_reference, sent.problem) == ("NDL-2603-0001", "cable_stuck")
    assert sent.fields["token"].values == {"token": TOKEN}
    assert sent.fields["date_time"].values == {"event_time": "2026-03-10T09:00:00Z", "time_exact": "no"}
    assert sent.fields["cdr_id"].values == {"cdr_reason": "the session still runs"}
    assert b"5550142" not in raw
    jsonschema.validate(json.loads(raw), json.loads(SCHEMA.read_text()))


def test_what_we_send_is_understood_from_text_html_and_attachment_alike(
    solved_case: Case, operator: Actor, at: datetime
) -> None:
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    with scope(desk=solved_case.desk):
        read = parse(sending.compose(message).as_bytes()).bodies
    by_part = [
        understand(shipped(), Parts(text=read.text)),
        understand(shipped(), Parts(html=read.html)),
        understand(shipped(), Parts(attachments=read.templates)),
    ]
    assert by_part[0].values == by_part[1].values == by_part[2].values
    assert {found.their_reference for found in by_part} == {"NDL-2603-0001"}
