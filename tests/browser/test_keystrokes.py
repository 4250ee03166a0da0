"""The keystroke budget of the console, counted on a real keyboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django_scopes import scope
from playwright.sync_api import Page, Route, expect

from browser.night import TOKEN, directory
from roamdesk.cases.models import Case
from roamdesk.charging.models import Command, RoamingUser, Session, Token
from roamdesk.charging.ports import Outcome
from roamdesk.charging.services import command_answered, command_sent
from roamdesk.desks.models import Desk, Person
from roamdesk.partners.models import Partner

Look = Callable[..., Page]
NUMBER = "+4915155501234"
AFTER_GUARD = 450  # ms in which a card that has just changed takes no answer


class Keyboard:
    """Counts every key that is pressed on a page."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0
        page.clock.install()

    def press(self, *keys: str) -> None:
        expect(self.page.locator("body[data-ready]")).to_be_attached()
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1

    def type(self, text: str) -> None:
        self.press(*text)

    def answer(self, key: str, then: str) -> None:
        """Answer the step, and wait for the next one to say ``then``."""
        self.settle()
        self.press(key)
        expect(self.step).to_contain_text(then)

    def settle(self) -> None:
        """The card on screen takes answers, the time in which it does not is over."""
        card = self.page.locator("#step").get_attribute("data-step") or ""
        expect(self.page.locator("body")).to_have_attribute("data-card", card)
        self.page.clock.fast_forward(AFTER_GUARD)

    @property
    def step(self):  # type: ignore[no-untyped-def]
        return self.page.locator("#step-title")


@pytest.fixture(autouse=True)
def night(msp_desk: Desk, cpo_desk: Desk) -> None:
    directory(msp_desk, cpo_desk)


def opened(keys: Keyboard) -> Keyboard:
    expect(keys.page.locator("#step")).to_be_visible()
    return keys


def test_from_the_label_heard_to_the_number_takes_six_keys(look: Look, msp_operator: Person) -> None:
    keys = Keyboard(look(msp_operator, "/d/voltpass/queue"))
    keys.press("n")
    expect(keys.page.locator("#heard")).to_be_focused()
    keys.type("03911")
    expect(keys.page.locator("#beside .num")).to_be_visible()
    expect(keys.page.locator("#beside .num")).to_contain_text("+49 30")
    assert keys.count == 6


def test_keys_typed_at_once_after_n_all_reach_the_box(look: Look, msp_operator: Person, msp_desk: Desk) -> None:
    page = look(msp_operator, "/d/voltpass/board")
    expect(page.locator("body[data-ready]")).to_be_attached()
    page.keyboard.type("n04721")
    expect(page.locator("#heard")).to_have_value("04721")
    expect(page.locator("#beside .num")).to_contain_text("+49 30")
    with scope(desk=msp_desk):
        assert not Case.objects.exists()


