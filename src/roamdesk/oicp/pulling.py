"""What an MSP fetches from the hub: the EVSE directory, states, charge detail records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django_scopes import scope

from roamdesk.charging.models import Pull
from roamdesk.charging.roaming.said import Origin
from roamdesk.charging.roaming.said_of_evses import Page
from roamdesk.charging.roaming.services import (
    EvidenceRefused,
    StatusTally,
    import_evses,
    last_as_of,
    record_cdr,
    record_status,
)
from roamdesk.desks.models import Desk
from roamdesk.oicp.answers import Outcome
from roamdesk.oicp.client import CrawlBroken, HubClient, crawl
from roamdesk.oicp.connecting import ConnectionRefused, connection_of, hub_client
from roamdesk.oicp.mapping import charge_record_of
from roamdesk.oicp.mapping_evses import page_of, statuses_of
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.secrets import without_pins
from roamdesk.oicp.wire import Unreadable, read
from roamdesk.oicp.wire.evse import PullEvseData, PullEvseStatus
from roamdesk.oicp.wire.instants import written
from roamdesk.oicp.wire.records import ChargeDetailRecord, ChargeDetailRecordPage, GetChargeDetailRecords

HELD_BACK = timedelta(minutes=5)  # the hub's clock and ours differ, and a crawl takes its time (section 17.4)
FIRST_RECORDS = timedelta(days=30)
Clock = Callable[[], datetime]


class PullStopped(ValueError):
    """The hub gave no more. What came is kept, and the next pull goes on there. The text says why."""


def pull_evses(desk: Desk, *, whole: bool, clock: Clock, progress: Callable[[Pull], None]) -> Pull:
    """Fetch the EVSE directory, or what changed since the last time; one that was cut off goes on at its next page.

    Raises PullStopped, ConnectionRefused, CredentialsUnusable.
    """
    hub = _as_emp(desk)
    since = "" if whole else last_as_of(desk)
    if not (whole or since):
        raise PullStopped("Nothing was pulled yet: the first time must fetch the whole directory (--full).")
    as_of = written((clock() - HELD_BACK).astimezone(UTC))
    request = PullEvseData(ProviderID=hub.provider_id, GeoCoordinatesResponseFormat="Google", LastCall=since or None)
    with hub_client(desk) as client:
        return import_evses(
            desk, lambda number: _page(client, request, number), whole=whole, as_of=as_of, clock=clock,
            progress=progress,
        )  # fmt: skip


def _page(client: HubClient, request: PullEvseData, number: int) -> Page:
    outcome = client.pull_evse_page(request, number)
    if not outcome.accepted:
        raise PullStopped(f"Page {number} could not be pulled. {_told(outcome)}")
    try:
        return page_of(outcome.raw, number)
    except Unreadable as problem:
        raise PullStopped(f"Page {number} cannot be read. {problem}") from None


def pull_statuses(desk: Desk, clock: Clock) -> StatusTally:
    """Fetch the state of every EVSE; its age is when we asked. Raises PullStopped, ConnectionRefused."""
    hub = _as_emp(desk)
    with hub_client(desk) as client:
        asked_at = clock()
        outcome = client.pull_evse_status(PullEvseStatus(ProviderID=hub.provider_id))
    if not outcome.accepted or outcome.answer is None:
        raise PullStopped(f"No states could be pulled. {_told(outcome)}")
    return record_status(desk, statuses_of(outcome.answer), at=asked_at, operators=None)


@dataclass
class RecordTally:
    """How many records a pull of charge detail records brought, and how many could not be taken."""

    pages: int = 0
    taken: int = 0
    refused: list[str] = field(default_factory=list)


def pull_records(
    desk: Desk, *, since: datetime | None, clock: Clock, progress: Callable[[RecordTally], None]
) -> RecordTally:
    """Fetch the charge detail records that the hub got since then (UTC), or since the last pull.

    However often one comes, by push or by pull, it counts once. Raises PullStopped, ConnectionRefused.
    """
    hub = _as_emp(desk)
    until = clock()
    begin = since or hub.records_pulled_until or until - FIRST_RECORDS
    request = GetChargeDetailRecords(
        ProviderID=hub.provider_id, From=written(begin.astimezone(UTC)), To=written(until.astimezone(UTC))
    )
    tally = RecordTally()
    with hub_client(desk) as client:
        try:
            for _, _, outcome in crawl(lambda number: client.get_charge_detail_records(request, number)):
                _take_records(desk, outcome, clock(), tally)
                progress(tally)
        except CrawlBroken as broken:
            raise PullStopped(f"{broken} What came before is kept: run it again.") from None
    if since is None:
        with scope(desk=desk):
            HubConnection.objects.filter(pk=hub.pk).update(records_pulled_until=until - HELD_BACK)
    return tally


class _Records(msgspec.Struct):
    content: list[msgspec.Raw]


def _take_records(desk: Desk, outcome: Outcome[ChargeDetailRecordPage], at: datetime, tally: RecordTally) -> None:
    tally.pages += 1
    for raw in msgspec.json.decode(outcome.raw, type=_Records).content:
        text = without_pins(bytes(raw))
        try:
            record = read(ChargeDetailRecord, bytes(raw)).message
            record_cdr(desk, charge_record_of(record, Origin(at, text, outcome.process_id, pulled=True)))
            tally.taken += 1
        except (EvidenceRefused, Unreadable) as problem:
            tally.refused.append(str(problem))


def _as_emp(desk: Desk) -> HubConnection:
    hub = connection_of(desk)
    if not hub.provider_id:
        raise ConnectionRefused(f"{desk} is not connected as MSP (EMP): only an MSP pulls. See: roamdesk oicp connect")
    return hub


def _told(outcome: Outcome[Any]) -> str:
    return outcome.says + (f" Process-ID: {outcome.process_id}" if outcome.process_id else "")
