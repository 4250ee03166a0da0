"""OCPP 2.0.1 and 2.1 payloads become the same business events; replies fit the schemas of both."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from roamdesk.ocpp import commands
from roamdesk.ocpp.events import (
    Authorize,
    Booted,
    ConnectorStatus,
    Fault,
    FaultReported,
    IdToken,
    MeterSample,
    MeterSampled,
    Reply,
    ReservationOver,
    SecurityEvent,
    StatusReported,
    TokenStatus,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from roamdesk.ocpp.mapping_v2 import answer_to, events_of, request_for
from roamdesk.ocpp.schemas import WrongPayload, check_request, check_response
from roamdesk.ocpp.versions import OcppVersion

AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)
WRITTEN = "2026-03-10T09:15:00Z"
BOTH = [OcppVersion.V201, OcppVersion.V21]
TOKEN = {"idToken": "04A1B2C3", "type": "ISO14443"}
ENERGY = {"timestamp": WRITTEN, "sampledValue": [{"value": Decimal("2500.5")}]}


def transaction(kind: str, trigger: str, info: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "eventType": kind,
        "timestamp": WRITTEN,
        "triggerReason": trigger,
        "seqNo": 3,
        "transactionInfo": {"transactionId": "tx-1", **(info or {})},
        **more,
    }


def notified(component: dict[str, Any], variable: str, value: str) -> dict[str, Any]:
    data = {
        "eventId": 1,
        "timestamp": WRITTEN,
        "trigger": "Alerting",
        "actualValue": value,
        "eventNotificationType": "HardWiredNotification",
        "component": component,
        "variable": {"name": variable},
    }
    return {"generatedAt": WRITTEN, "seqNo": 0, "eventData": [data]}


LOCK = {"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connectorId": 2}}
CONNECTOR = {"name": "Connector", "evse": {"id": 1, "connectorId": 2}}
MESSAGES: list[tuple[str, dict[str, Any], tuple[object, ...]]] = [
    (
        "BootNotification",
        {"chargingStation": {"model": "Post", "vendorName": "Nordlade"}, "reason": "PowerUp"},
        (Booted("Nordlade", "Post", reason="PowerUp"),),
    ),
    (
        "StatusNotification",
        {"timestamp": WRITTEN, "connectorStatus": "Occupied", "evseId": 1, "connectorId": 2},
        (StatusReported(1, 2, ConnectorStatus.OCCUPIED, reported_at=AT),),
    ),
    (
        "NotifyEvent",
        notified(LOCK, "Problem", "true"),
        (FaultReported(1, 2, "ConnectorPlugRetentionLock", Fault.LOCK, True, AT),),
    ),
    (
        "NotifyEvent",
        notified(CONNECTOR, "AvailabilityState", "Faulted"),
        (StatusReported(1, 2, ConnectorStatus.FAULTED, reported_at=AT),),
    ),
    ("NotifyEvent", notified(CONNECTOR, "AvailabilityState", "Sleeping"), ()),
    ("NotifyEvent", notified({"name": "Clock"}, "Drift", "3"), ()),
    ("Authorize", {"idToken": TOKEN}, (Authorize(IdToken("04A1B2C3", "ISO14443")),)),
    (
        "TransactionEvent",
        transaction(
            "Started", "Authorized", {"chargingState": "Charging"}, idToken=TOKEN, evse={"id": 1, "connectorId": 2}
        ),
        (TransactionStarted("tx-1", 1, 2, IdToken("04A1B2C3", "ISO14443"), AT, charging_state="Charging", seq_no=3),),
    ),
    (
        "TransactionEvent",
        transaction("Updated", "MeterValuePeriodic", meterValue=[ENERGY], offline=True),
        (
            TransactionUpdated(
                "tx-1",
                None,
                None,
                None,
                AT,
                "MeterValuePeriodic",
                seq_no=3,
                offline=True,
                samples=(MeterSample(Decimal("2.5005"), AT),),
            ),
        ),
    ),
    (
        "TransactionEvent",
        transaction("Ended", "EVDeparted", {"stoppedReason": "EVDisconnected"}),
        (TransactionEnded("tx-1", None, None, None, AT, "EVDisconnected", "EVDeparted", seq_no=3),),
    ),
    (
        "MeterValues",
        {"evseId": 1, "meterValue": [ENERGY]},
        (MeterSampled(1, None, None, (MeterSample(Decimal("2.5005"), AT),)),),
    ),
    ("SecurityEventNotification", {"type": "Tamper", "timestamp": WRITTEN}, (SecurityEvent("Tamper", AT),)),
]


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize(("action", "payload", "expected"), MESSAGES)
def test_each_message_becomes_its_events(
    version: OcppVersion, action: str, payload: dict[str, Any], expected: tuple[object, ...]
) -> None:
    check_request(version, action, payload)
    assert events_of(action, payload) == expected


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("token", [None, *TokenStatus])
@pytest.mark.parametrize(("action", "payload", "_expected"), MESSAGES)
def test_every_answer_fits_its_schema(
    version: OcppVersion, token: TokenStatus | None, action: str, payload: dict[str, Any], _expected: object
) -> None:
    answer = answer_to(action, payload, Reply(token=token), AT)
    assert answer is not None
    check_response(version, action, answer)


@pytest.mark.parametrize("trigger", ["RemoteStop", "StopAuthorized", "Deauthorized"])
def test_these_triggers_show_that_the_authorisation_is_gone(trigger: str) -> None:
    (event,) = events_of("TransactionEvent", transaction("Updated", trigger)) or ()
    assert isinstance(event, TransactionUpdated)
    assert event.authorisation_ended


@pytest.mark.parametrize(
    ("sampled", "kwh"),
    [
        ({"value": 2, "unitOfMeasure": {"unit": "kWh"}}, [Decimal(2)]),
        ({"value": 2, "unitOfMeasure": {"unit": "Wh", "multiplier": 3}}, [Decimal(2)]),
        ({"value": 2, "unitOfMeasure": {"multiplier": 10**9}}, []),
        ({"value": 2, "unitOfMeasure": {"unit": "Furlong"}}, []),
        ({"value": 2, "measurand": "Voltage"}, []),
        ({"value": 10**400}, []),
    ],
)
def test_only_usable_readings_of_the_energy_register_are_taken(sampled: dict[str, Any], kwh: list[Decimal]) -> None:
    payload = {"evseId": 1, "meterValue": [{"timestamp": WRITTEN, "sampledValue": [sampled]}]}
    (event,) = events_of("MeterValues", payload) or ()
    assert isinstance(event, MeterSampled)
    assert [sample.kwh for sample in event.samples] == kwh


@pytest.mark.parametrize("kind", ["Started", "Updated"])
def test_a_transaction_names_the_start_and_the_reservation_that_it_follows_from(kind: str) -> None:
    told = transaction(kind, "RemoteStart", {"remoteStartId": 7}, reservationId=8)
    (event,) = events_of("TransactionEvent", told) or ()
    assert isinstance(event, TransactionStarted | TransactionUpdated)
    assert (event.remote_start, event.reservation) == (7, 8)


@pytest.mark.parametrize("status", ["Expired", "Removed"])
def test_a_reservation_that_the_station_ends_is_over(status: str) -> None:
    told = {"reservationId": 8, "reservationUpdateStatus": status}
    assert events_of("ReservationStatusUpdate", told) == (ReservationOver(8),)


@pytest.mark.parametrize("evse", [{"id": -1}, {"id": 10**12}, {"id": 1, "connectorId": -2}])
def test_an_impossible_place_is_refused(evse: dict[str, Any]) -> None:
    with pytest.raises(WrongPayload):
        events_of("TransactionEvent", transaction("Updated", "Trigger", evse=evse))


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize(
    ("command", "action"),
    [
        (commands.Unlock(1, 2), "UnlockConnector"),
        (commands.RemoteStop("tx-1"), "RequestStopTransaction"),
        (commands.RemoteStart(1, 2, "HUBTAG", 7), "RequestStartTransaction"),
        (commands.Reserve(1, 2, "HUBTAG", 7, AT), "ReserveNow"),
        (commands.CancelReservation(7), "CancelReservation"),
        (commands.TriggerStatus(1, 2), "TriggerMessage"),
        (commands.TriggerTransaction(1), "TriggerMessage"),
        (commands.Reset(at_once=True), "Reset"),
        (commands.Reset(at_once=False), "Reset"),
        (commands.ChangeAvailability(1, 2, operative=True), "ChangeAvailability"),
        (commands.ChangeAvailability(0, 0, operative=False), "ChangeAvailability"),
    ],
)
def test_every_command_fits_its_schema(version: OcppVersion, command: commands.Command, action: str) -> None:
    written, payload = request_for(command)
    assert written == action
    check_request(version, written, payload)


@pytest.mark.parametrize(
    "command",
    [commands.Unlock(0, 1), commands.Unlock(1, 0), commands.RemoteStop(""), commands.RemoteStop("x" * 37)],
)
def test_what_2_x_cannot_say_is_refused_before_it_is_sent(command: commands.Command) -> None:
    with pytest.raises(commands.ImpossibleCommand):
        request_for(command)
