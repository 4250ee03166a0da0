"""What a simulated station says in each OCPP version, with the message classes of the `ocpp` package."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from ocpp.exceptions import NotSupportedError

from ocpp import v16, v21, v201

Message = Any
"""A call or call result of the `ocpp` package, which ships no types."""


METER_START, METER_STOP = 1000, 7400  # Wh


def station_time() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Order:
    """A start or a reservation: where, for whom, and the central system's number for it (none at a 1.6 start)."""

    connector: int
    token: str
    number: int | None = None


@dataclass(frozen=True)
class Cause:
    """What a transaction follows from, beside the token: the central system's numbers, where it gave some."""

    remote_start: int | None = None
    reservation: int | None = None

    @property
    def by_card(self) -> bool:
        return self == BY_CARD


BY_CARD = Cause()


class Dialect16:
    version = v16
    must_stop_before_unlock = False

    def boot(self) -> Message:
        return v16.call.BootNotification(charge_point_model="Post 16", charge_point_vendor="Nordlade")

    def status(self, connector: int, *, plugged: bool, charging: bool, reserved: bool) -> Message:
        word = "Charging" if charging else "Finishing" if plugged else "Reserved" if reserved else "Available"
        return v16.call.StatusNotification(connector_id=connector, error_code="NoError", status=word)

    def order(self, asked: dict[str, Any]) -> Order:
        return Order(asked["connector_id"], asked["id_tag"], asked.get("reservation_id"))

    def authorize(self, token: str) -> Message:
        return v16.call.Authorize(id_tag=token)

    def is_authorised(self, answer: Message) -> bool:
        return bool(answer.id_tag_info["status"] == "Accepted")

    def start(self, connector: int, token: str, because: Cause) -> Message:
        return v16.call.StartTransaction(
            connector_id=connector, id_tag=token, meter_start=METER_START, timestamp=station_time(),
            reservation_id=because.reservation,
        )  # fmt: skip

    def transaction_id(self, started: Message) -> str:
        return str(started.transaction_id)

    def stopped(self, transaction_id: str, reason: str) -> Message | None:
        """A 1.6 transaction is over when it is stopped."""
        return v16.call.StopTransaction(
            transaction_id=int(transaction_id), meter_stop=METER_STOP, timestamp=station_time(), reason=reason
        )

    def ended(self, transaction_id: str, reason: str) -> Message | None:
        return None

    def told(self, transaction_id: str, connector: int) -> Message | None:
        return None

    def no_lock(self) -> Message:
        return v16.call_result.UnlockConnector(status="NotSupported")

    def unlock_answer(self, status: str) -> Message:
        return v16.call_result.UnlockConnector(status=status)

    def stop_answer(self, status: str) -> Message:
        return v16.call_result.RemoteStopTransaction(status=status)

    def start_answer(self, status: str) -> Message:
        return v16.call_result.RemoteStartTransaction(status=status)


class Dialect2:
    """2.0.1 and 2.1: after a stop the transaction stays open until the cable is out (TxStopPoint)."""

    must_stop_before_unlock = True

    def __init__(self, version: ModuleType) -> None:
        self.version = version
        self._seq_no = 0
        self._transaction_id = ""

    def boot(self) -> Message:
        station = {"model": "Post 2", "vendor_name": "Nordlade"}
        return self.version.call.BootNotification(charging_station=station, reason="PowerUp")

    def status(self, connector: int, *, plugged: bool, charging: bool, reserved: bool) -> Message:
        return self.version.call.StatusNotification(
            timestamp=station_time(),
            connector_status="Occupied" if plugged or charging else "Reserved" if reserved else "Available",
            evse_id=connector,
            connector_id=1,
        )

    def order(self, asked: dict[str, Any]) -> Order:
        number = asked.get("remote_start_id", asked.get("id"))
        return Order(asked["evse_id"], asked["id_token"]["id_token"], number)

    def authorize(self, token: str) -> Message:
        return self.version.call.Authorize(id_token={"id_token": token, "type": "Central"})

    def is_authorised(self, answer: Message) -> bool:
        return bool(answer.id_token_info["status"] == "Accepted")

    def start(self, connector: int, token: str, because: Cause) -> Message:
        self._transaction_id = str(uuid.uuid4())
        return self._event(
            "Started",
            "Authorized" if because.by_card else "RemoteStart",
            self._transaction_id,
            evse={"id": connector, "connector_id": 1},
            id_token={"id_token": token, "type": "ISO14443" if because.by_card else "Central"},
            charging_state="Charging",
            meter_value=_register(METER_START),
            remote_start_id=because.remote_start,
            reservation_id=because.reservation,
        )

    def transaction_id(self, started: Message) -> str:
        return self._transaction_id

    def stopped(self, transaction_id: str, reason: str) -> Message | None:
        trigger = "RemoteStop" if reason == "Remote" else "StopAuthorized"
        register = _register(METER_STOP)
        return self._event("Updated", trigger, transaction_id, charging_state="EVConnected", meter_value=register)

    def ended(self, transaction_id: str, reason: str) -> Message | None:
        return self._event("Ended", "EVCommunicationLost", transaction_id, stopped_reason=reason)

    def told(self, transaction_id: str, connector: int) -> Message | None:
        evse = {"id": connector, "connector_id": 1}
        return self._event("Updated", "Trigger", transaction_id, evse=evse, charging_state="Charging")

    def no_lock(self) -> Message:
        raise NotSupportedError(description="no retention lock here")

    def unlock_answer(self, status: str) -> Message:
        return self.version.call_result.UnlockConnector(status=status)

    def stop_answer(self, status: str) -> Message:
        return self.version.call_result.RequestStopTransaction(status=status)

    def start_answer(self, status: str) -> Message:
        return self.version.call_result.RequestStartTransaction(status=status)

    def _event(self, kind: str, trigger: str, transaction_id: str, **details: Any) -> Message:
        of_info = ("charging_state", "stopped_reason", "remote_start_id")
        info = {"transaction_id": transaction_id}
        info |= {name: details.pop(name) for name in of_info if details.get(name) is not None}
        details.pop("remote_start_id", None)
        self._seq_no += 1
        return self.version.call.TransactionEvent(
            event_type=kind,
            timestamp=station_time(),
            trigger_reason=trigger,
            seq_no=self._seq_no,
            transaction_info=info,
            **details,
        )


def _register(reading: int) -> list[dict[str, Any]]:
    """The import register (Wh, the default unit and measurand)."""
    return [{"timestamp": station_time(), "sampled_value": [{"value": reading}]}]


Dialect = Dialect16 | Dialect2


def dialect_for(subprotocol: str) -> Dialect:
    """Of "ocpp1.6", "ocpp2.0.1" or "ocpp2.1". Raises KeyError for another."""
    two = {"ocpp2.0.1": v201, "ocpp2.1": v21}
    return Dialect16() if subprotocol == "ocpp1.6" else Dialect2(two[subprotocol])
