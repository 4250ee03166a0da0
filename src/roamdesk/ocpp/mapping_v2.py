"""OCPP 2.0.1 and 2.1: wire payloads to business events and back (identical where a desk looks)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from ocpp.v201.enums import (
    AuthorizationStatusEnumType,
    DataTransferStatusEnumType,
    IdTokenEnumType,
    MessageTriggerEnumType,
    OperationalStatusEnumType,
    ReasonEnumType,
    RegistrationStatusEnumType,
    ResetEnumType,
    TransactionEventEnumType,
    TriggerReasonEnumType,
)

from roamdesk.ocpp import commands, events
from roamdesk.ocpp.events import (
    ConnectorStatus,
    Fault,
    IdToken,
    MeterSample,
    Reply,
    StationEvent,
    TokenStatus,
)
from roamdesk.ocpp.instants import read_energy, read_instant, write_instant
from roamdesk.ocpp.schemas import WrongPayload

Payload = dict[str, Any]

# Seeing one of these means that the stop is visible: nobody waits for Ended (F03.FR.02/03).
TRIGGERS_THAT_END_AUTHORISATION = {
    TriggerReasonEnumType.remote_stop,
    TriggerReasonEnumType.stop_authorized,
    TriggerReasonEnumType.deauthorized,
}
AVAILABILITY_STATES = {"Available", "Occupied", "Reserved", "Unavailable", "Faulted"}
LOCK_COMPONENT = "ConnectorPlugRetentionLock"


def events_of(action: str, payload: Payload) -> tuple[StationEvent, ...] | None:
    """Business events of a checked request; None when the action has no meaning here. Raises WrongPayload."""
    read = _READERS.get(action)
    return None if read is None else read(payload)


def answer_to(action: str, payload: Payload, reply: Reply, at: datetime) -> Payload | None:
    """Payload of our answer; None when we do not speak this action."""
    write = _WRITERS.get(action)
    return None if write is None else write(payload, reply, at)


def request_for(command: commands.Command) -> tuple[str, Payload]:
    """Action and payload. Raises ImpossibleCommand."""
    match command:
        case commands.Unlock(evse=evse, connector=connector):
            if evse < 1 or connector < 1:
                raise commands.ImpossibleCommand("OCPP 2.x unlocks EVSEs and connectors from 1 on")
            return "UnlockConnector", {"evseId": evse, "connectorId": connector}
        case commands.RemoteStop(transaction_id=transaction_id):
            if not 0 < len(transaction_id) <= 36:
                raise commands.ImpossibleCommand("OCPP 2.x knows transactions by a text of 1 to 36 characters")
            return "RequestStopTransaction", {"transactionId": transaction_id}
        case commands.RemoteStart(evse=evse, tag=tag, number=number):
            return "RequestStartTransaction", {"idToken": _central(tag), "remoteStartId": number, "evseId": evse}
        case commands.Reserve(evse=evse, tag=tag, number=number, until=until):
            return "ReserveNow", {
                "id": number,
                "expiryDateTime": write_instant(until),
                "idToken": _central(tag),
                "evseId": evse,
            }
        case commands.CancelReservation(number=number):
            return "CancelReservation", {"reservationId": number}
        case commands.TriggerStatus(evse=evse, connector=connector):
            return "TriggerMessage", {
                "requestedMessage": MessageTriggerEnumType.status_notification.value,
                "evse": {"id": evse, "connectorId": connector},
            }
        case commands.TriggerTransaction(evse=evse):
            return "TriggerMessage", {
                "requestedMessage": MessageTriggerEnumType.transaction_event.value,
                "evse": {"id": evse},
            }
        case commands.Reset(at_once=at_once):
            return "Reset", {"type": (ResetEnumType.immediate if at_once else ResetEnumType.on_idle).value}
        case commands.ChangeAvailability():
            return "ChangeAvailability", _change_availability(command)


def _central(tag: str) -> Payload:
    """A token that the central system made up, as for an app (IdTokenEnumType)."""
    return {"idToken": tag, "type": IdTokenEnumType.central.value}


def _change_availability(command: commands.ChangeAvailability) -> Payload:
    status = OperationalStatusEnumType.operative if command.operative else OperationalStatusEnumType.inoperative
    whole_station = command.evse == 0
    place = {} if whole_station else {"evse": {"id": command.evse, "connectorId": command.connector}}
    return {"operationalStatus": status.value, **place}


def _booted(payload: Payload) -> tuple[StationEvent, ...]:
    station = payload["chargingStation"]
    booted = events.Booted(
        vendor=station["vendorName"],
        model=station["model"],
        serial_number=station.get("serialNumber", ""),
        firmware=station.get("firmwareVersion", ""),
        reason=payload["reason"],
    )
    return (booted,)


def _heartbeat(_payload: Payload) -> tuple[StationEvent, ...]:
    return (events.Heartbeat(),)


def _status(payload: Payload) -> tuple[StationEvent, ...]:
    reported = events.StatusReported(
        evse=_number(payload["evseId"]),
        connector=_number(payload["connectorId"]),
        status=ConnectorStatus(payload["connectorStatus"]),
        reported_at=read_instant(payload["timestamp"]),
    )
    return (reported,)


def _notified(payload: Payload) -> tuple[StationEvent, ...]:
    seen = (_component_event(data) for data in payload["eventData"])
    return tuple(event for event in seen if event is not None)


def _component_event(data: Payload) -> StationEvent | None:
    component, variable, value = data["component"]["name"], data["variable"]["name"], data["actualValue"]
    evse, connector = _place(data["component"])
    at = read_instant(data["timestamp"])
    if variable == "Problem":
        fault = Fault.LOCK if component == LOCK_COMPONENT else Fault.OTHER
        return events.FaultReported(evse, connector, component, fault, value.lower() == "true", at)
    is_availability = component == "Connector" and variable == "AvailabilityState"
    if is_availability and value in AVAILABILITY_STATES and evse is not None and connector is not None:
        return events.StatusReported(evse, connector, ConnectorStatus(value), reported_at=at)
    return None


def _authorize(payload: Payload) -> tuple[StationEvent, ...]:
    return (events.Authorize(_token(payload["idToken"])),)


def _transaction(payload: Payload) -> tuple[StationEvent, ...]:
    return (_TRANSACTION_READERS[TransactionEventEnumType(payload["eventType"])](payload),)


def _started(payload: Payload) -> StationEvent:
    return events.TransactionStarted(
        started_at=read_instant(payload["timestamp"]),
        charging_state=payload["transactionInfo"].get("chargingState", ""),
        **_transaction_part(payload),
        **_follows_from(payload),
    )


def _updated(payload: Payload) -> StationEvent:
    state = payload["transactionInfo"].get("chargingState", "")
    trigger = payload["triggerReason"]
    return events.TransactionUpdated(
        updated_at=read_instant(payload["timestamp"]),
        trigger=trigger,
        charging_state=state,
        authorisation_ended=trigger in TRIGGERS_THAT_END_AUTHORISATION,
        **_transaction_part(payload),
        **_follows_from(payload),
    )


def _ended(payload: Payload) -> StationEvent:
    return events.TransactionEnded(
        ended_at=read_instant(payload["timestamp"]),
        reason=payload["transactionInfo"].get("stoppedReason", ReasonEnumType.local.value),
        trigger=payload["triggerReason"],
        **_transaction_part(payload),
    )


def _transaction_part(payload: Payload) -> dict[str, Any]:
    evse, connector = _place(payload)
    return {
        "transaction_id": payload["transactionInfo"]["transactionId"],
        "evse": evse,
        "connector": connector,
        "id_token": _token(payload["idToken"]) if "idToken" in payload else None,
        "seq_no": payload["seqNo"],
        "offline": payload.get("offline", False),
        "samples": _samples(payload.get("meterValue", [])),
    }


def _follows_from(payload: Payload) -> dict[str, Any]:
    return {
        "remote_start": payload["transactionInfo"].get("remoteStartId"),
        "reservation": payload.get("reservationId"),
    }


def _metered(payload: Payload) -> tuple[StationEvent, ...]:
    evse = _number(payload["evseId"])
    return (events.MeterSampled(evse, None, None, _samples(payload["meterValue"])),)


def _reservation_over(payload: Payload) -> tuple[StationEvent, ...]:
    return (events.ReservationOver(payload["reservationId"]),)


def _security(payload: Payload) -> tuple[StationEvent, ...]:
    at = read_instant(payload["timestamp"])
    return (events.SecurityEvent(payload["type"], at, payload.get("techInfo", "")),)


def _token(id_token: Payload) -> IdToken:
    return IdToken(id_token["idToken"], id_token["type"])


def _place(holder: Payload) -> tuple[int | None, int | None]:
    evse = holder.get("evse")
    if evse is None:
        return None, None
    connector = evse.get("connectorId")
    return _number(evse["id"]), None if connector is None else _number(connector)


def _number(number: int) -> int:
    if not 0 <= number <= 9999:
        raise WrongPayload("an evseId or connectorId is not between 0 and 9999")
    return number


def _samples(meter_values: Sequence[Payload]) -> tuple[MeterSample, ...]:
    return tuple(
        MeterSample(energy, read_instant(meter_value["timestamp"]))
        for meter_value in meter_values
        for sampled in meter_value["sampledValue"]
        if (energy := _register_reading(sampled)) is not None
    )


def _register_reading(sampled: Payload) -> Decimal | None:
    is_register = sampled.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register"
    if not is_register or "phase" in sampled:
        return None
    unit = sampled.get("unitOfMeasure", {})
    return read_energy(sampled["value"], unit.get("unit", "Wh"), unit.get("multiplier", 0))


def _answer_boot(_payload: Payload, reply: Reply, at: datetime) -> Payload:
    status = RegistrationStatusEnumType.accepted if reply.accepted else RegistrationStatusEnumType.rejected
    return {"status": status.value, "currentTime": write_instant(at), "interval": reply.heartbeat_seconds}


def _answer_time(_payload: Payload, _reply: Reply, at: datetime) -> Payload:
    return {"currentTime": write_instant(at)}


def _answer_token(_payload: Payload, reply: Reply, _at: datetime) -> Payload:
    return {"idTokenInfo": {"status": STATUS_OF_TOKEN[reply.token or TokenStatus.INVALID].value}}


def _answer_transaction(payload: Payload, reply: Reply, at: datetime) -> Payload:
    return _answer_token(payload, reply, at) if "idToken" in payload and reply.token is not None else {}


def _answer_nothing(_payload: Payload, _reply: Reply, _at: datetime) -> Payload:
    return {}


def _answer_data_transfer(_payload: Payload, _reply: Reply, _at: datetime) -> Payload:
    return {"status": DataTransferStatusEnumType.unknown_vendor_id.value}


STATUS_OF_TOKEN = {
    TokenStatus.ACCEPTED: AuthorizationStatusEnumType.accepted,
    TokenStatus.BLOCKED: AuthorizationStatusEnumType.blocked,
    TokenStatus.EXPIRED: AuthorizationStatusEnumType.expired,
    TokenStatus.INVALID: AuthorizationStatusEnumType.invalid,
}

_TRANSACTION_READERS: dict[TransactionEventEnumType, Callable[[Payload], StationEvent]] = {
    TransactionEventEnumType.started: _started,
    TransactionEventEnumType.updated: _updated,
    TransactionEventEnumType.ended: _ended,
}

_READERS: dict[str, Callable[[Payload], tuple[StationEvent, ...]]] = {
    "BootNotification": _booted,
    "Heartbeat": _heartbeat,
    "StatusNotification": _status,
    "NotifyEvent": _notified,
    "Authorize": _authorize,
    "TransactionEvent": _transaction,
    "MeterValues": _metered,
    "ReservationStatusUpdate": _reservation_over,
    "SecurityEventNotification": _security,
}

_WRITERS: dict[str, Callable[[Payload, Reply, datetime], Payload]] = {
    "BootNotification": _answer_boot,
    "Heartbeat": _answer_time,
    "Authorize": _answer_token,
    "TransactionEvent": _answer_transaction,
    "DataTransfer": _answer_data_transfer,
    **dict.fromkeys(
        (
            "StatusNotification",
            "NotifyEvent",
            "MeterValues",
            "SecurityEventNotification",
            "FirmwareStatusNotification",
            "LogStatusNotification",
            "NotifyReport",
            "NotifyMonitoringReport",
            "NotifyChargingLimit",
            "NotifyCustomerInformation",
            "NotifyDisplayMessages",
            "ClearedChargingLimit",
            "PublishFirmwareStatusNotification",
            "ReportChargingProfiles",
            "ReservationStatusUpdate",
        ),
        _answer_nothing,
    ),
}
