"""A real Chromium before the real pages: one browser, one cache; who is logged in changes with each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from roamdesk.desks.models import Person

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in this thread

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDE, NARROW = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}
NO_TELEPHONE = """addEventListener('click', (event) => {
  if (event.target.closest('a[href^="tel:"]')) event.preventDefault();
})"""
OF_THE_WIRE = ("Failed to load resource", "htmx:afterRequest", "htmx:sendError", "htmx:sendAbort")
OF_A_SANDBOX = "Blocked script execution in"  # the script above does not run in a foreign mail either, as it should be
Look = Callable[..., Page]


@pytest.fixture(scope="session", autouse=True)
def static_folder() -> None:
    """Static files come from their rooms here; the folder of collected ones must only exist."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium where there is one, else the browser tool's own."""
    with sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Style sheets, scripts and fonts are fetched once."""
    shared = browser.new_context(viewport=WIDE, locale="en-GB", color_scheme="light")
    shared.add_init_script(NO_TELEPHONE)
    yield shared
    shared.close()


@pytest.fixture
def look(context: BrowserContext, live_server: Any, transactional_db: Any) -> Iterator[Look]:
    """``look(person, path)`` opens a page as that person, who is then the one logged in.

    Whatever the console of the browser complains of fails the test.
    """
    complaints: list[str] = []

    def open_page(person: Person, path: str) -> Page:
        log_in(context, person, live_server.url)
        page = context.new_page()
        page.on("console", lambda message: complaints.extend(complaint(message)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(10_000)
        page.goto(f"{live_server.url}{path}")
        return page

    yield open_page
    for page in context.pages:
        page.close()
    context.set_offline(False)
    context.clear_cookies()
    assert complaints == []


def log_in(context: BrowserContext, person: Person, url: str) -> None:
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])


def complaint(message: ConsoleMessage) -> list[str]:
    """Errors and warnings, violations of the content security policy among them.

    The server of the tests has no live stream; refused answers, lost connections and requests that a new page
    overtakes are played here.
    """
    if message.type not in ("error", "warning") or message.text.startswith((*OF_THE_WIRE, OF_A_SANDBOX)):
        return []
    return [f"{message.location['url']}: {message.text}"]
