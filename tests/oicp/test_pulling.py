"""What an MSP fetches from a hub over real TLS: directory, states, charge detail records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from django_scopes import scope

from hub_double import HubDouble, Reply, credentials_in
from oicp_messages import CDR, EVSE, REMOTE_STOP, SESSION
from roamdesk.charging.models import Cdr, Evse, Plug, Pull, RefusedRecord, Session
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.ports import StopOrder, backend_for, health_of
from roamdesk.charging.roaming.said import Origin
from roamdesk.charging.roaming.services import record_cdr
from roamdesk.desks.models import Desk
from roamdesk.oicp.connecting import connect
from roamdesk.oicp.mapping import charge_record_of
from roamdesk.oicp.pulling import PullStopped, RecordTally, pull_evses, pull_records, pull_statuses
from roamdesk.oicp.wire.writing import encode

PAGE = Path(__file__).parents[1] / "vectors/oicp/synthetic/pull-evse-data.response.opening-times.json"
RECORD: dict[str, Any] = json.loads(PAGE.read_bytes())["content"][0]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def hub(authority: trustme.CA, tmp_path: Path, msp_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubDouble]:
    monkeypatch.setattr("roamdesk.oicp.journal.spacing", lambda _: 0.0)
    monkeypatch.setattr("roamdesk.oicp.client.FIRST_PAUSE", 0.01)
    with HubDouble(authority) as double:
        files = credentials_in(tmp_path, authority, "voltpass.example")
        connect(msp_desk, base_url=double.base_url, credentials=files, provider_id="DE-VPS")
        yield double


def page(*records: Any, last: bool = True, number: int = 0) -> Reply:
    envelope = {
        "content": list(records), "number": number, "size": 2000, "totalElements": 1, "totalPages": 1,
        "numberOfElements": len(records), "first": number == 0, "last": last, "StatusCode": None, "pageable": {},
    }  # fmt: skip
    return Reply(json.dumps(envelope).encode())


def evse(evse_id: str, **change: Any) -> dict[str, Any]:
    return RECORD | {"EvseID": evse_id} | change


def pull(desk: Desk, at: datetime, *, whole: bool = True) -> Pull:
    return pull_evses(desk, whole=whole, clock=lambda: at, progress=lambda _: None)


def evses(desk: Desk) -> dict[str, Evse]:
    with scope(desk=desk):
        return {one.evse_id: one for one in Evse.objects.filter(desk=desk, withdrawn_at__isnull=True)}


def test_the_directory_is_pulled_page_by_page_and_swapped_in(msp_desk: Desk, hub: HubDouble, at: datetime) -> None:
    hub.replies = [page(evse("DE*TSC*E1"), last=False), page(evse("DE*TSC*E2"), number=1)]
    done = pull(msp_desk, at)
    assert (done.state, done.records, done.refused) == (Pull.State.SWAPPED, 2, 0)
    found = evses(msp_desk)
    assert set(found) == {"DE*TSC*E1", "DE*TSC*E2"}
    one = found["DE*TSC*E1"]
    assert (one.plug, one.hotline) == (Plug.TYPE2_SOCKET, "+493023125000")
    assert one.address == "Hafenweg 7, 99999 Musterstadt"
    assert "LastCall" not in json.loads(hub.asked[0].body)


def test_a_pull_that_breaks_off_goes_on_at_its_page(msp_desk: Desk, hub: HubDouble, at: datetime) -> None:
    refused = Reply(b'{"StatusCode":{"Code":"210","Description":"No valid contract"}}', 403)
    hub.replies = [page(evse("DE*TSC*E1"), last=False), refused]
    with pytest.raises(PullStopped, match=r"Page 1 could not be pulled.*portal"):
        pull(msp_desk, at)
    assert evses(msp_desk) == {}
    hub.replies = [page(evse("DE*TSC*E2"), number=1)]
    assert pull(msp_desk, at).records == 2
    assert [asked.path.partition("page=")[2][0] for asked in hub.asked] == ["0", "1", "1"]
    assert set(evses(msp_desk)) == {"DE*TSC*E1", "DE*TSC*E2"}


def test_changes_are_asked_for_since_before_the_last_pull_began(msp_desk: Desk, hub: HubDouble, at: datetime) -> None:
    with pytest.raises(PullStopped, match="--full"):
        pull(msp_desk, at, whole=False)
    hub.replies = [page(evse("DE*TSC*E1"), evse("DE*TSC*E2"), evse("DE*TSC*E3"))]
    pull(msp_desk, at)
    hub.replies = [page(evse("DE*TSC*E1", deltaType="delete", Plugs=None, Address=None, GeoCoordinates=None))]
    pull(msp_desk, at, whole=False)
    assert set(evses(msp_desk)) == {"DE*TSC*E2", "DE*TSC*E3"}
    assert json.loads(hub.asked[-1].body)["LastCall"] == "2026-03-10T09:10:00+00:00"


def test_records_with_faults_are_taken_and_those_without_an_id_refused_with_their_text(
    msp_desk: Desk, hub: HubDouble, at: datetime
) -> None:
    odd = evse(
        "DE*TSC*E1", OperatorId="DE*TSC", GeoCoordinates="54.1 9.2", IsOpen24Hours="true", OpeningTimes=None,
        ChargingFacilities=[{"Power": "22.0", "PowerType": "DC"}], Plugs=["MCS"], PaymentOptions=None,
        lastUpdate="2024-07-01T04:12:09",
    )  # fmt: skip
    odd["ChargingStationNames"] = {"lang": None, "value": "Hafen"}
    del odd["OperatorID"]
    hub.replies = [page(odd, evse("", x=1), 7, evse("DE*TSC*E2", ChargingStationID=None, ChargingStationId="S-7"))]
    assert pull(msp_desk, at).refused == 2
    with scope(desk=msp_desk):
        refused = list(RefusedRecord.objects.order_by("pk"))
        one = Evse.objects.select_related("record").get(evse_id="DE*TSC*E1")
        two = Evse.objects.select_related("record").get(evse_id="DE*TSC*E2")
    assert "EvseID" in refused[0].reason
    assert '"x"' in refused[0].raw
    assert refused[1].raw == "7"
    assert (one.record.hours, one.record.power, one.record.names) == ("24/7", "22 kW DC", "Hafen")
    assert (one.record.latitude, one.plug, one.record.operator_id) == (54.1, Plug.UNKNOWN, "DE*TSC")
    assert two.record.station_id == "S-7"


def test_an_answer_that_is_no_page_stops_the_pull(msp_desk: Desk, hub: HubDouble, at: datetime) -> None:
    hub.replies = [Reply(b'{"content": {"a": 1}, "number": 0}')]
    with pytest.raises(PullStopped, match="Page 0 cannot be read"):
        pull(msp_desk, at)


def test_an_empty_directory_asks_first(msp_desk: Desk, hub: HubDouble, at: datetime) -> None:
    hub.replies = [page(evse("DE*TSC*E1"))]
    pull(msp_desk, at)
    hub.replies = [page()]
    done = pull(msp_desk, at)
    assert (done.state, done.question != "") == (Pull.State.WAITING, True)
    assert set(evses(msp_desk)) == {"DE*TSC*E1"}


def test_states_have_the_age_of_our_asking(msp_desk: Desk, hub: HubDouble, at: datetime) -> None:
    hub.replies = [page(evse("DE*TSC*E1"))]
    pull(msp_desk, at)
    states = {"OperatorEvseStatus": [
        {"OperatorID": "DE*TSC", "EvseStatusRecord": [{"EvseID": "DETSCE1", "EvseStatus": "Occupied"}, None]}, None,
    ]}  # fmt: skip
    hub.replies = [Reply(json.dumps({"EvseStatuses": states, "StatusCode": None}).encode())]
    tally = pull_statuses(msp_desk, lambda: at)
    assert (tally.said, tally.changed) == (1, 1)
    one = evses(msp_desk)["DE*TSC*E1"]
    assert (one.status, one.status_at) == ("Occupied", at)


def test_charge_detail_records_count_once_by_push_and_by_pull(
    msp_desk: Desk, hub: HubDouble, at: datetime, emp_push: Any
) -> None:
    emp_push()
    record = json.loads(encode(CDR))
    faulty = record | {"SessionID": None}
    hub.replies = [page(record, last=False), page(record, faulty, number=1)]
    seen: list[int] = []
    tally = pull_records(msp_desk, since=None, clock=lambda: at, progress=lambda tally: seen.append(tally.taken))
    assert (tally.pages, tally.taken, len(tally.refused), seen) == (2, 2, 1, [1, 2])
    with scope(desk=msp_desk):
        assert Session.objects.count() == 1
        cdr = Cdr.objects.get()
    assert cdr.pushed_at is not None
    assert cdr.pulled_at is not None


def test_the_next_pull_of_records_begins_where_the_last_one_ended(msp_desk: Desk, hub: HubDouble, at: datetime) -> None:
    def asked_since() -> str:
        pull_records(msp_desk, since=None, clock=lambda: at, progress=_quiet)
        since: str = json.loads(hub.asked[-1].body)["From"]
        return since

    hub.replies = [page()]
    assert asked_since() == "2026-02-08T09:15:00+00:00"
    assert asked_since() == "2026-03-10T09:10:00+00:00"
    hub.replies = [Reply(b"", 403)]
    with pytest.raises(PullStopped, match="run it again"):
        pull_records(msp_desk, since=None, clock=lambda: at, progress=_quiet)


def _quiet(_: RecordTally) -> None:
    """Nobody watches."""


@pytest.fixture
def emp_push(msp_desk: Desk, at: datetime) -> Any:
    """The same record as `CDR`, pushed by the hub before."""
    return lambda: record_cdr(msp_desk, charge_record_of(CDR, Origin(at, "pushed")))


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        ({"Result": True, "StatusCode": {"Code": "000"}}, Outcome.ACCEPTED),
        ({"Result": False, "StatusCode": {"Code": "400"}}, Outcome.REJECTED),
        ({"Result": False, "StatusCode": {"Code": "310"}}, Outcome.NO_ANSWER),
        ({"Result": False, "StatusCode": {"Code": "320"}}, Outcome.NOT_SUPPORTED),
        ({"Result": False, "StatusCode": {"Code": "501"}}, Outcome.CALL_ERROR),
        ({}, Outcome.NO_ANSWER),
    ],
    ids=str,
)
def test_the_business_stops_a_session_through_the_hub(
    msp_desk: Desk, hub: HubDouble, reply: Any, word: Outcome
) -> None:
    hub.replies = [Reply(json.dumps(reply).encode(), headers={"Process-ID": "p-1"})]
    backend = backend_for(msp_desk)
    assert backend
    answer = backend.stop(msp_desk, StopOrder(SESSION, EVSE))
    assert (answer.outcome, answer.reference) == (word, "p-1")
    assert json.loads(hub.asked[0].body) == json.loads(encode(REMOTE_STOP))


def test_a_desk_without_hub_is_not_served_and_the_health_of_one_is_told(
    cpo_desk: Desk, msp_desk: Desk, hub: HubDouble, at: datetime
) -> None:
    assert backend_for(cpo_desk) is None
    (health,) = health_of(msp_desk, at)
    assert (health.hub, health.last_contact_at) == (hub.base_url, None)
    assert health.certificate_until is not None
