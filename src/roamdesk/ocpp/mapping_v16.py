"""OCPP 1.6: wire payloads to business events and back."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from ocpp.v16.enums import (
    AuthorizationStatus,
    AvailabilityType,
    ChargePointErrorCode,
    DataTransferStatus,
    MessageTrigger,
    Reason,
    RegistrationStatus,
    ResetType,
)

from roamdesk.ocpp import commands, events
from roamdesk.ocpp.events import Fault, IdToken, MeterSample, Reply, StationEvent, TokenStatus
from roamdesk.ocpp.instants import read_energy, read_instant, write_instant
from roamdesk.ocpp.schemas import WrongPayload

Payload = dict[str, Any]
LARGEST_INTEGER = 2**31 - 1

FAULT_OF_ERROR_CODE = {
    ChargePointErrorCode.connector_lock_failure: Fault.LOCK,
    ChargePointErrorCode.ground_failure: Fault.GROUND,
    ChargePointErrorCode.high_temperature: Fault.HIGH_TEMPERATURE,
    ChargePointErrorCode.over_current_failure: Fault.OVER_CURRENT,
    ChargePointErrorCode.power_switch_failure: Fault.POWER_SWITCH,
}
HARMLESS_ERROR_CODES = {ChargePointErrorCode.no_error, ChargePointErrorCode.ev_communication_error}


def events_of(action: str, payload: Payload) -> tuple[StationEvent, ...] | None:
    """Business events of a checked request; None when the action has no meaning here. Raises WrongPayload."""
    read = _READERS.get(action)
    return None if read is None else (read(payload),)


def answer_to(action: str, payload: Payload, reply: Reply, at: datetime) -> Payload | None:
    """Payload of our answer; None when we do not speak this action. Raises WrongPayload."""
    write = _WRITERS.get(action)
    return None if write is None else write(payload, reply, at)


def request_for(command: commands.Command) -> tuple[str, Payload]:
    """Action and payload. Raises ImpossibleCommand."""
    match command:
        case commands.Unlock(connector=connector):
            if connector < 1:
                raise commands.ImpossibleCommand("OCPP 1.6 unlocks connectors from 1 on; 0 is the whole station")
            return "UnlockConnector", {"connectorId": connector}
        case commands.RemoteStop(transaction_id=transaction_id):
            return "RemoteStopTransaction", {"transactionId": _integer_id(transaction_id)}
        case commands.RemoteStart(connector=connector, tag=tag):
            return "RemoteStartTransaction", {"idTag": _tag(tag), "connectorId": connector}
        case commands.Reserve(connector=connector, tag=tag, number=number, until=until):
            return "ReserveNow", {
                "connectorId": connector,
                "expiryDate": write_instant(until),
                "idTag": _tag(tag),
                "reservationId": number,
            }
        case commands.CancelReservation(number=number):
            return "CancelReservation", {"reservationId": number}
        case commands.TriggerStatus(connector=connector):
            return "TriggerMessage", {
                "requestedMessage": MessageTrigger.status_notification.value,
                "connectorId": connector,
            }
        case commands.Reset(at_once=at_once):
            return "Reset", {"type": (ResetType.hard if at_once else ResetType.soft).value}
        case commands.ChangeAvailability(connector=connector, operative=operative):
            kind = AvailabilityType.operative if operative else AvailabilityType.inoperative
            return "ChangeAvailability", {"connectorId": connector, "type": kind.value}
        case commands.TriggerTransaction():
            raise commands.ImpossibleCommand("OCPP 1.6 has no message that tells the open transaction")


def _tag(tag: str) -> str:
    if not 0 < len(tag) <= commands.LONGEST_TAG:
        raise commands.ImpossibleCommand(f"OCPP 1.6 knows tags of 1 to {commands.LONGEST_TAG} characters")
    return tag


def _integer_id(transaction_id: str) -> int:
    if not transaction_id.isascii() or not transaction_id.isdigit() or len(transaction_id) > 10:
        raise commands.ImpossibleCommand(f"OCPP 1.6 knows transactions by number, not by {transaction_id!r:.40}")
    return int(transaction_id)


def _booted(payload: Payload) -> StationEvent:
    return events.Booted(
        vendor=payload["chargePointVendor"],
        model=payload["chargePointModel"],
        serial_number=payload.get("chargePointSerialNumber", ""),
        firmware=payload.get("firmwareVersion", ""),
    )


def _heartbeat(_payload: Payload) -> StationEvent:
    return events.Heartbeat()


def _status(payload: Payload) -> StationEvent:
    evse, connector = _place(payload)
    error_code = payload["errorCode"]
    return events.StatusReported(
        evse=evse,
        connector=connector,
        status=events.ConnectorStatus(payload["status"]),
        error_code=error_code,
        faults=_faults(error_code),
        info=payload.get("info", ""),
        vendor_error_code=payload.get("vendorErrorCode", ""),
        reported_at=read_instant(payload["timestamp"]) if "timestamp" in payload else None,
    )


def _faults(error_code: str) -> frozenset[Fault]:
    code = ChargePointErrorCode(error_code)
    if code in HARMLESS_ERROR_CODES:
        return frozenset()
    return frozenset({FAULT_OF_ERROR_CODE.get(code, Fault.OTHER)})


def _authorize(payload: Payload) -> StationEvent:
    return events.Authorize(IdToken(payload["idTag"]))


def _started(payload: Payload) -> StationEvent:
    evse, connector = _place(payload)
    return events.TransactionStarted(
        transaction_id=None,
        evse=evse,
        connector=connector,
        id_token=IdToken(payload["idTag"]),
        started_at=read_instant(payload["timestamp"]),
        meter_start=read_energy(payload["meterStart"], "Wh"),
        reservation=payload.get("reservationId"),
    )


def _ended(payload: Payload) -> StationEvent:
    return events.TransactionEnded(
        transaction_id=str(_bounded(payload["transactionId"])),
        evse=None,
        connector=None,
        id_token=IdToken(payload["idTag"]) if "idTag" in payload else None,
        ended_at=read_instant(payload["timestamp"]),
        reason=payload.get("reason", Reason.local.value),
        meter_stop=read_energy(payload["meterStop"], "Wh"),
        samples=_samples(payload.get("transactionData", [])),
    )


def _metered(payload: Payload) -> StationEvent:
    evse, connector = _place(payload)
    transaction_id = payload.get("transactionId")
    return events.MeterSampled(
        evse=evse,
        connector=connector,
        transaction_id=None if transaction_id is None else str(_bounded(transaction_id)),
        samples=_samples(payload["meterValue"]),
    )


def _security(payload: Payload) -> StationEvent:
    return events.SecurityEvent(payload["type"], read_instant(payload["timestamp"]), payload.get("techInfo", ""))


def _samples(meter_values: Sequence[Payload]) -> tuple[MeterSample, ...]:
    return tuple(
        MeterSample(energy, read_instant(meter_value["timestamp"]))
        for meter_value in meter_values
        for sampled in meter_value["sampledValue"]
        if (energy := _register_reading(sampled)) is not None
    )


def _register_reading(sampled: Payload) -> Decimal | None:
    is_register = sampled.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register"
    is_signed = sampled.get("format", "Raw") != "Raw"
    if not is_register or is_signed or "phase" in sampled:
        return None
    return read_energy(sampled["value"], sampled.get("unit", "Wh"))


def _place(payload: Payload) -> tuple[int, int]:
    connector = payload["connectorId"]
    if not 0 <= connector <= 9999:
        raise WrongPayload("connectorId is not between 0 and 9999")
    return (1 if connector else 0), connector


def _bounded(number: int) -> int:
    if abs(number) > LARGEST_INTEGER:
        raise WrongPayload("transactionId has more than 32 bits")
    return number


def _answer_boot(_payload: Payload, reply: Reply, at: datetime) -> Payload:
    status = RegistrationStatus.accepted if reply.accepted else RegistrationStatus.rejected
    return {"status": status.value, "currentTime": write_instant(at), "interval": reply.heartbeat_seconds}


def _answer_time(_payload: Payload, _reply: Reply, at: datetime) -> Payload:
    return {"currentTime": write_instant(at)}


def _answer_token(_payload: Payload, reply: Reply, _at: datetime) -> Payload:
    return {"idTagInfo": {"status": STATUS_OF_TOKEN[reply.token or TokenStatus.INVALID].value}}


def _answer_start(payload: Payload, reply: Reply, at: datetime) -> Payload:
    if reply.transaction_id is None:
        raise RuntimeError("StationEvents must give a transaction id to a 1.6 TransactionStarted")
    return {"transactionId": reply.transaction_id, **_answer_token(payload, reply, at)}


def _answer_stop(payload: Payload, reply: Reply, at: datetime) -> Payload:
    return {} if reply.token is None else _answer_token(payload, reply, at)


def _answer_nothing(_payload: Payload, _reply: Reply, _at: datetime) -> Payload:
    return {}


def _answer_data_transfer(_payload: Payload, _reply: Reply, _at: datetime) -> Payload:
    return {"status": DataTransferStatus.unknown_vendor_id.value}


STATUS_OF_TOKEN = {
    TokenStatus.ACCEPTED: AuthorizationStatus.accepted,
    TokenStatus.BLOCKED: AuthorizationStatus.blocked,
    TokenStatus.EXPIRED: AuthorizationStatus.expired,
    TokenStatus.INVALID: AuthorizationStatus.invalid,
}

_READERS: dict[str, Callable[[Payload], StationEvent]] = {
    "BootNotification": _booted,
    "Heartbeat": _heartbeat,
    "StatusNotification": _status,
    "Authorize": _authorize,
    "StartTransaction": _started,
    "StopTransaction": _ended,
    "MeterValues": _metered,
    "SecurityEventNotification": _security,
}

_WRITERS: dict[str, Callable[[Payload, Reply, datetime], Payload]] = {
    "BootNotification": _answer_boot,
    "Heartbeat": _answer_time,
    "Authorize": _answer_token,
    "StartTransaction": _answer_start,
    "StopTransaction": _answer_stop,
    "DataTransfer": _answer_data_transfer,
    "StatusNotification": _answer_nothing,
    "MeterValues": _answer_nothing,
    "SecurityEventNotification": _answer_nothing,
    "DiagnosticsStatusNotification": _answer_nothing,
    "FirmwareStatusNotification": _answer_nothing,
    "SignedFirmwareStatusNotification": _answer_nothing,
    "LogStatusNotification": _answer_nothing,
}
