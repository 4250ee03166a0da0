"""What a hub says of one session at an MSP: builders of the messages, each with the time when it came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from roamdesk.charging.roaming.said import (
    Authorisation,
    ChargeRecord,
    Happening,
    Notification,
    Origin,
    SessionIds,
    Step,
    TimeSaid,
    TokenSaid,
)

SESSION = "b2688855-7f00-0002-6d8e-48d883f6abb6"
EVSE_ID = "DE*NDL*E4421*1"
CARD = "04A3B2C1D04F80"
START = datetime(2026, 2, 3, 9, 0, tzinfo=UTC)


def minutes(count: int) -> datetime:
    return START + timedelta(minutes=count)


def authorisation(**changes: Any) -> Authorisation:
    values: dict[str, Any] = {
        "ids": SessionIds(SESSION),
        "step": Step.START,
        "origin": Origin(minutes(0), raw="{}", reference="process-1"),
        "token": TokenSaid(uid=CARD),
        "evse_id": EVSE_ID,
        "operator_id": "DE*NDL",
        "provider_id": "DE-VPS",
    }
    return Authorisation(**values | changes)


def notification(happening: Happening = Happening.STARTED, **changes: Any) -> Notification:
    values: dict[str, Any] = {
        "ids": SessionIds(SESSION, cpo="tx-77"),
        "happening": happening,
        "origin": Origin(minutes(2)),
        "evse_id": EVSE_ID,
        "operator_id": "DE*NDL",
        "charging_start": TimeSaid.read("2026-02-03T10:01:00+01:00"),
    }
    return Notification(**values | changes)


def cdr(**changes: Any) -> ChargeRecord:
    values: dict[str, Any] = {
        "ids": SessionIds(SESSION, cpo="tx-77"),
        "origin": Origin(minutes(60)),
        "evse_id": EVSE_ID,
        "token": TokenSaid(uid=CARD),
        "session_start": TimeSaid.read("2026-02-03T10:00:10+01:00"),
        "session_end": TimeSaid.read("2026-02-03T10:58:00+01:00"),
        "charging_start": TimeSaid.read("2026-02-03T10:01:00+01:00"),
        "charging_end": TimeSaid.read("2026-02-03T10:50:00+01:00"),
        "energy_kwh": Decimal("17.250"),
        "meter_start_kwh": Decimal("100.000"),
        "meter_end_kwh": Decimal("117.250"),
    }
    return ChargeRecord(**values | changes)


def life_of_a_session() -> list[Authorisation | Notification | ChargeRecord]:
    """Authorised, started, a progress, an end, the CDR pushed and pulled, and another CDR."""
    return [
        authorisation(),
        notification(),
        notification(
            Happening.PROGRESS, origin=Origin(minutes(30)), occurred=TimeSaid.read("2026-02-03T10:30:00+01:00"),
            energy_kwh=Decimal("9.5"),
        ),
        notification(
            Happening.ENDED, origin=Origin(minutes(50)), charging_end=TimeSaid.read("2026-02-03T10:50:00+01:00"),
            energy_kwh=Decimal("17.2"),
        ),
        cdr(),
        cdr(origin=Origin(minutes(600), raw='{"pulled": true}', pulled=True)),
        cdr(origin=Origin(minutes(61)), energy_kwh=Decimal("18")),
    ]  # fmt: skip
