"""Inbox and conversation in both themes, wide and on a phone; and the work of a morning by keyboard alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from browser.night import Night, build_night
from browser.test_screens import AXE, Look, faults_of, faults_on, origin
from console.mails import answer_to, come, letter, path_of_talk, talk_of
from correspondence.mailbox_building import build_mailbox
from roamdesk.correspondence.models import Conversation, IncomingMail, Mailbox, Message
from roamdesk.desks.models import Desk, Person

NOW = datetime.now(UTC)
QUOTE = "\n\nOn Thu, 26 Nov 2026 at 09:12 VoltPass <support@voltpass.example> wrote:\n\n> Dear all,\n> please look.\n"
TABLE = (
    "<p>Dear VoltPass,</p><p>please see <a href='https://portal.nordlade.example/s/88'>our portal</a>.</p><table>"
    "<tr><th>EVSE id</th><td>DE*NDL*E0472*1</td></tr><tr><th>CDR</th><td>NDL-CDR-2210</td></tr></table>"
    "<img src='https://pictures.nordlade.example/logo.png' alt='Nordlade'><blockquote>Please look.</blockquote>"
)


@pytest.fixture
def night(msp_desk: Desk, cpo_desk: Desk, msp_operator: Person, cpo_operator: Person) -> Night:
    return build_night(msp_desk, cpo_desk, msp_operator, cpo_operator)


@pytest.fixture
def mail(night: Night) -> IncomingMail:
    """A morning's mail; the last one, which is returned, has a file that may hurt and HTML."""
    at, desk = NOW - timedelta(hours=3), night.msp
    come(desk, letter("Is it yours?", Subject="Session on the 12th", From="someone@else.example"), at)
    come(desk, letter("Buy now", Subject="Newsletter", List_Id="<news.example>"), at)
    answer_to(night.late, at)
    answer_to(night.msp_case, at, From="new.person@kilowerk.example")
    _trouble(desk)
    return come(desk, _rich(night), at + timedelta(minutes=5))


def _trouble(desk: Desk) -> None:
    """A mailbox that is not fetched, and an answer to the first mail of a case that the relay has refused."""
    box = build_mailbox(desk, 1143)
    with scope(desk=desk):
        Mailbox.objects.filter(pk=box.pk).update(failures=3, failing_since=NOW, last_error="It does not answer.")
        talk = Conversation.objects.select_related("partner").filter(about__startswith="case:").earliest("pk")
        to, reply = "desk@nordlade.example", "550 5.1.1 no such user here"
        Message.objects.create(
            desk=desk, about=talk.about, conversation=talk, key="x:answer:1", message_id="<1@v>", mail_from=to, to=[to],
            fates={to: "refused"}, subject="Re: your mail", text="We look.", origin="person", by="Olga Operator",
            state="refused", last_reply=reply, queued_at=NOW,
        )  # fmt: skip


def _rich(night: Night) -> EmailMessage:
    mail = letter(f"Dear VoltPass,\n\nthe CDR is attached.{QUOTE}", TABLE, Subject=f"Re: {night.msp_case.reference}")
    mail.add_attachment(b"%PDF-1.7 cdr", maintype="application", subtype="pdf", filename="cdr.pdf")
    mail.add_attachment(b"MZ program", maintype="application", subtype="pdf", filename="viewer.pdf")
    return mail


def screens(mail: IncomingMail) -> dict[str, str]:
    base = "/d/voltpass/mail"
    return {
        "inbox": base,
        "inbox-unplaced": f"{base}?show=unplaced",
        "inbox-empty": f"{base}?show=snoozed",
        "conversation": path_of_talk(mail),
        "refused": f"{base}/{_refused(mail.desk)}",
        "dangerous": f"{base}/letters/{mail.pk}/files/1",
        "texts": f"{base}/texts",
    }


def _refused(desk: Desk) -> int | None:
    with scope(desk=desk):
        return Message.objects.get(state="refused").conversation_id


def test_every_screen_of_the_mail_is_accessible_and_never_scrolls_sideways(
    look: Look, night: Night, mail: IncomingMail, msp_operator: Person
) -> None:
    assert faults_of(look(msp_operator, "/healthz"), screens(mail), night) == []


def test_the_views_of_a_mail_and_what_opens_are_accessible(
    look: Look, mail: IncomingMail, msp_operator: Person
) -> None:
    page = look(msp_operator, path_of_talk(mail))
    page.evaluate(AXE)
    faults = []
    for view in ("HTML", "Header", "Text"):
        page.get_by_role("button", name=view, exact=True).click()
        page.locator(f".view[aria-pressed=true]:text-is('{view}')").wait_for()
        faults += faults_on(page, f"letter-{view}")
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.keyboard.press("s")
    faults += faults_on(page, "put-off")
    assert faults == []


def settled(page: Page) -> None:
    expect(page.locator("body[data-ready='1']")).to_be_attached()


def test_a_mail_is_answered_and_the_answer_taken_back_by_keyboard_alone(
    look: Look, mail: IncomingMail, msp_operator: Person
) -> None:
    page = look(msp_operator, "/d/voltpass/queue")
    settled(page)
    page.keyboard.press("i")
    page.wait_for_url("**/mail")
    settled(page)
    page.keyboard.press("j")
    expect(page.locator("[data-stop]").first).to_be_focused()
    page.locator(f"#talk-{talk_of(mail).pk}").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path_of_talk(mail)}")
    settled(page)
    page.keyboard.press("a")
    expect(page.locator("#answer-text")).to_be_focused()
    page.keyboard.type("Thank you, received.")
    expect(page.locator("#kept")).to_have_text("Draft kept")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#undo")).to_be_visible()
    settled(page)
    page.keyboard.press("z")
    expect(page.locator("#answer-text")).to_have_value("Thank you, received.")
    with scope(desk=mail.desk):
        assert Message.objects.get(about=talk_of(mail).about, by="Olga Operator").state == "withdrawn"


def test_opening_a_new_mail_by_hand_makes_it_ours_to_answer(
    look: Look, mail: IncomingMail, msp_operator: Person
) -> None:
    page = look(msp_operator, "/healthz")
    with page.expect_response("**/look"):
        page.goto(f"{origin(page)}{path_of_talk(mail)}")
    assert talk_of(mail).todo == "ours"


def test_a_text_module_goes_in_where_the_cursor_stands(look: Look, mail: IncomingMail, msp_operator: Person) -> None:
    page = look(msp_operator, path_of_talk(mail))
    settled(page)
    page.keyboard.press("w")
    expect(page.locator("#module")).to_be_focused()
    page.locator("#module").select_option(label="Settled for us")
    assert "this settles the matter for us" in page.locator("#answer-text").input_value()
    expect(page.locator("#answer-text")).to_be_focused()


def test_an_unplaced_mail_is_set_aside_and_brought_back_by_two_keys(
    look: Look, mail: IncomingMail, msp_operator: Person
) -> None:
    with scope(desk=mail.desk):
        unplaced = Conversation.objects.get(todo="unplaced")
    page = look(msp_operator, f"/d/voltpass/mail/{unplaced.pk}")
    settled(page)
    page.keyboard.press("x")
    page.wait_for_url("**show=unplaced**")
    settled(page)
    page.keyboard.press("z")
    page.wait_for_url(f"**/mail/{unplaced.pk}")
    with scope(desk=mail.desk):
        assert Conversation.objects.get(pk=unplaced.pk).todo == "unplaced"
