"""The live stream: nobody but the desk's own people, and nothing lost across a reconnect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.test import Client
from django_scopes import scope

from builders import build_cpo_desk, build_stranger_desk, person_at
from roamdesk.cases.models import Case
from roamdesk.correspondence.models import Conversation
from roamdesk.desks.models import Desk, Person, Role
from roamdesk.partners.models import Partner, ProcedureVersion
from roamdesk.server import feed, live

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)
PATIENCE = 10
INSERT = """
    INSERT INTO cases_event
        (desk_id, case_id, number, kind, data, at, recorded_at, by, through, previous_hash, hash)
    VALUES (%s, %s, %s, 'facts', '{}', %s, %s, 'test', 'api', '', md5(random()::text)) RETURNING id
"""


@dataclass
class Place:
    """A desk with a case and someone who works there."""

    desk: Desk
    case: Case
    cookie: str


@dataclass
class Browser:
    """What an EventSource does with one connection."""

    received: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    status: int = 0
    comments: int = 0
    ended: bool = False

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.ended = not message.get("more_body", False)
        for block in message["body"].decode().split("\n\n") * (self.status == 200):
            self.comments += block.startswith(":")
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "event" in fields:
                self.received.put_nowait(fields | {"data": json.loads(fields["data"])})

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.received.get(), PATIENCE)

    async def numbers(self, count: int) -> set[int]:
        """The case's event numbers in the next ``count`` messages."""
        return {(await self.next())["data"]["number"] for _ in range(count)}


@pytest.fixture
def place() -> Place:
    desk = build_cpo_desk()
    person = person_at(desk, "nils.operator", Role.OPERATOR)
    return Place(desk, build_case(desk), cookie_of(person))


@pytest.fixture
def writer() -> Iterator[psycopg.Connection[Any]]:
    """A connection of another process, which commits when it is told to."""
    parameters = connection.get_connection_params()
    with psycopg.connect(**{key: parameters[key] for key in parameters if key not in FOREIGN}) as writer:
        yield writer


FOREIGN = {"cursor_factory", "context"}
other_writer = writer


@pytest.fixture(autouse=True)
async def _no_feed_outlives_its_test() -> AsyncIterator[None]:
    yield
    await live.close_feed()
    await sync_to_async(connections.close_all)()


def build_case(desk: Desk) -> Case:
    version, _ = ProcedureVersion.objects.get_or_create(
        sha256="0" * 64, defaults={"key": "test", "version": "1", "title": "Test", "source": "", "added_at": AT}
    )
    with scope(desk=desk):
        return Case.objects.create(
            desk=desk,
            reference=f"{desk.reference_prefix}-1",
            side="cpo",
            procedure=version,
            opened_at=AT,
            changed_at=AT,
        )


def cookie_of(person: Person) -> str:
    client = Client()
    client.force_login(person)
    return f"sessionid={client.cookies['sessionid'].value}"


def add_partner(desk: Desk, name: str) -> Partner:
    with scope(desk=desk):
        return Partner.objects.create(desk=desk, name=name, plays_cpo=True)


def write(writer: psycopg.Connection[Any], place: Place, number: int) -> int:
    """An event, not yet committed; its id."""
    values = (place.desk.pk, place.case.pk, number, AT, datetime.now(UTC))
    [id_] = writer.execute(INSERT, values).fetchone() or [0]
    writer.execute("SELECT pg_notify('roamdesk_events', %s)", [f"{place.desk.pk}:{place.case.pk}:{id_}"])
    return int(id_)


def happen(writer: psycopg.Connection[Any], place: Place, *numbers: int) -> list[int]:
    """Events, each committed."""
    return [_committed(writer, place, number) for number in numbers]


def _committed(writer: psycopg.Connection[Any], place: Place, number: int) -> int:
    id_ = write(writer, place, number)
    writer.commit()
    return id_


@asynccontextmanager
async def connected(
    slug: str, cookie: str, *, last_event_id: int | None = None, query: str = ""
) -> AsyncIterator[Browser]:
    gone = asyncio.Event()
    browser = Browser()
    headers = [(b"cookie", cookie.encode())]
    headers += [(b"last-event-id", str(last_event_id).encode())] if last_event_id is not None else []
    scope_ = {
        "type": "http",
        "method": "GET",
        "path": f"/live/{slug}/events",
        "query_string": query.encode(),
        "headers": headers,
    }

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    stream = asyncio.create_task(live.stream(scope_, receive, browser.send))
    try:
        yield browser
    finally:
        gone.set()
        await asyncio.wait_for(stream, PATIENCE)


async def refused(slug: str, cookie: str) -> bool:
    browser = Browser()
    scope_ = {"type": "http", "method": "GET", "path": f"/live/{slug}/events", "query_string": b"", "headers": []}
    scope_["headers"] = [(b"cookie", cookie.encode())]
    receive: Callable[[], Awaitable[Any]] = asyncio.Event().wait
    await asyncio.wait_for(live.stream(scope_, receive, browser.send), PATIENCE)
    return browser.status == 404 and browser.ended


async def test_what_happens_is_told_with_its_id(place: Place, writer: psycopg.Connection[Any]) -> None:
    async with connected("nordlade", place.cookie) as browser:
        assert (await browser.next())["event"] == "start"
        [id_] = happen(writer, place, 1)
        assert await browser.next() == {
            "id": str(id_),
            "event": "case",
            "data": {"case_id": place.case.pk, "number": 1, "kind": "facts"},
        }


