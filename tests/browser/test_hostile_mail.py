"""HTML of mails that wants to run, phone home or ask for passwords: a real browser shows it, and nothing happens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django_scopes import scope
from playwright.sync_api import Browser, Page, Route, expect

from browser.conftest import WIDE, log_in
from browser.night import Night, build_night
from browser.test_screens import Look
from console.mails import come, letter, path_of_talk
from roamdesk.console.views import letters
from roamdesk.correspondence.models import IncomingMail
from roamdesk.correspondence.parsing.rich import make_safe
from roamdesk.desks.models import Desk, Person

VECTORS = (Path(__file__).parent.parent / "vectors" / "hostile_html.txt").read_text("utf-8").splitlines()
NOW = datetime.now(UTC)
FORBIDDEN = (
    "script, iframe, object, embed, form, input, button, svg, math, base, style, meta[http-equiv], "
    "[style], [onclick], [onerror], [onload], [background], [srcset], [srcdoc], [formaction], [class=danger-lane]"
)


@pytest.fixture
def night(msp_desk: Desk, cpo_desk: Desk, msp_operator: Person, cpo_operator: Person) -> Night:
    return build_night(msp_desk, cpo_desk, msp_operator, cpo_operator)


def hostile(night: Night, vector: str) -> IncomingMail:
    mail = letter("Read the HTML.", f"<p>Before.</p>{vector}<p>After.</p>", Subject=night.msp_case.reference)
    return come(night.msp, mail, NOW)


def frame_of(mail: IncomingMail, more: str = "") -> str:
    return f"/d/voltpass/mail/letters/{mail.pk}/html{more}"


def watched(page: Page) -> tuple[list[str], list[str]]:
    """Requests that reach the network beyond this server, and what a browser complains of."""
    away, complaints = list[str](), list[str]()

    def pass_on(route: Route) -> None:
        away.append(route.request.url)
        route.abort()

    page.context.route(re.compile("^https?://(?!localhost|127[.]0[.]0[.]1)"), pass_on)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
    return away, complaints


@pytest.fixture
def tab(browser: Browser, live_server: Any, msp_operator: Person) -> Iterator[Page]:
    """Of a context in which no test has a script of its own."""
    with browser.new_context(viewport=WIDE) as context:
        log_in(context, msp_operator, live_server.url)
        page = context.new_page()
        page.set_default_timeout(5_000)
        yield page


def press(page: Page) -> None:
    """What a person might do."""
    for at in page.locator("#press:visible").all():
        at.click(no_wait_after=True, force=True)
    page.locator("body").click(position={"x": 5, "y": 5}, force=True)


@pytest.fixture
def mail(msp_desk: Desk) -> IncomingMail:
    """One mail, whose HTML is another in each round."""
    return come(msp_desk, letter("Read the HTML.", "<p>x</p>", Subject="x", From="x@else.example"), NOW)


def shown(tab: Page, url: str, monkeypatch: pytest.MonkeyPatch, html: str) -> str:
    """What stands in the frame's document once it shows this HTML and somebody pressed what can be pressed."""
    monkeypatch.setattr(letters, "rich_of", lambda mail, pictures, veils: html)
    tab.goto(url, wait_until="domcontentloaded")
    press(tab)
    return tab.locator("body").inner_text()


def around(vector: str) -> str:
    return f"<p>Before.</p>{vector}<p>After.</p>"


@pytest.mark.parametrize("part", [0, 1, 2])
def test_nothing_in_a_hostile_mail_happens(
    tab: Page, live_server: Any, mail: IncomingMail, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    assert len(VECTORS) >= 25
    away, complaints = watched(tab)
    url, happened = f"{live_server.url}{frame_of(mail)}", []
    for vector in VECTORS[part::3]:
        text = shown(tab, url, monkeypatch, make_safe(around(vector)).html)
        seen = (tab.title(), tab.url, "Before." in text, "After." in text)
        if seen != ("Mail", url, True, True) or tab.locator(FORBIDDEN).count():
            happened.append((vector, seen, text[:80]))
    assert happened == []
    assert (away, complaints) == ([], [])
    assert tab.context.pages == [tab]


def test_what_gets_past_the_cleaning_can_do_nothing_either(
    tab: Page, live_server: Any, mail: IncomingMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second barrier by itself: the document's own policy, which the browser reports."""
    away, complaints = watched(tab)
    url = f"{live_server.url}{frame_of(mail)}"
    for vector in [one for one in VECTORS if "http-equiv" not in one][::2]:
        shown(tab, url, monkeypatch, around(vector))
        assert (tab.title(), away) == ("Mail", [])
    reports = [words for words in complaints if "Content Security Policy" in words or "sandbox" in words]
    assert len(reports) >= 10


def test_where_a_link_really_leads_stands_beside_it(look: Look, night: Night, msp_operator: Person) -> None:
    mail = hostile(night, '<a href="https://good.example@evil.example/">www.good.example</a>')
    page = look(msp_operator, frame_of(mail))
    assert "www.good.example [evil.example]" in page.locator("body").inner_text()
    link = page.locator("a")
    assert (link.get_attribute("rel"), link.get_attribute("target")) == ("noreferrer noopener nofollow", "_blank")


def test_pictures_from_elsewhere_come_on_a_press_and_for_this_mail_only(
    look: Look, night: Night, msp_operator: Person
) -> None:
    picture = '<img src="https://pictures.example/plug.png" alt="plug">'
    mail = hostile(night, picture)
    page = look(msp_operator, path_of_talk(mail))
    away = list[str]()
    page.context.route("https://pictures.example/**", lambda route: (away.append(route.request.url), route.abort()))
    page.get_by_role("button", name="HTML").click()
    page.locator("iframe.rich").wait_for()
    assert "pictures.example" in page.locator(".letter .note").inner_text()
    assert away == []
    with page.context.expect_event("requestfailed", lambda request: "pictures.example" in request.url):
        page.keyboard.press("v")
    assert away == ["https://pictures.example/plug.png"]
    page.context.unroute("https://pictures.example/**")


def test_the_frame_is_shown_in_the_conversation_and_nowhere_else(
    look: Look, night: Night, msp_operator: Person
) -> None:
    mail = hostile(night, "<h2>A heading</h2>")
    page = look(msp_operator, path_of_talk(mail))
    page.get_by_role("button", name="HTML").click()
    expect(page.frame_locator("iframe.rich").get_by_role("heading", name="A heading")).to_be_visible()
    with scope(desk=night.msp):
        assert page.locator("iframe.rich").get_attribute("sandbox") == "allow-popups allow-popups-to-escape-sandbox"
