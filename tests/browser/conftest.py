"""A real Chromium before the real pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from roamdesk.desks.models import Person

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in this thread

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
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


@pytest.fixture
def look(browser: Browser, live_server: Any, transactional_db: Any) -> Iterator[Look]:
    """``look(person, path)`` opens a page as that person; ``wide`` and ``theme`` as wanted."""
    opened = []

    def open_page(person: Person, path: str, *, wide: int = 1440, theme: str = "light") -> Page:
        client = Client()
        client.force_login(person)
        context = browser.new_context(
            viewport={"width": wide, "height": 1000 if wide > 800 else 844},
            color_scheme="dark" if theme == "dark" else "light",
            base_url=live_server.url,
            locale="en-GB",
        )
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(path)
        return page

    yield open_page
    for context in opened:
        context.close()
