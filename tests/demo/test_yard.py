"""The yard's stations stand at a real endpoint, and remember what ran when they come back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test import override_settings
from django_scopes import scopes_disabled

from demo.conftest import yard_of
from roamdesk.charging.models import Evse, Session, Station
from roamdesk.demo.directory import SIMULATED
from roamdesk.demo.drivers import DRIVERS, LEA
from roamdesk.demo.happenings import Happenings, NotInTime
from roamdesk.demo.own_parts import brought_up
from roamdesk.demo.yard import CHANNEL, Doing, tell_yard

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("post_office")]
NO_SUCH_STATION = '{"doing": "arrive", "station": "HAM-XXX-000", "place": 1, "token": "04A2"}'
NO_SUCH_PLACE = '{"doing": "arrive", "station": "BER-WAR-058", "place": 9, "token": "04A2"}'
CHARGING = {driver.token for driver in DRIVERS if driver.station}


@pytest.fixture
def post_office(tmp_path: Path, seeded: datetime) -> Iterator[None]:
    with override_settings(VAR=tmp_path):
        yield


def open_tokens() -> list[str]:
    with scopes_disabled():
        return sorted(Session.objects.filter(ended_at__isnull=True).values_list("token_key", flat=True))


def everybody_charges() -> bool:
    return open_tokens() == sorted(CHARGING)


def connected() -> set[str]:
    with scopes_disabled():
        return set(Station.objects.exclude(connection_id="").values_list("identity", flat=True))


def test_every_station_connects_and_its_users_charge() -> None:
    with brought_up() as around, Happenings() as happenings, scopes_disabled():
        happenings.until("every station connected", lambda: connected() == set(yard_of(around).stations), 20)
        happenings.until("everybody charging", everybody_charges, 20)
        used = Evse.objects.filter(status__in=["Charging", "Occupied"])
        happenings.until("the report of every used place", lambda: used.count() == len(CHARGING), 10)
        assert connected() == {post.identity for post in SIMULATED}


def test_stations_that_come_back_end_the_old_sessions_first() -> None:
    with Happenings() as happenings:
        with brought_up():
            happenings.until("everybody charging", everybody_charges, 20)
        with scopes_disabled():
            old = set(Session.objects.values_list("pk", flat=True))
        with brought_up(), scopes_disabled():
            again = Session.objects.exclude(pk__in=old)
            happenings.until("everybody charging again", lambda: again.count() == len(CHARGING), 20)
            assert not Session.objects.filter(pk__in=old, ended_at__isnull=True).exists()
            assert everybody_charges()


def test_a_scene_that_cannot_be_played_leaves_the_yard_as_it_was() -> None:
    with brought_up() as around, Happenings() as happenings, scopes_disabled():
        happenings.until("every station connected", lambda: connected() == set(yard_of(around).stations), 20)
        happenings.until("everybody charging", everybody_charges, 20)
        with connection.cursor() as cursor:
            for scene in ("{", "[]", '{"doing": "dance"}', NO_SUCH_STATION, NO_SUCH_PLACE):
                cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, scene])
        tell_yard(Doing.UNPLUG, LEA)
        happenings.until("all others charging", lambda: open_tokens() == sorted(CHARGING - {LEA.token}), 20)


def test_what_does_not_happen_is_said_after_the_bound() -> None:
    with Happenings() as happenings, pytest.raises(NotInTime, match=r"rain did not happen within 0\.1 s"):
        happenings.until("rain", lambda: False, 0.1)
