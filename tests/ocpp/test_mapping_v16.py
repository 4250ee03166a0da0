"""OCPP 1.6 payloads become business events, and replies become payloads that the 1.6 schemas accept."""

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
    IdToken,
    MeterSample,
    MeterSampled,
    Reply,
    SecurityEvent,
    StatusReported,
    TokenStatus,
    TransactionEnded,
    TransactionStarted,
)
from roamdesk.ocpp.mapping_v16 import answer_to, events_of, request_for
from roamdesk.ocpp.schemas import WrongPayload, check_request, check_response
from roamdesk.ocpp.versions import OcppVersion

AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)
WRITTEN = "2026-03-10T10:15:00+01:00"
V16 = OcppVersion.V16

PAYLOADS: dict[str, dict[str, Any]] = {
    "BootNotification": {"chargePointVendor": "Nordlade", "chargePointModel": "Post"},
    "Heartbeat": {},
    "StatusNotification": {"connectorId": 1, "errorCode": "NoError", "status": "Available"},
    "Authorize": {"idTag": "04A1B2C3"},
    "StartTransaction": {"connectorId": 2, "idTag": "04A1B2C3", "meterStart": 1500, "timestamp": WRITTEN},
    "StopTransaction": {"transactionId": 42, "meterStop": 7400, "timestamp": WRITTEN, "idTag": "04A1B2C3"},
    "MeterValues": {
        "connectorId": 2,
        "transactionId": 42,
        "meterValue": [{"timestamp": WRITTEN, "sampledValue": [{"value": "2500.5"}]}],
    },
    "SecurityEventNotification": {"type": "TamperDetectionActivated", "timestamp": WRITTEN},
    "DataTransfer": {"vendorId": "Nordlade"},
    "FirmwareStatusNotification": {"status": "Idle"},
    "DiagnosticsStatusNotification": {"status": "Idle"},
    "LogStatusNotification": {"status": "Idle"},
}


@pytest.mark.parametrize(
    ("action", "event"),
    [
        ("BootNotification", Booted("Nordlade", "Post")),
        ("StatusNotification", StatusReported(1, 1, ConnectorStatus.AVAILABLE, "NoError")),
        ("Authorize", Authorize(IdToken("04A1B2C3"))),
        (
            "StartTransaction",
            TransactionStarted(None, 1, 2, IdToken("04A1B2C3"), AT, meter_start=Decimal("1.5")),
        ),
        (
            "StopTransaction",
            TransactionEnded("42", None, None, IdToken("04A1B2C3"), AT, "Local", meter_stop=Decimal("7.4")),
        ),
        ("MeterValues", MeterSampled(1, 2, "42", (MeterSample(Decimal("2.5005"), AT),))),
        ("SecurityEventNotification", SecurityEvent("TamperDetectionActivated", AT)),
    ],
)
def test_each_message_becomes_its_event(action: str, event: object) -> None:
    check_request(V16, action, PAYLOADS[action])
    assert events_of(action, PAYLOADS[action]) == (event,)


@pytest.mark.parametrize("action", list(PAYLOADS))
@pytest.mark.parametrize("token", [None, *TokenStatus])
def test_every_answer_fits_its_schema(action: str, token: TokenStatus | None) -> None:
    reply = Reply(token=token, transaction_id=7)
    check_response(V16, action, answer_to(action, PAYLOADS[action], reply, AT) or {})


@pytest.mark.parametrize(
    ("error_code", "faults"),
    [
        ("NoError", set()),
        ("EVCommunicationError", set()),
        ("ConnectorLockFailure", {Fault.LOCK}),
        ("GroundFailure", {Fault.GROUND}),
        ("HighTemperature", {Fault.HIGH_TEMPERATURE}),
        ("OverCurrentFailure", {Fault.OVER_CURRENT}),
        ("PowerSwitchFailure", {Fault.POWER_SWITCH}),
        ("ReaderFailure", {Fault.OTHER}),
    ],
)
def test_error_codes_are_sorted_by_what_a_desk_does_about_them(error_code: str, faults: set[Fault]) -> None:
    (event,) = events_of("StatusNotification", PAYLOADS["StatusNotification"] | {"errorCode": error_code}) or ()
    assert isinstance(event, StatusReported)
    assert event.faults == faults