def test_a_whole_call_typed_at_once_opens_its_case(look: Look, msp_operator: Person) -> None:
    page = look(msp_operator, "/d/voltpass/queue")
    expect(page.locator("body[data-ready]")).to_be_attached()
    for key in (*"n0399", "Backspace", *"11", "Enter", "1", "1", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#facts")).to_contain_text("DE*NDL*E0391*1")


def test_what_is_typed_after_the_box_was_left_never_lands_in_it(look: Look, msp_operator: Person) -> None:
    """The box that comes late is left by a key that waited for it: nothing puts the focus back into it."""
    page = look(msp_operator, "/d/voltpass/queue")
    expect(page.locator("body[data-ready]")).to_be_attached()
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/d/voltpass/new", hold, times=1)
    with page.expect_request("**/d/voltpass/new"):
        page.keyboard.press("n")
    for key in (*"0391", "1", "Enter"):
        page.keyboard.press(key)
    waiting[0].continue_()
    expect(page.locator("#heard")).to_have_value("03911")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    for key in ("1", "1", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#facts")).to_contain_text("DE*NDL*E0391*1")


def test_a_leading_zero_beside_the_box_is_heard_and_opens_no_danger(
    look: Look, msp_operator: Person, msp_desk: Desk
) -> None:
    page = look(msp_operator, "/d/voltpass/new")
    expect(page.locator("body[data-ready]")).to_be_attached()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type("04721")
    expect(page.locator("#heard")).to_have_value("04721")
    with scope(desk=msp_desk):
        assert not Case.objects.exists()


def test_a_whole_label_takes_twelve_keys(look: Look, msp_operator: Person) -> None:
    keys = Keyboard(look(msp_operator, "/d/voltpass/queue"))
    keys.press("n")
    expect(keys.page.locator("#heard")).to_be_focused()
    keys.type("dendle04721")
    expect(keys.page.locator("#hits h2")).to_contain_text("One fits")
    expect(keys.page.locator("#beside .num")).to_contain_text("+49 30")
    assert keys.count <= 12


def test_of_two_that_fit_none_is_taken_until_the_operator_chooses(look: Look, msp_operator: Person) -> None:
    keys = Keyboard(look(msp_operator, "/d/voltpass/queue"))
    keys.press("n")
    expect(keys.page.locator("#heard")).to_be_focused()
    keys.type("ndl0472")
    expect(keys.page.locator("#hits h2")).to_have_text("Two fit. Ask: left or right socket?")
    expect(keys.page.locator("#hits input:checked")).to_have_count(0)
    keys.press("ArrowDown")
    expect(keys.page.locator("#hits .hit.sel .lab")).to_have_text("DE*NDL*E0472*1")
    assert keys.count <= 12


def new_call(look: Look, person: Person, desk: str, caller: str, problem: str) -> Keyboard:
    """N, the label, Enter, caller, problem, Enter."""
    keys = Keyboard(look(person, f"/d/{desk}/queue"))
    keys.press("n")
    expect(keys.page.locator("#heard")).to_be_focused()
    keys.type("04721")
    expect(keys.page.locator("#hits .hit.sel")).to_be_visible()
    keys.press("Enter", caller, problem, "Enter")
    return opened(keys)


def test_a_stuck_cable_at_the_msp_is_freed_within_the_budget(look: Look, msp_operator: Person) -> None:
    keys = new_call(look, msp_operator, "voltpass", "1", "1")
    keys.answer("1", "self-help steps")
    keys.answer("2", "Call Nordlade and ask for an Unlock")
    expect(keys.page.locator("[data-want]")).to_be_focused()
    keys.type("9D4F80")
    keys.press("Enter")
    expect(keys.page.locator("[data-want]")).to_have_count(0)
    keys.press("c")
    keys.answer("1", "is it out?")
    keys.settle()
    keys.press("1")
    expect(keys.page.locator("#facts")).to_contain_text("Freed (confirmed by the User)")
    assert keys.count <= 25


def its_user(desk: Desk) -> None:
    """The account behind the token, with the number to call back."""
    with scope(desk=desk):
        user = RoamingUser.objects.create(desk=desk, name="A User", phone=NUMBER)
        Token.objects.create(desk=desk, user=user, value=TOKEN)


def passed_on(look: Look, person: Person) -> Keyboard:
    """A case of the MSP up to the number that was passed on."""
    keys = new_call(look, person, "voltpass", "1", "1")
    keys.answer("1", "self-help steps")
    keys.answer("2", "ask for an Unlock")
    keys.type("9D4F80")
    keys.press("Enter")
    expect(keys.page.locator("[data-want]")).to_have_count(0)
    keys.press("c")
    keys.answer("1", "is it out?")
    keys.answer("2", "may Nordlade call you?")
    keys.answer("1", "User's number")
    keys.answer("1", "Nordlade calls the User")
    return keys


def test_a_stuck_cable_that_stays_stuck_is_passed_on_within_the_budget(
    look: Look, msp_operator: Person, msp_desk: Desk
) -> None:
    its_user(msp_desk)
    keys = passed_on(look, msp_operator)
    expect(keys.page.locator("#facts")).to_contain_text("Passed on")
    assert keys.count <= 25


def test_what_the_partner_phones_about_the_failure_is_kept_with_keys_alone(
    look: Look, msp_operator: Person, msp_desk: Desk
) -> None:
    its_user(msp_desk)
    keys = passed_on(look, msp_operator)
    keys.answer("2", "promises a field visit")
    keys.settle()
    keys.press("1")
    keys.type("0630")
    keys.press("Enter")
    expect(keys.page.locator("#facts")).to_contain_text("06:30")
    expect(keys.step).to_contain_text("phones us the failure")
    keys.answer("1", "mails us the failure")
    assert keys.count == 32


def accepted(look: Look, person: Person) -> Keyboard:
    """A case of the CPO up to the Unlock: their reference and the token were given, and fit."""
    keys = new_call(look, person, "nordlade", "2", "1")
    expect(keys.page.locator("#their-reference")).to_be_focused()
    keys.type("0187")
    keys.press("Enter", *"4F80", "Enter")
    expect(keys.page.locator("#identity")).to_contain_text("One session fits")
    keys.answer("1", "Unlock DE*NDL*E0472*1")
    return keys


def send_unlock(keys: Keyboard) -> None:
    keys.settle()
    keys.press("u")
    expect(keys.page.locator("#unlock-button")).to_be_focused()
    keys.press("Enter")
    expect(keys.page.locator("#unlock")).to_contain_text("Queued, on its way to the station")


def test_a_stuck_cable_at_the_cpo_is_freed_within_the_budget(look: Look, cpo_operator: Person, cpo_desk: Desk) -> None:
    a_session(cpo_desk)
    keys = accepted(look, cpo_operator)
    send_unlock(keys)
    the_station_answers(cpo_desk, Outcome.UNLOCKED)
    keys.page.reload()
    expect(keys.page.locator("#step")).to_contain_text("success notice")
    keys.press("s")
    expect(keys.page.locator("#mails")).to_contain_text("Solved: Cable stuck")
    expect(keys.step).to_contain_text("is it out?")
    keys.settle()
    keys.press("1")
    expect(keys.page.locator("#facts")).to_contain_text("Freed (confirmed by the User)")
    assert keys.count <= 25


def test_a_stuck_cable_at_the_cpo_that_stays_stuck_is_told_within_the_budget(
    look: Look, cpo_operator: Person, cpo_desk: Desk
) -> None:
    a_session(cpo_desk)
    keys = accepted(look, cpo_operator)
    for _ in ("once", "again"):
        send_unlock(keys)
        the_station_answers(cpo_desk, Outcome.UNLOCK_FAILED)
        keys.page.reload()
        expect(keys.page.locator("#timeline li").first).to_contain_text("Failed")
    expect(keys.step).to_contain_text("may we call the User?")
    keys.settle()
    keys.press("1")
    keys.type(NUMBER)
    keys.press("Enter")
    expect(keys.step).to_contain_text("Call the User")
    keys.settle()
    keys.press("c")
    keys.answer("2", "when is someone there?")
    keys.type("0630")
    keys.press("Enter")
    expect(keys.step).to_contain_text("Phone VoltPass")
    keys.settle()
    keys.press("c")
    keys.answer("1", "Send the failure notice")
    keys.press("s")
    expect(keys.page.locator("#mails")).to_contain_text("Cable stuck")
    assert keys.count - len(NUMBER) <= 40


def a_session(desk: Desk) -> None:
    with scope(desk=desk):
        now = datetime.now(UTC)
        case = Session(desk=desk, token_key=TOKEN, started_at=now, observed_at=now, transaction_id="77")
        evse = desk.evse_set.select_related("station").get(label="DE*NDL*E0472*1")
        case.evse, case.station, case.partner = evse, evse.station, Partner.objects.get()
        case.save()


def the_station_answers(desk: Desk, outcome: Outcome) -> None:
    with scope(desk=desk):
        now = datetime.now(UTC)
        command = Command.objects.get(state=Command.State.QUEUED)
        command_sent(command, message_id=f"m{command.pk}", request="[]", at=now)
        command_answered(command, outcome, at=now)


def test_danger_takes_nine_keys_and_the_number_stands_there(look: Look, msp_operator: Person) -> None:
    keys = Keyboard(look(msp_operator, "/d/voltpass/queue"))
    keys.press("n")
    expect(keys.page.locator("#heard")).to_be_focused()
    keys.type("04721")
    expect(keys.page.locator("#hits .hit.sel")).to_be_visible()
    keys.press("Enter", "1", "0")
    expect(opened(keys).step).to_contain_text("is anyone hurt")
    expect(keys.page.locator("#step .num")).to_contain_text("+49 30")
    expect(keys.page.locator("#step")).not_to_contain_text("Token")
    assert keys.count == 9


def test_danger_heard_in_an_open_case_takes_two_keys(look: Look, msp_operator: Person) -> None:
    keys = new_call(look, msp_operator, "voltpass", "1", "1")
    before = keys.count
    keys.press("a", "0")
    expect(keys.step).to_contain_text("is anyone hurt")
    assert keys.count - before == 2


def test_every_case_of_the_night_has_the_place_that_was_heard(look: Look, msp_operator: Person, msp_desk: Desk) -> None:
    new_call(look, msp_operator, "voltpass", "1", "1")
    with scope(desk=msp_desk):
        assert Case.objects.get().known["values"]["evse_label"] == "DE*NDL*E0472*1"