async def test_a_change_of_a_partner_is_told_to_its_desk_alone(place: Place) -> None:
    other = await sync_to_async(build_stranger_desk)()
    async with connected(place.desk.slug, place.cookie) as browser:
        await browser.next()
        await sync_to_async(add_partner)(other, "Elsewhere")
        known = await sync_to_async(add_partner)(place.desk, "Kilowerk")
        told = await browser.next()
    assert (told["event"], told["data"]) == ("partner", {"partner_id": known.pk})


def add_conversation(desk: Desk) -> None:
    with scope(desk=desk):
        Conversation.objects.create(desk=desk, about="mail:1", who="a@b.example", since=AT)


async def test_a_change_of_the_inbox_is_told_to_its_desk_alone(place: Place) -> None:
    other = await sync_to_async(build_stranger_desk)()
    async with connected(place.desk.slug, place.cookie) as browser:
        await browser.next()
        await sync_to_async(add_conversation)(other)
        await sync_to_async(add_partner)(place.desk, "Kilowerk")
        await browser.next()
        await sync_to_async(add_conversation)(place.desk)
        told = await browser.next()
    assert (told["event"], told["data"]) == ("mail", {})


async def test_a_browser_that_comes_back_has_lost_nothing(place: Place, writer: psycopg.Connection[Any]) -> None:
    async with connected("nordlade", place.cookie) as browser:
        await browser.next()
        [seen] = happen(writer, place, 1)
        assert (await browser.next())["id"] == str(seen)
    happen(writer, place, 2, 3, 4)
    async with connected("nordlade", place.cookie, last_event_id=seen) as browser:
        assert await browser.numbers(3) == {2, 3, 4}
        happen(writer, place, 5)
        assert await browser.numbers(1) == {5}


async def test_the_first_connection_starts_after_what_the_page_shows(
    place: Place, writer: psycopg.Connection[Any]
) -> None:
    shown, _ = happen(writer, place, 1, 2)
    async with connected("nordlade", place.cookie, query=f"after={shown}") as browser:
        assert await browser.numbers(1) == {2}


async def test_a_lower_id_that_is_committed_later_is_told_live(
    place: Place, writer: psycopg.Connection[Any], other_writer: psycopg.Connection[Any]
) -> None:
    async with connected("nordlade", place.cookie) as browser:
        await browser.next()
        slow = write(writer, place, 1)
        [fast] = happen(other_writer, place, 2)
        assert slow < fast
        assert await browser.numbers(1) == {2}
        writer.commit()
        assert await browser.numbers(1) == {1}


async def test_a_lower_id_that_is_committed_during_a_reconnect_is_told(
    place: Place, writer: psycopg.Connection[Any], other_writer: psycopg.Connection[Any]
) -> None:
    write(writer, place, 1)
    async with connected("nordlade", place.cookie) as browser:
        await browser.next()
        [seen] = happen(other_writer, place, 2)
        assert (await browser.next())["id"] == str(seen)
    writer.commit()
    async with connected("nordlade", place.cookie, last_event_id=seen) as browser:
        assert await browser.numbers(1) == {1}


async def test_a_lost_database_connection_loses_no_event(
    place: Place, writer: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "RECONNECT_SECONDS", 0.01)
    async with connected("nordlade", place.cookie) as browser:
        await browser.next()
        writer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        happen(writer, place, 1)
        assert await browser.numbers(1) == {1}
        happen(writer, place, 2)
        assert await browser.numbers(1) == {2}


async def test_who_missed_too_much_is_told_to_load_again(
    place: Place, writer: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MOST_MISSED", 3)
    ids = happen(writer, place, 1, 2, 3, 4, 5)
    async with connected("nordlade", place.cookie, last_event_id=0) as browser:
        assert await browser.next() == {"id": str(ids[-1]), "event": "reset", "data": {}}


async def test_another_desk_is_not_heard(place: Place, writer: psycopg.Connection[Any]) -> None:
    other = await sync_to_async(build_stranger_desk)()
    elsewhere = Place(other, await sync_to_async(build_case)(other), "")
    async with connected("nordlade", place.cookie, last_event_id=0) as browser:
        happen(writer, elsewhere, 7)
        happen(writer, place, 1)
        assert await browser.numbers(1) == {1}


async def test_a_stranger_and_a_visitor_get_the_same_404(place: Place) -> None:
    def stranger() -> str:
        return cookie_of(person_at(build_stranger_desk(), "sam.stranger", Role.ADMINISTRATOR))

    assert await refused("nordlade", await sync_to_async(stranger)())
    assert await refused("nordlade", "")
    assert await refused("nordlade", "sessionid=forged")
    assert await refused("no-such-desk", place.cookie)


async def test_a_quiet_stream_stays_open_by_heartbeats(
    place: Place, monkeypatch: pytest.MonkeyPatch, writer: psycopg.Connection[Any]
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    async with connected("nordlade", place.cookie) as browser:
        await browser.next()
        async with asyncio.timeout(PATIENCE):
            while browser.comments < 2:
                await asyncio.sleep(0.01)
        happen(writer, place, 1)
        assert await browser.numbers(1) == {1}


async def test_who_loses_access_is_cut_off(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    async with connected("nordlade", place.cookie) as browser:
        await browser.next()
        await sync_to_async(Person.objects.update)(is_active=False)
        async with asyncio.timeout(PATIENCE):
            while not browser.ended:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("text", ["", "-1", "1; DROP TABLE", "٣", "9" * 30])
def test_a_cursor_that_is_no_row_id_counts_as_none(text: str) -> None:
    scope_ = {"query_string": b"", "headers": [(b"last-event-id", text.encode("latin1", "ignore"))]}
    assert live._cursor_in(scope_) is None
