"""Whoever loads a hub's directory is killed at each named point: it goes on where it was, and nobody sees a half."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connection
from django_scopes import scope

from faults.mortal import Mortals, Point, mortals
from roamdesk.charging.models import Evse, EvseRecord, Pull
from roamdesk.desks.models import Desk

pytestmark = [pytest.mark.usefixtures("outbox_db"), pytest.mark.timeout(600)]

ROOM, WRITING = "roamdesk.charging.roaming.pulling:", "roamdesk.charging.roaming.page_writing:"
PAGES = 4
OLD, NEW = "+493055501111", "+493055502222"
POINTS = (
    Point("pull begun, no page", f"{ROOM}begin_pull"),
    Point("a record written, its page not committed", f"{WRITING}columns_of"),
    Point("page committed, the first", f"{ROOM}take_page"),
    Point("page committed, the second", f"{ROOM}take_page"),
    Point("page asked about, nothing written", f"{ROOM}_check_next"),
    Point("page committed, the third", f"{ROOM}take_page"),
    Point("page committed, the last", f"{ROOM}take_page"),
    Point("about to swap", f"{ROOM}swap", after=False),
    Point("swapped, not committed", f"{ROOM}swap"),
)


@pytest.fixture
def them() -> Iterator[Mortals]:
    with mortals({}) as children:
        yield children


def hotlines(desk: Desk) -> list[tuple[str, str]]:
    with scope(desk=desk):
        return sorted(Evse.objects.values_list("evse_id", "hotline"))


def all_with(hotline: str) -> list[tuple[str, str]]:
    return sorted((f"DE*NDL*E{page:04d}*{place}", hotline) for page in range(PAGES) for place in (1, 2))


def loaded(them: Mortals, desk: Desk, hotline: str, point: Point | None) -> bool:
    return them.do("load", point, desk_id=desk.pk, hotline=hotline, pages=PAGES)


def test_killed_at_every_point_a_load_goes_on_where_it_was_and_shows_itself_whole(
    them: Mortals, msp_desk: Desk
) -> None:
    loaded(them, msp_desk, OLD, None)
    for point in POINTS:
        assert loaded(them, msp_desk, NEW, point), point
        assert hotlines(msp_desk) == all_with(OLD), point
    assert not loaded(them, msp_desk, NEW, None)
    assert hotlines(msp_desk) == all_with(NEW)
    with scope(desk=msp_desk):
        assert (Pull.objects.count(), EvseRecord.objects.count()) == (2, 2 * PAGES)


def test_killed_after_the_swap_the_load_is_there_and_the_next_one_tidies_up(them: Mortals, msp_desk: Desk) -> None:
    loaded(them, msp_desk, OLD, None)
    assert loaded(them, msp_desk, NEW, Point("old records are left", f"{ROOM}forget_records", after=False))
    assert hotlines(msp_desk) == all_with(NEW)
    loaded(them, msp_desk, NEW, None)
    with scope(desk=msp_desk):
        assert EvseRecord.objects.count() == 2 * PAGES


def test_a_reader_sees_the_directory_before_or_after_and_never_between(them: Mortals, msp_desk: Desk) -> None:
    seen: set[tuple[str, ...]] = set()
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                seen.add(tuple(sorted({hotline for _, hotline in hotlines(msp_desk)})))
        finally:
            connection.close()

    loaded(them, msp_desk, OLD, None)
    reader = threading.Thread(target=read)
    reader.start()
    for hotline in (NEW, OLD, NEW, OLD):
        loaded(them, msp_desk, hotline, None)
    done.set()
    reader.join(20)
    assert seen == {(OLD,), (NEW,)}
