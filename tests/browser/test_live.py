"""Live updates: nothing moves under a hand, and silence is said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django_scopes import scope
from playwright.sync_api import Page, Route, expect

from browser.night import Night, build_night
from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case
from roamdesk.cases.services import add_note, answer_step, open_case
from roamdesk.charging.models import Command, Evse
from roamdesk.charging.ports import Outcome
from roamdesk.charging.services import command_answered, command_sent
from roamdesk.desks.models import Desk, Person

Look = Callable[..., Page]


@pytest.fixture
def night(msp_desk: Desk, cpo_desk: Desk, msp_operator: Person, cpo_operator: Person) -> Night:
    return build_night(msp_desk, cpo_desk, msp_operator, cpo_operator)


class Wire:
    """Stands in for the live stream: what is told next reaches the page once."""

    def __init__(self, page: Page) -> None:
        self.page, self.waiting = page, ""
        page.route(re.compile("/live/"), self._answer)

    def _answer(self, route: Route) -> None:
        body, self.waiting = f"retry: 100\n\n{self.waiting}", ""
        route.fulfill(status=200, headers={"Content-Type": "text/event-stream"}, body=body)

    def tell(self, case: Case, kind: str = "facts") -> None:
        with scope(desk=case.desk):
            number = Case.objects.get(pk=case.pk).version
        data = json.dumps({"case_id": case.pk, "number": number, "kind": kind})
        self.waiting = f"event: case\ndata: {data}\n\n"


def opened(look: Look, person: Person, path: str) -> tuple[Page, Wire]:
    page = look(person, "/healthz")
    wire = Wire(page)
    page.goto(f"{page.url.removesuffix('/healthz')}{path}")
    expect(page.locator("body[data-ready]")).to_be_attached()
    return page, wire


def another_case(desk: Desk, person: Person) -> Case:
    with scope(desk=desk):
        evse = Evse.objects.get(label="DE*NDL*E0472*2")
        facts = {"caller": "user", "problem": "cannot_end"}
        return open_case(
            desk, side="msp", facts=facts, actor=Actor.of(person), at=datetime.now(UTC), partner=evse.partner, evse=evse
        )


def test_a_new_row_waits_behind_the_full_stop_while_somebody_is_in_the_list(
    look: Look, night: Night, msp_operator: Person
) -> None:
    page, wire = opened(look, msp_operator, "/d/voltpass/queue")
    page.keyboard.press("j")
    expect(page.locator("#lanes a:focus")).to_be_visible()
    new = another_case(night.msp, msp_operator)
    wire.tell(new, "opened")
    expect(page.locator("#newrows")).to_contain_text("1 new case. Show it")
    expect(page.locator("#lanes")).not_to_contain_text(new.reference)
    page.keyboard.press(".")
    expect(page.locator("#lanes")).to_contain_text(new.reference)


def test_a_new_row_comes_by_itself_when_nobody_is_in_the_list(look: Look, night: Night, msp_operator: Person) -> None:
    page, wire = opened(look, msp_operator, "/d/voltpass/queue")
    new = another_case(night.msp, msp_operator)
    wire.tell(new, "opened")
    expect(page.locator("#lanes")).to_contain_text(new.reference)


def test_a_step_that_moved_on_is_announced_and_the_card_stays(
    look: Look, night: Night, msp_operator: Person, msp_lead: Person
) -> None:
    page, wire = opened(look, msp_operator, f"/d/voltpass/cases/{night.msp_case.reference}")
    with scope(desk=night.msp):
        shown = Case.objects.get(pk=night.msp_case.pk)
    answer_step(shown, "ask_unlock", 1, actor=Actor.of(msp_lead), at=datetime.now(UTC))
    wire.tell(night.msp_case)
    expect(page.locator("#moved-on")).to_contain_text("The case has moved on")
    expect(page.locator("#step-title")).to_have_text("Call Nordlade and ask for an Unlock on this EVSE")
    expect(page.locator("#timeline")).to_contain_text("Tom Lead")
    page.keyboard.press("Enter")
    expect(page.locator("#step-title")).to_contain_text("is it out?")


def test_a_note_grows_the_timeline_and_leaves_the_answer_valid(
    look: Look, night: Night, msp_operator: Person, msp_lead: Person
) -> None:
    page, wire = opened(look, msp_operator, f"/d/voltpass/cases/{night.msp_case.reference}")
    with scope(desk=night.msp):
        shown = Case.objects.get(pk=night.msp_case.pk)
    add_note(shown, "Their line was busy", actor=Actor.of(msp_lead), at=datetime.now(UTC))
    wire.tell(night.msp_case, "noted")
    expect(page.locator("#timeline")).to_contain_text("Their line was busy")
    expect(page.locator("#moved-on")).to_be_hidden()


def test_a_key_in_the_moment_a_card_changes_is_not_taken_and_that_is_said(
    look: Look, night: Night, msp_operator: Person
) -> None:
    page, _ = opened(look, msp_operator, f"/d/voltpass/cases/{night.msp_case.reference}")
    page.evaluate("import('/static/console/js/keys.js').then((keys) => keys.cardChanged())")
    page.keyboard.press("1")
    expect(page.locator("#voice")).to_contain_text("That key was not taken")
    expect(page.locator("#step-title")).to_have_text("Call Nordlade and ask for an Unlock on this EVSE")


def test_without_a_connection_answers_rest_and_the_number_stays(look: Look, night: Night, msp_operator: Person) -> None:
    page, _ = opened(look, msp_operator, f"/d/voltpass/cases/{night.msp_case.reference}")
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_contain_text("Nothing you press now is saved")
    expect(page.locator("#press-1")).to_be_disabled()
    expect(page.locator("#step .num")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_have_count(0)
    expect(page.locator("#press-1")).to_be_enabled()


def test_single_keys_do_nothing_for_who_switched_them_off(look: Look, night: Night, msp_operator: Person) -> None:
    msp_operator.single_keys = "off"
    msp_operator.save()
    page, _ = opened(look, msp_operator, "/d/voltpass/queue")
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("/queue$"))


def test_a_letter_typed_in_a_field_is_only_a_letter(look: Look, night: Night, msp_operator: Person) -> None:
    page, _ = opened(look, msp_operator, "/d/voltpass/queue")
    page.keyboard.press("/")
    page.keyboard.type("nq")
    expect(page.locator("#find")).to_have_value("nq")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()


def test_the_theme_is_kept(look: Look, night: Night, msp_operator: Person) -> None:
    page, _ = opened(look, msp_operator, "/d/voltpass/queue")
    page.click("#theme")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_result_of_an_unlock_that_is_waited_for_brings_the_next_step(
    look: Look, night: Night, cpo_operator: Person
) -> None:
    page, wire = opened(look, cpo_operator, f"/d/nordlade/cases/{night.cpo_case.reference}")
    page.keyboard.press("u")
    page.keyboard.press("Enter")
    expect(page.locator("#unlock")).to_contain_text("on its way to the station")
    with scope(desk=night.cpo):
        command = Command.objects.get()
        command_sent(command, message_id="m1", request="[]", at=datetime.now(UTC))
        command_answered(command, Outcome.UNLOCK_FAILED, at=datetime.now(UTC))
    wire.tell(night.cpo_case, "command_result")
    expect(page.locator("#middle")).to_contain_text("Unlock failed")
    expect(page.locator("#step-title")).not_to_have_text("Unlock DE*NDL*E0472*1")