def test_only_the_faults_of_possible_danger_say_so() -> None:
    dangerous = {fault for fault in Fault if fault.may_be_danger}
    assert dangerous == {Fault.GROUND, Fault.HIGH_TEMPERATURE, Fault.OVER_CURRENT, Fault.POWER_SWITCH}


def test_connector_0_is_the_station_as_a_whole() -> None:
    (event,) = events_of("StatusNotification", PAYLOADS["StatusNotification"] | {"connectorId": 0}) or ()
    assert isinstance(event, StatusReported)
    assert (event.evse, event.connector) == (0, 0)


@pytest.mark.parametrize(
    ("sampled", "kwh"),
    [
        ({"value": "2500"}, [Decimal("2.5")]),
        ({"value": "2.5", "unit": "kWh"}, [Decimal("2.5")]),
        ({"value": "2500", "measurand": "Energy.Active.Import.Register"}, [Decimal("2.5")]),
        ({"value": "16", "measurand": "Current.Import", "unit": "A"}, []),
        ({"value": "2500", "phase": "L1"}, []),
        ({"value": "AbCd", "format": "SignedData"}, []),
        ({"value": "NaN"}, []),
        ({"value": "much"}, []),
        ({"value": "1e30"}, []),
        ({"value": "1e-999999999"}, [Decimal(0)]),
    ],
)
def test_only_usable_readings_of_the_energy_register_are_taken(sampled: dict[str, Any], kwh: list[Decimal]) -> None:
    meter_value = [{"timestamp": WRITTEN, "sampledValue": [sampled]}]
    (event,) = events_of("MeterValues", {"connectorId": 1, "meterValue": meter_value}) or ()
    assert isinstance(event, MeterSampled)
    assert [sample.kwh for sample in event.samples] == kwh


@pytest.mark.parametrize(
    ("action", "change"),
    [
        ("StartTransaction", {"timestamp": "yesterday"}),
        ("StartTransaction", {"timestamp": "0001-01-01T00:00:00+14:00"}),
        ("StartTransaction", {"connectorId": -1}),
        ("StatusNotification", {"connectorId": 10**30}),
        ("StopTransaction", {"transactionId": 2**31}),
        ("MeterValues", {"transactionId": -(2**40)}),
    ],
)
def test_the_impossible_is_refused(action: str, change: dict[str, Any]) -> None:
    with pytest.raises(WrongPayload):
        events_of(action, PAYLOADS[action] | change)


def test_a_time_without_zone_is_utc() -> None:
    payload = PAYLOADS["StartTransaction"] | {"timestamp": "2026-03-10T09:15:00"}
    (event,) = events_of("StartTransaction", payload) or ()
    assert isinstance(event, TransactionStarted)
    assert event.started_at == AT


def test_a_start_without_a_transaction_id_of_ours_is_our_error() -> None:
    with pytest.raises(RuntimeError, match="transaction id"):
        answer_to("StartTransaction", PAYLOADS["StartTransaction"], Reply(), AT)


@pytest.mark.parametrize(
    ("command", "action"),
    [
        (commands.Unlock(1, 2), "UnlockConnector"),
        (commands.RemoteStop("42"), "RemoteStopTransaction"),
        (commands.RemoteStart(1, 2, "HUBTAG", 7), "RemoteStartTransaction"),
        (commands.Reserve(1, 2, "HUBTAG", 7, AT), "ReserveNow"),
        (commands.CancelReservation(7), "CancelReservation"),
        (commands.TriggerStatus(1, 2), "TriggerMessage"),
        (commands.Reset(at_once=True), "Reset"),
        (commands.Reset(at_once=False), "Reset"),
        (commands.ChangeAvailability(0, 0, operative=False), "ChangeAvailability"),
    ],
)
def test_every_command_fits_its_schema(command: commands.Command, action: str) -> None:
    written, payload = request_for(command)
    assert written == action
    check_request(V16, written, payload)


@pytest.mark.parametrize(
    "command",
    [
        commands.Unlock(1, 0),
        commands.RemoteStop("a-text"),
        commands.RemoteStop("٤٢"),
        commands.RemoteStop("9" * 40),
        commands.TriggerTransaction(1),
        commands.RemoteStart(1, 1, "T" * 21, 7),
        commands.Reserve(1, 1, "", 7, AT),
    ],
)
def test_what_1_6_cannot_say_is_refused_before_it_is_sent(command: commands.Command) -> None:
    with pytest.raises(commands.ImpossibleCommand):
        request_for(command)
