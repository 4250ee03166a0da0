"""What a CPO tells the hub of a session that it was asked to start, over TLS, and when the hub does not take it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trustme
from django_scopes import scope

from builders import build_evse, build_station
from hub_double import HubDouble, Reply, ack, credentials_in
from oicp_messages import EVCO, EVSE, OPERATOR, PROVIDER, SESSION
from roamdesk.charging.models import Evidence, RemoteStart, Session
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.said import Authorisation, Origin, SessionIds, Step, TokenSaid
from roamdesk.charging.roaming.services import order_start, settle_start
from roamdesk.charging.services import store_session_ended, store_session_started
from roamdesk.desks.models import Desk
from roamdesk.oicp.connecting import connect
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.telling import tell_hub


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def hub(authority: trustme.CA) -> Iterator[HubDouble]:
    with HubDouble(authority) as double:
        yield double


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roamdesk.oicp.journal.spacing", lambda _: 0.0)
    monkeypatch.setattr("roamdesk.oicp.client.FIRST_PAUSE", 0.01)


@pytest.fixture
def desk(cpo_desk: Desk, msp_desk: Desk, hub: HubDouble, authority: trustme.CA, tmp_path: Path) -> Desk:
    files = credentials_in(tmp_path, authority, "nordlade.example")
    connect(cpo_desk, base_url=hub.base_url, credentials=files, operator_id=OPERATOR)
    return cpo_desk


@pytest.fixture
def start(desk: Desk, at: datetime) -> RemoteStart:
    """Accepted by the station; its transaction has not begun."""
    with scope(desk=desk):
        evse = build_evse(build_station(desk, connection_id="holder/1"), EVSE)
    ids = SessionIds(SESSION, msp="VPS-7")
    said = Authorisation(ids, Step.REMOTE_START, Origin(at), TokenSaid(contract_id=EVCO), EVSE, "", PROVIDER)
    start = order_start(desk, evse, said)
    assert settle_start(desk, start, Outcome.ACCEPTED, said, at)
    return start


def begins(start: RemoteStart, at: datetime, meter: Decimal | None = Decimal("1.0004")) -> None:
    with scope(desk=start.desk):
        store_session_started(
            start.evse.station, evse_number=1, connector_number=1, token=start.tag, transaction_id="tx-1",
            started_at=at, at=at, meter_start_kwh=meter,
        )  # fmt: skip


def ends(start: RemoteStart, at: datetime, meter: Decimal | None = Decimal("7.4004")) -> None:
    with scope(desk=start.desk):
        store_session_ended(
            start.evse.station, "tx-1", ended_at=at, stop_reason="Remote", at=at, meter_stop_kwh=meter
        )  # fmt: skip


def heard(hub: HubDouble) -> list[dict[str, Any]]:
    return [json.loads(asked.body) for asked in hub.asked]


def told(start: RemoteStart) -> str:
    with scope(desk=start.desk):
        return str(RemoteStart.objects.get(pk=start.pk).told)


NAMES = {
    "SessionID": SESSION, "EvseID": EVSE, "Identification": {"RemoteIdentification": {"EvcoID": EVCO}},
    "EMPPartnerSessionID": "VPS-7",
}  # fmt: skip
METER = {"ConsumedEnergy": 6.4, "MeterValueStart": 1.0, "MeterValueEnd": 7.4}
BEGAN, ENDED = "2026-03-10T10:16:00+01:00", "2026-03-10T10:45:00+01:00"


def test_the_hub_hears_of_begin_end_and_record_once_each(start: RemoteStart, hub: HubDouble, at: datetime) -> None:
    later = at + timedelta(hours=1)
    assert tell_hub(later) == 0
    begins(start, at + timedelta(minutes=1))
    assert (tell_hub(later), tell_hub(later)) == (1, 0)
    ends(start, at + timedelta(minutes=30))
    assert (tell_hub(later), tell_hub(later)) == (2, 0)
    names = NAMES | {"CPOPartnerSessionID": start.tag}
    assert heard(hub) == [
        names | {"Type": "Start", "OperatorID": OPERATOR, "ChargingStart": BEGAN},
        names | METER | {"Type": "End", "OperatorID": OPERATOR, "ChargingStart": BEGAN, "ChargingEnd": ENDED},
        names | METER | {
            "SessionStart": BEGAN, "SessionEnd": ENDED, "ChargingStart": BEGAN, "ChargingEnd": ENDED,
            "HubOperatorID": OPERATOR, "HubProviderID": PROVIDER,
        },
    ]  # fmt: skip
    assert [asked.path.rpartition("/")[2] for asked in hub.asked] == [
        "charging-notifications", "charging-notifications", "charge-detail-record",
    ]  # fmt: skip


def test_what_the_hub_took_is_evidence_of_the_session(start: RemoteStart, hub: HubDouble, at: datetime) -> None:
    begins(start, at)
    ends(start, at + timedelta(minutes=30))
    tell_hub(at + timedelta(hours=1))
    with scope(desk=start.desk):
        session = Session.objects.get()
        said = list(Evidence.objects.order_by("pk").values_list("kind", "sent_by_us"))
    assert said == [("remote_start", False), ("started", True), ("ended", True), ("cdr", True)]
    assert (session.grade, session.cdr_id, session.flags) == ("cdr", SESSION, [])


def test_without_meter_values_there_is_no_record(start: RemoteStart, hub: HubDouble, at: datetime) -> None:
    begins(start, at, None)
    ends(start, at + timedelta(minutes=30), None)
    tell_hub(at + timedelta(hours=1))
    assert [message.get("Type") for message in heard(hub)] == ["Start", "End"]
    assert "ConsumedEnergy" not in heard(hub)[1]
    assert told(start) == "given_up"


@pytest.mark.parametrize(
    "silence", [Reply(manner="cut"), Reply(b"{}", 503), Reply(b'{"StatusCode":{"Code":"017"}}', 401)]
)
def test_a_hub_that_is_not_reached_is_told_later_in_the_same_order(
    start: RemoteStart, hub: HubDouble, at: datetime, silence: Reply
) -> None:
    hub.replies = [silence]
    begins(start, at)
    ends(start, at + timedelta(minutes=30))
    now = at + timedelta(hours=1)
    assert tell_hub(now) == 0
    hub.replies, tried = [ack()], len(hub.asked)
    assert tell_hub(now + timedelta(minutes=1)) == 0
    assert tell_hub(now + timedelta(minutes=2)) == 3
    assert [message.get("Type") for message in heard(hub)[tried:]] == ["Start", "End", None]


def test_a_hub_that_stays_away_for_a_day_is_given_up(start: RemoteStart, hub: HubDouble, at: datetime) -> None:
    hub.replies = [Reply(manner="cut")]
    begins(start, at)
    ends(start, at + timedelta(minutes=30))
    tell_hub(at + timedelta(hours=25))
    assert told(start) == "given_up"


def test_a_refused_notification_does_not_keep_the_record_back(start: RemoteStart, hub: HubDouble, at: datetime) -> None:
    hub.replies = [ack(False, "320"), ack(False, "320"), ack()]
    begins(start, at)
    ends(start, at + timedelta(minutes=30))
    assert tell_hub(at + timedelta(hours=1)) == 1
    assert told(start) == "record"
    with scope(desk=start.desk):
        assert Session.objects.get().grade == "cdr"


@pytest.mark.parametrize("replies", [[ack(False, "022")], [Reply(manner="cut"), ack(False, "400")]])
def test_a_record_that_is_refused_or_not_confirmed_is_not_sent_for_ever(
    start: RemoteStart, hub: HubDouble, at: datetime, replies: list[Reply]
) -> None:
    hub.replies = [ack(), ack(), *replies]
    begins(start, at)
    ends(start, at + timedelta(minutes=30))
    assert tell_hub(at + timedelta(hours=1)) == 2
    asked = len(hub.asked)
    assert tell_hub(at + timedelta(hours=2)) == 0
    assert (told(start), len(hub.asked)) == ("given_up", asked)


def test_a_station_whose_clock_is_fast_ends_no_session_in_the_future(
    start: RemoteStart, hub: HubDouble, at: datetime
) -> None:
    begins(start, at)
    ends(start, at + timedelta(hours=5))
    tell_hub(at + timedelta(minutes=30))
    assert heard(hub)[2]["SessionEnd"] == ENDED


def test_a_desk_that_left_the_hub_tells_nothing(start: RemoteStart, hub: HubDouble, at: datetime) -> None:
    begins(start, at)
    with scope(desk=start.desk):
        HubConnection.objects.all().delete()
    assert tell_hub(at) == 0
    assert hub.asked == []
