"""A conversation over HTTP: answers to one correspondent, files, notes between, what can wait; for this desk only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_scopes import scope

from builders import CPO_BACK_OFFICE, person_at
from case_reading import kinds
from console.conftest import LABEL, a_case
from console.mails import answer_to, come, letter, path_of_talk, talk_of
from console.pages import again, page_of, text_of
from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case
from roamdesk.cases.services import erase_personal_values, open_case, record_facts
from roamdesk.cases.teamwork import merge_cases
from roamdesk.console.views import letters
from roamdesk.correspondence import outbox, ports
from roamdesk.correspondence.models import Conversation, Draft, IncomingMail, Message
from roamdesk.correspondence.sending import compose
from roamdesk.correspondence.services import queue_message
from roamdesk.desks.models import Desk, Person, Role
from roamdesk.partners.models import Partner

NOW = datetime.now(UTC)
OTHER = "desk@kilowerk.example"
DEEDS = (
    "look", "draft", "answer", "back", "again", "settle", "reopen", "snooze", "wake", "aside", "bring-back", "place",
    "open", "take",
)  # fmt: skip


@pytest.fixture
def mail(stuck: Case) -> IncomingMail:
    return answer_to(stuck, NOW, Message_ID="<their-1@nordlade.example>", References="<a@b.example> <c@d.example>")


@pytest.fixture
def logged_in(client: Client, msp_operator: Person) -> Client:
    client.force_login(msp_operator)
    return client


def answer(client: Client, mail: IncomingMail, text: str = "Thank you.", **more: object) -> str:
    page = client.get(path_of_talk(mail)).content.decode()
    to = [part.partition('"')[0] for part in page.split('name="to" value="')[1:]]
    values = {"text": text, "key": "k1", "quotes": "1", "to": to} | more
    return client.post(path_of_talk(mail, "/answer"), values, follow=True).content.decode()


def sent(desk: Desk) -> list[Message]:
    with scope(desk=desk):
        return list(Message.objects.select_related("desk").order_by("pk"))


def composed(message: Message) -> EmailMessage:
    with scope(desk=message.desk):
        return compose(message)


# ---- who ----


def test_strangers_and_other_desks_find_no_mail_of_this_one(
    client: Client, mail: IncomingMail, stranger: Person, cpo_operator: Person
) -> None:
    parts = ["", *(f"/{deed}" for deed in DEEDS)]
    letters = [f"/d/voltpass/mail/letters/{mail.pk}{part}" for part in ("", "/html", "/raw", "/files/0")]
    for person in (stranger, cpo_operator):
        client.force_login(person)
        assert {client.get(path).status_code for path in letters} == {404}
        assert {client.post(path_of_talk(mail, part)).status_code for part in parts[1:]} == {404}
        assert client.get(path_of_talk(mail)).status_code == 404
    client.force_login(stranger)
    elsewhere = f"/d/ladeviert/mail/{talk_of(mail).pk}"
    assert {client.get(elsewhere).status_code, client.post(f"{elsewhere}/settle").status_code} == {404}
    assert client.get(f"/d/ladeviert/mail/letters/{mail.pk}/raw").status_code == 404


def test_an_auditor_reads_and_does_nothing(client: Client, mail: IncomingMail, msp_auditor: Person) -> None:
    html = page_of(client, msp_auditor, path_of_talk(mail))
    assert "It is freed." in html
    assert 'id="compose"' not in html
    assert {client.post(path_of_talk(mail, f"/{deed}")).status_code for deed in DEEDS} == {403}


def test_a_deed_is_never_done_by_looking(logged_in: Client, mail: IncomingMail) -> None:
    assert {logged_in.get(path_of_talk(mail, f"/{deed}")).status_code for deed in DEEDS} == {405}


# ---- reading ----


def test_what_is_erased_says_so_and_nobody_reads_it_any_more(
    logged_in: Client, stuck: Case, mail: IncomingMail, msp_operator: Person
) -> None:
    answer(logged_in, mail, text="The token is 04A2B3.")
    with scope(desk=stuck.desk):
        Message.objects.update(state="accepted", accepted_at=NOW)
    erase_personal_values(stuck, actor=Actor.of(msp_operator), at=NOW)
    page = page_of(logged_in, msp_operator, path_of_talk(mail))
    assert text_of(page).count("(erased: it was kept as long as this desk keeps personal values)") >= 2
    for gone in ("It is freed.", "04A2B3"):
        assert gone not in page
    for part in ("", "/raw"):
        assert b"It is freed." not in logged_in.get(f"/d/voltpass/mail/letters/{mail.pk}{part}").content


def test_the_conversation_shows_mails_in_order_with_quotes_folded_and_the_case_beside(
    logged_in: Client, stuck: Case, msp_operator: Person
) -> None:
    quoted = "On Mon, 23 Nov 2026 at 10:00 VoltPass <support@voltpass.example> wrote:\n\n> Please help\n"
    text = f"Thanks, it is out.\n\n{quoted}"
    html = page_of(logged_in, msp_operator, path_of_talk(come(stuck.desk, letter(text, Subject=stuck.reference), NOW)))
    assert '<pre class="letter-text">Thanks, it is out.</pre>' in html
    assert "Quoted:" in html
    assert stuck.reference in text_of(html)
    assert "nobody else reads along" in html


def test_an_unknown_sender_a_machine_and_a_mail_that_came_back_are_marked(
    logged_in: Client, stuck: Case, msp_operator: Person
) -> None:
    stranger = come(stuck.desk, letter(Subject=stuck.reference, From="x@else.example"), NOW)
    machine = come(stuck.desk, letter(Subject=stuck.reference, Auto_Submitted="auto-replied"), NOW)
    assert "x@else.example: unknown sender" in page_of(logged_in, msp_operator, path_of_talk(stranger))
    assert "A machine wrote it" in page_of(logged_in, msp_operator, path_of_talk(machine))


def test_each_view_of_a_mail_is_a_press_away(logged_in: Client, stuck: Case) -> None:
    mail = come(stuck.desk, letter("plain", "<p>rich</p>", Subject=stuck.reference), NOW)
    part = f"/d/voltpass/mail/letters/{mail.pk}"
    shown = [logged_in.get(f"{part}?as={view}").content.decode() for view in ("text", "html", "header")]
    assert ["plain" in shown[0], "<iframe" in shown[1], "Message-ID: &lt;" in shown[2]] == [True] * 3


def test_the_raw_mail_is_saved_byte_for_byte(logged_in: Client, mail: IncomingMail) -> None:
    answer = logged_in.get(f"/d/voltpass/mail/letters/{mail.pk}/raw")
    with scope(desk=mail.desk):
        assert answer.content == IncomingMail.objects.get(pk=mail.pk).raw
    assert answer["Content-Disposition"].startswith("attachment")


# ---- files ----


def with_file(case: Case, name: str, content: bytes, kind: str = "application/octet-stream") -> IncomingMail:
    mail = letter("see file", Subject=case.reference)
    main, _, sub = kind.partition("/")
    mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return come(case.desk, mail, NOW)


def test_a_file_is_only_ever_saved_and_nothing_in_it_runs(logged_in: Client, stuck: Case) -> None:
    name = "B%22ild%0D%0AX-Evil: 1.png"
    raw = (
        f"From: {CPO_BACK_OFFICE}\r\nSubject: {stuck.reference}\r\nContent-Type: image/png\r\n"
        f"Content-Disposition: inline; filename*=utf-8''{name}\r\n\r\n"
    )
    mail = come(stuck.desk, raw.encode() + b"\x89PNG\r\n\x1a\n123", NOW)
    got = logged_in.get(f"/d/voltpass/mail/letters/{mail.pk}/files/0")
    assert got.content == b"\x89PNG\r\n\x1a\n123"
    assert got["Content-Type"] == "application/octet-stream"
    assert got["Content-Disposition"].startswith("attachment")
    assert "X-Evil" not in got.headers
    assert got["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert got["X-Content-Type-Options"] == "nosniff"
    assert got["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_file_that_may_hurt_is_handed_out_on_a_second_press_only(
    logged_in: Client, stuck: Case, msp_operator: Person
) -> None:
    mail = with_file(stuck, "invoice.pdf", b"MZ\x90\x00 program", "application/pdf")
    html = page_of(logged_in, msp_operator, path_of_talk(mail))
    assert "it is a program" in html
    assert "its name says PDF, its content is Program" in html
    address = f"/d/voltpass/mail/letters/{mail.pk}/files/0"
    asked = logged_in.get(address)
    assert b"MZ" not in asked.content
    assert "Save it all the same" in asked.content.decode()
    assert logged_in.post(address).content == b"MZ\x90\x00 program"


def test_files_come_from_another_origin_where_one_is_set_for_a_minute_and_without_a_cookie(
    logged_in: Client, stuck: Case, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = with_file(stuck, "a.txt", b"words", "text/plain")
    settings.CONTENT_URL, settings.ALLOWED_HOSTS = "https://files.example", ["*"]
    there = logged_in.get(f"/d/voltpass/mail/letters/{mail.pk}/files/0")
    assert there["Location"].startswith("https://files.example/content/")
    path = there["Location"].removeprefix("https://files.example")
    anybody = Client()
    assert anybody.get(path, headers={"host": "files.example"}).content == b"words"
    assert anybody.get(path, headers={"host": "testserver"}).status_code == 404
    assert anybody.get(path[:-1] + "x", headers={"host": "files.example"}).status_code == 404
    monkeypatch.setattr(letters, "CONTENT_SECONDS", -1)
    assert anybody.get(path, headers={"host": "files.example"}).status_code == 404


@pytest.mark.parametrize("number", ["1", "99999999999999999999"])
def test_a_file_that_the_mail_has_not_is_not_found(logged_in: Client, stuck: Case, number: str) -> None:
    mail = with_file(stuck, "a.txt", b"x", "text/plain")
    assert logged_in.get(f"/d/voltpass/mail/letters/{mail.pk}/files/{number}").status_code == 404


# ---- answering ----


def test_an_answer_goes_to_the_correspondent_threaded_and_quoting_their_words(
    logged_in: Client, mail: IncomingMail, stuck: Case
) -> None:
    answer(logged_in, mail)
    [message] = sent(stuck.desk)
    out = composed(message)
    assert (message.to, message.origin, message.by) == ([CPO_BACK_OFFICE], "person", "Olga Operator")
    assert out["In-Reply-To"] == "<their-1@nordlade.example>"
    assert out["References"] == "<a@b.example> <c@d.example> <their-1@nordlade.example>"
    assert out["Subject"] == f"Re: {stuck.reference} stuck cable"
    assert "> It is freed." in message.text
    assert out["Auto-Submitted"] is None
    assert kinds(stuck)[-1] == "mail_queued"
    assert talk_of(mail).todo == "theirs"


def test_nothing_of_another_partner_is_in_an_answer(logged_in: Client, stuck: Case, msp_operator: Person) -> None:
    mine = answer_to(stuck, NOW)
    with scope(desk=stuck.desk):
        Partner.objects.create(desk=stuck.desk, name="Kilowerk", plays_cpo=True)
    headers = {"From": OTHER, "Cc": "boss@kilowerk.example", "Message_ID": "<1@kilowerk.example>"}
    secret = letter("OUR PRICE IS 4 CENT", Subject=f"Re: {stuck.reference}", **headers)
    theirs = come(stuck.desk, secret, NOW + timedelta(seconds=1))
    assert talk_of(theirs) != talk_of(mine)
    assert "4 CENT" not in page_of(logged_in, msp_operator, path_of_talk(mine))
    answer(logged_in, mine)
    out = composed(sent(stuck.desk)[0]).as_bytes()
    assert [word in out for word in (b"4 CENT", b"kilowerk", b"Cc:")] == [False, False, False]
    answer(logged_in, theirs, key="k2")
    assert sent(stuck.desk)[1].to == [OTHER]
    assert b"nordlade" not in composed(sent(stuck.desk)[1]).as_bytes().lower()


def test_a_reply_address_of_another_company_is_not_followed(logged_in: Client, stuck: Case) -> None:
    mail = answer_to(stuck, NOW, Reply_To="thief@elsewhere.example")
    answer(logged_in, mail)
    assert sent(stuck.desk)[0].to == [CPO_BACK_OFFICE]


def test_when_a_colleague_of_theirs_wrote_meanwhile_it_goes_to_nobody_that_was_not_on_the_screen(
    logged_in: Client, mail: IncomingMail, stuck: Case
) -> None:
    later = {"Subject": stuck.reference, "From": "new.colleague@nordlade.example"}
    come(stuck.desk, letter("I take over", **later), NOW + timedelta(seconds=5))
    html = answer(logged_in, mail, "For your eyes", to=[CPO_BACK_OFFICE])
    assert "It would go to new.colleague@nordlade.example now" in text_of(html)
    assert ">For your eyes</textarea>" in html
    assert sent(stuck.desk) == []


def test_pressed_twice_it_is_one_mail(logged_in: Client, mail: IncomingMail, stuck: Case) -> None:
    answer(logged_in, mail)
    answer(logged_in, mail)
    assert len(sent(stuck.desk)) == 1
    assert kinds(stuck).count("mail_queued") == 1


def test_the_users_number_is_never_in_it(logged_in: Client, msp_operator: Person, stuck: Case) -> None:
    record_facts(stuck, {"user_phone": "+4915155501234"}, actor=Actor.of(msp_operator), at=NOW)
    answer(logged_in, answer_to(stuck, NOW), "Call +49 151 5550 1234 please")
    assert "1234" not in sent(stuck.desk)[0].text


def test_an_empty_answer_is_refused_and_said(logged_in: Client, mail: IncomingMail, stuck: Case) -> None:
    assert "The answer is empty. Write it first. Nothing was changed." in text_of(answer(logged_in, mail, "  "))
    assert sent(stuck.desk) == []


def test_until_it_leaves_it_can_be_taken_back_and_its_text_is_a_draft_again(
    logged_in: Client, mail: IncomingMail, stuck: Case
) -> None:
    html = answer(logged_in, mail, "Too early")
    assert "Take it back" in html
    [message] = sent(stuck.desk)
    html = logged_in.post(path_of_talk(mail, "/back"), {"message": message.pk}, follow=True).content.decode()
    assert [each.state for each in sent(stuck.desk)] == ["withdrawn"]
    assert ">Too early</textarea>" in html
    assert "Mail was taken back before it left" in text_of(page_of_case(logged_in, stuck))
    assert talk_of(mail).todo == "ours"


def page_of_case(client: Client, case: Case) -> str:
    return client.get(f"/d/voltpass/cases/{case.reference}").content.decode()


def test_what_has_left_cannot_be_taken_back(logged_in: Client, mail: IncomingMail, stuck: Case) -> None:
    answer(logged_in, mail)
    [message] = sent(stuck.desk)
    with scope(desk=stuck.desk):
        Message.objects.update(state="sending", attempts=1, leased_until=NOW, next_attempt_at=None)
    refused = logged_in.post(path_of_talk(mail, "/back"), {"message": message.pk})
    assert refused.status_code == 422
    assert "on its way already" in refused.content.decode()
    assert outbox.State(sent(stuck.desk)[0].state) == "sending"


def became(message: Message, state: str, reply: str = "") -> None:
    """What the relay did with it, told to the case as the worker tells it."""
    with scope(desk=message.desk):
        fates = dict.fromkeys(message.to, state)
        changes = {"state": state, "fates": fates, "last_reply": reply, "attempts": 1, "next_attempt_at": None}
        Message.objects.filter(pk=message.pk).update(**changes)
        ports.message_changed(Message.objects.select_related("desk", "conversation").get(pk=message.pk))


@pytest.mark.parametrize("state", ["refused", "unknown"])
def test_an_answer_that_did_not_arrive_waits_for_nobody_says_why_and_is_sent_again_on_a_second_press(
    logged_in: Client, mail: IncomingMail, stuck: Case, state: str
) -> None:
    answer(logged_in, mail)
    [message] = sent(stuck.desk)
    became(message, state, "550 no such user here")
    assert talk_of(mail).todo == "ours"
    html = text_of(logged_in.get(path_of_talk(mail)).content.decode())
    assert "The relay's last words: “550 no such user here”." in html
    assert f"The same mail goes to {CPO_BACK_OFFICE} once more" in html
    assert "their system may drop the copy" in html
    logged_in.post(path_of_talk(mail, "/again"), {"message": message.pk})
    [same] = sent(stuck.desk)
    assert (same.state, same.fates) == ("queued", {CPO_BACK_OFFICE: "pending"})
    assert same.message_id == message.message_id
    assert talk_of(mail).todo == "theirs"
    assert f"Mail sent again to {CPO_BACK_OFFICE}" in text_of(page_of_case(logged_in, stuck))


def test_an_answer_that_the_relay_has_is_not_sent_again(logged_in: Client, mail: IncomingMail, stuck: Case) -> None:
    answer(logged_in, mail)
    [message] = sent(stuck.desk)
    assert "Send it again" not in logged_in.get(path_of_talk(mail)).content.decode()
    refused = logged_in.post(path_of_talk(mail, "/again"), {"message": message.pk})
    assert refused.status_code == 422
    assert "there is nothing to send again" in refused.content.decode()
    assert "mail_again" not in kinds(stuck)


def test_a_mail_of_the_procedure_is_not_sent_again_from_the_conversation(
    logged_in: Client, mail: IncomingMail, stuck: Case
) -> None:
    with scope(desk=stuck.desk):
        notice = queue_message(
            stuck.desk, about=f"case:{stuck.pk}", key="k", to=[CPO_BACK_OFFICE], subject="s", text="t",
            origin=Message.Origin.PERSON, conversation=talk_of(mail), at=NOW,
        )  # fmt: skip
    became(notice, "refused")
    assert "Send it again" not in logged_in.get(path_of_talk(mail)).content.decode()
    assert logged_in.post(path_of_talk(mail, "/again"), {"message": notice.pk}).status_code == 422
    assert sent(stuck.desk)[0].state == "refused"


def test_files_go_out_with_it_and_too_large_ones_are_refused_with_the_text_kept(
    logged_in: Client, mail: IncomingMail, stuck: Case
) -> None:
    answer(logged_in, mail, files=SimpleUploadedFile("plug.pdf", b"%PDF-1.7", "application/pdf"))
    assert [part.get_filename() for part in composed(sent(stuck.desk)[0]).iter_attachments()] == ["plug.pdf"]
    large = SimpleUploadedFile("film.mp4", bytes(11 * 2**20), "video/mp4")
    html = answer(logged_in, mail, "Look at this", key="k2", files=large)
    assert "10 MB together" in html
    assert ">Look at this</textarea>" in html
    assert len(sent(stuck.desk)) == 1


def test_a_draft_is_kept_for_its_writer_and_others_are_told(
    client: Client, mail: IncomingMail, msp_operator: Person, msp_lead: Person
) -> None:
    client.force_login(msp_operator)
    assert client.post(path_of_talk(mail, "/draft"), {"text": "Half a sen"}).status_code == 204
    assert ">Half a sen</textarea>" in page_of(client, msp_operator, path_of_talk(mail))
    html = page_of(client, msp_lead, path_of_talk(mail))
    assert "Half a sen" not in html
    assert "Olga Operator has a draft here as well." in text_of(html)
    client.force_login(msp_operator)
    answer(client, mail)
    with scope(desk=mail.desk):
        assert not Draft.objects.exists()


def test_without_an_answer_expected_nobody_waits(logged_in: Client, mail: IncomingMail) -> None:
    answer(logged_in, mail, last="1")
    assert talk_of(mail).todo == "nothing"


# ---- the rest of the work ----


def test_nothing_to_answer_is_an_event_and_can_be_undone(logged_in: Client, mail: IncomingMail, stuck: Case) -> None:
    html = logged_in.post(path_of_talk(mail, "/settle"), follow=True).content.decode()
    assert "Nothing to answer: Re:" in text_of(html)
    assert talk_of(mail).todo == "nothing"
    logged_in.post(path_of_talk(mail, "/reopen"))
    assert talk_of(mail).todo == "ours"
    assert kinds(stuck)[-2:] == ["mail_settled", "mail_to_answer"]


def test_put_off_until_a_chosen_time(logged_in: Client, mail: IncomingMail, stuck: Case) -> None:
    until = (NOW + timedelta(hours=2)).isoformat()
    logged_in.post(path_of_talk(mail, "/snooze"), {"until": until})
    assert talk_of(mail).snoozed_until is not None
    assert "Put off" in logged_in.get("/d/voltpass/mail?show=snoozed").content.decode()
    assert kinds(stuck)[-1] == "mail_put_off"
    logged_in.post(path_of_talk(mail, "/wake"))
    assert talk_of(mail).snoozed_until is None


@pytest.mark.parametrize("until", ["", "soon", "2026-01-01", "1999-01-01T00:00:00+00:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_is_none_puts_nothing_off(logged_in: Client, mail: IncomingMail, until: str) -> None:
    assert logged_in.post(path_of_talk(mail, "/snooze"), {"until": until}).status_code == 422
    assert talk_of(mail).snoozed_until is None


def test_an_unplaced_mail_is_set_aside_with_undo(logged_in: Client, stuck: Case) -> None:
    mail = come(stuck.desk, letter(Subject="Win", From="x@else.example"), NOW)
    html = logged_in.post(path_of_talk(mail, "/aside"), follow=True).content.decode()
    assert "Set aside: Win." in text_of(html)
    logged_in.post(path_of_talk(mail, "/bring-back"))
    assert talk_of(mail).todo == "unplaced"


def test_an_unplaced_mail_is_placed_by_the_end_of_a_reference(logged_in: Client, stuck: Case) -> None:
    mail = come(stuck.desk, letter(Subject="About the cable", From="x@else.example"), NOW)
    logged_in.post(path_of_talk(mail, "/place"), {"case": stuck.reference[-4:]})
    assert talk_of(mail).about == f"case:{stuck.pk}"


def test_a_case_that_it_may_belong_to_is_offered_and_one_press_places_it(
    logged_in: Client, msp_operator: Person, stuck: Case
) -> None:
    mail = come(stuck.desk, letter(Subject=f"Cable at {LABEL}", From="x@else.example"), NOW)
    html = page_of(logged_in, msp_operator, path_of_talk(mail))
    assert "Does it belong to one of these?" in html
    assert f'name="case" value="{stuck.reference}"' in html
    logged_in.post(path_of_talk(mail, "/place"), {"case": stuck.reference})
    assert talk_of(mail).about == f"case:{stuck.pk}"


def test_what_was_understood_of_a_mail_stands_in_its_conversation_to_be_confirmed(
    logged_in: Client, msp_operator: Person, stuck: Case
) -> None:
    fields = "Date and time: 24/11/2026 10:15\nEVSE id: DE*NDL*E0472*1\nCDR id: NDL-CDR-77\nEvent: It was billed twice"
    mail = come(stuck.desk, letter(fields, Subject=f"Re: {stuck.reference}"), NOW)
    html = page_of(logged_in, msp_operator, path_of_talk(mail))
    assert "What was understood" in html
    assert "NDL-CDR-77" in html
    assert 'name="all" value="1"' in html


def test_a_mail_that_came_by_two_ways_says_so(logged_in: Client, msp_operator: Person, stuck: Case) -> None:
    one = letter(Subject=stuck.reference, Date="Tue, 10 Mar 2026 09:00:00 +0000").as_bytes()
    mail = come(stuck.desk, one, NOW)
    come(stuck.desk, b"Received: by another way\n" + one, NOW)
    assert "Came 2 times" in page_of(logged_in, msp_operator, path_of_talk(mail))


def test_a_reference_that_nobody_has_places_nothing(logged_in: Client, stuck: Case) -> None:
    mail = come(stuck.desk, letter(Subject="About the cable", From="x@else.example"), NOW)
    refused = logged_in.post(path_of_talk(mail, "/place"), {"case": "VPS-9999-9999"})
    assert refused.status_code == 422
    assert talk_of(mail).todo == "unplaced"


def test_a_case_is_opened_from_a_mail_and_the_conversation_goes_on_there(logged_in: Client, stuck: Case) -> None:
    mail = come(stuck.desk, letter(Subject="A wrong CDR", From="x@else.example"), NOW)
    html = logged_in.post(path_of_talk(mail, "/open"), follow=True).content.decode()
    assert 'id="compose"' in html
    with scope(desk=stuck.desk):
        assert Case.objects.count() == 2


def test_the_step_that_waits_for_a_mail_is_one_key_beside_it(
    logged_in: Client, msp_operator: Person, stuck: Case
) -> None:
    with scope(desk=stuck.desk):
        partner = Partner.objects.get(name="Nordlade")
        facts = {"caller": "ourselves", "problem": "other", "mail_sent": "yes"}
        case = open_case(stuck.desk, side="msp", facts=facts, partner=partner, actor=Actor.of(msp_operator), at=NOW)
    mail = answer_to(case, NOW)
    html = page_of(logged_in, msp_operator, path_of_talk(mail))
    assert "It settles the matter" in html
    version, rule = again(case).version, html.partition('name="rule" value="')[2].partition('"')[0]
    posted = {"version": version, "rule": rule, "key": "1", "talk": talk_of(mail).pk}
    done = logged_in.post(f"/d/voltpass/cases/{case.reference}/answer", posted)
    assert again(case).known["values"]["mail_answered"] == "settled"
    assert done["Location"] == path_of_talk(mail)


@pytest.mark.parametrize("talk", ["", "x", "99999999999999999999", "//evil.example", "other"])
def test_whoever_names_no_conversation_of_the_case_is_led_to_the_case(
    logged_in: Client, stuck: Case, msp_operator: Person, talk: str
) -> None:
    other = a_case(stuck.desk, msp_operator, caller="user", problem="cable_stuck")
    elsewhere = talk_of(answer_to(other, NOW)).pk
    posted = {"to": "cpo_cc", "result": "no_answer", "talk": elsewhere if talk == "other" else talk}
    done = logged_in.post(f"/d/voltpass/cases/{stuck.reference}/call", posted)
    assert done["Location"] == f"/d/voltpass/cases/{stuck.reference}"


def test_where_an_answer_by_the_template_is_owed_the_way_to_it_stands_there(
    logged_in: Client, msp_operator: Person, stuck: Case
) -> None:
    mail = come(stuck.desk, letter("Who pays for session 4711?", Subject="A question"), NOW)
    html = page_of(logged_in, msp_operator, path_of_talk(mail))
    assert "the mail stands ready in the case" in html
    assert "?step=answer_as_msp" in html


def test_the_case_names_each_conversation_and_shows_the_mail_that_its_step_waits_for(
    logged_in: Client, stuck: Case
) -> None:
    mail = answer_to(stuck, NOW)
    html = page_of_case(logged_in, stuck)
    assert f'href="{path_of_talk(mail)}"' in html


def test_back_office_answers_mail(client: Client, mail: IncomingMail, stuck: Case) -> None:
    client.force_login(person_at(stuck.desk, "bea.office", Role.BACK_OFFICE))
    answer(client, mail)
    assert sent(stuck.desk)[0].by == "Bea Office"


def test_after_a_merge_the_conversation_stands_in_the_case_that_stays(
    logged_in: Client, msp_operator: Person, mail: IncomingMail, stuck: Case
) -> None:
    stays = a_case(stuck.desk, msp_operator, caller="user", problem="cable_stuck")
    merge_cases(again(stuck), stays, actor=Actor.of(msp_operator), at=NOW)
    assert stays.reference in text_of(page_of(logged_in, msp_operator, path_of_talk(mail)))
    answer(logged_in, mail)
    with scope(desk=stuck.desk):
        assert Conversation.objects.count() == 1
    assert sent(stuck.desk)[0].to == [CPO_BACK_OFFICE]


# ---- text modules ----


def test_text_modules_are_filled_from_the_case_in_four_languages(
    logged_in: Client, msp_operator: Person, mail: IncomingMail, stuck: Case
) -> None:
    html = page_of(logged_in, msp_operator, path_of_talk(mail))
    assert [f'<optgroup label="{name}">' in html for name in ("English", "German", "Italian", "French")] == [True] * 4
    assert f"Our reference: {stuck.reference}" in html
    assert "Olga Operator, VoltPass" in html


def test_an_administrator_changes_them_and_nobody_else(client: Client, msp_desk: Desk, msp_operator: Person) -> None:
    page = "/d/voltpass/mail/texts"
    values = {"key": "settled", "language": "en", "title": "Done here", "text": "Done, {reference}."}
    client.force_login(msp_operator)
    assert client.post(page, values).status_code == 403
    client.force_login(person_at(msp_desk, "adam.admin", Role.ADMINISTRATOR))
    assert "Done here" in client.post(page, values, follow=True).content.decode()
    assert "Settled for us" not in client.get(page).content.decode()
    client.post(page, {"key": "settled", "language": "en", "away": "1"})
    assert "Done here" not in client.get(page).content.decode()
    client.post(page, {"all": "1"})
    assert "Settled for us" in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"language": "en", "title": " ", "text": "x"}, "Give it a title and a text."),
        ({"language": "xx", "title": "t", "text": "x"}, "Choose one of the languages"),
        ({"language": "en", "title": "t" * 81, "text": "x"}, "Shorten the title"),
    ],
)
def test_a_text_that_cannot_be_kept_is_refused(
    client: Client, msp_desk: Desk, values: dict[str, str], says: str
) -> None:
    client.force_login(person_at(msp_desk, "adam.admin", Role.ADMINISTRATOR))
    refused = client.post("/d/voltpass/mail/texts", values)
    assert refused.status_code == 422
    assert says in refused.content.decode()
