"""What stations tell us, in business words, the same for every OCPP version.

Instants are aware UTC and the station's own clock; energies are kWh. `evse` and `connector` are None when the
station did not say, 0 for the station as a whole. A 1.6 station knows connectors only: its evse is always 1.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class ConnectorStatus(StrEnum):
    """Both generations' words; 2.x has only AVAILABLE, OCCUPIED, RESERVED, UNAVAILABLE, FAULTED."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    OCCUPIED = "Occupied"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class Fault(StrEnum):
    """What is broken, as far as a desk treats it differently (StatusNotification, NotifyEvent)."""

    LOCK = "lock"
    GROUND = "ground"
    HIGH_TEMPERATURE = "high_temperature"
    OVER_CURRENT = "over_current"
    POWER_SWITCH = "power_switch"
    OTHER = "other"

    @property
    def may_be_danger(self) -> bool:
        return self not in (Fault.LOCK, Fault.OTHER)


class TokenStatus(StrEnum):
    ACCEPTED = "accepted"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class IdToken:
    """A token as the station read it; `kind` is the 2.x type (ISO14443, eMAID, ...), None in 1.6."""

    value: str
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class MeterSample:
    """Reading of the import energy register."""

    kwh: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Booted:
    vendor: str
    model: str
    serial_number: str = ""
    firmware: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    pass


@dataclass(frozen=True, slots=True)
class StatusReported:
    """`error_code` is 1.6's ("NoError" included), empty in 2.x, where faults come as FaultReported."""

    evse: int
    connector: int
    status: ConnectorStatus
    error_code: str = ""
    faults: frozenset[Fault] = frozenset()
    info: str = ""
    vendor_error_code: str = ""
    reported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FaultReported:
    """2.x NotifyEvent: a component's `Problem` came (`active`) or went."""

    evse: int | None
    connector: int | None
    component: str
    fault: Fault
    active: bool
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class Authorize:
    id_token: IdToken


@dataclass(frozen=True, slots=True)
class TransactionStarted:
    """`transaction_id` is None in 1.6: the reply gives one, the same one when the message is repeated.

    `remote_start` (2.x only) and `reservation` are the numbers that we gave to what it follows from.
    """

    transaction_id: str | None
    evse: int | None
    connector: int | None
    id_token: IdToken | None
    started_at: datetime
    meter_start: Decimal | None = None
    charging_state: str = ""
    seq_no: int | None = None
    offline: bool = False
    samples: tuple[MeterSample, ...] = ()
    remote_start: int | None = None
    reservation: int | None = None


@dataclass(frozen=True, slots=True)
class TransactionUpdated:
    """2.x only. `authorisation_ended`: the event shows that the User may no longer charge (F03)."""

    transaction_id: str
    evse: int | None
    connector: int | None
    id_token: IdToken | None
    updated_at: datetime
    trigger: str
    charging_state: str = ""
    authorisation_ended: bool = False
    seq_no: int | None = None
    offline: bool = False
    samples: tuple[MeterSample, ...] = ()
    remote_start: int | None = None
    reservation: int | None = None


@dataclass(frozen=True, slots=True)
class TransactionEnded:
    transaction_id: str
    evse: int | None
    connector: int | None
    id_token: IdToken | None
    ended_at: datetime
    reason: str
    trigger: str = ""
    meter_stop: Decimal | None = None
    seq_no: int | None = None
    offline: bool = False
    samples: tuple[MeterSample, ...] = ()


@dataclass(frozen=True, slots=True)
class ReservationOver:
    """2.x only: the reservation that we gave this number ran out, or the station has it no more."""

    number: int


@dataclass(frozen=True, slots=True)
class MeterSampled:
    evse: int
    connector: int | None
    transaction_id: str | None
    samples: tuple[MeterSample, ...]


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    kind: str
    occurred_at: datetime
    info: str = ""


@dataclass(frozen=True, slots=True)
class Unhandled:
    """Something we keep as it came: a message without meaning to a desk, or no message at all."""

    raw: str
    reason: str
    action: str = ""


StationEvent = (
    Booted
    | Heartbeat
    | StatusReported
    | FaultReported
    | Authorize
    | TransactionStarted
    | TransactionUpdated
    | TransactionEnded
    | ReservationOver
    | MeterSampled
    | SecurityEvent
    | Unhandled
)


@dataclass(frozen=True, slots=True)
class Reply:
    """Our answer to an event, as far as it matters to the station.

    `accepted`: the boot. `token`: what we say of the token, where one came. `transaction_id`: ours, from 1 to
    2**31-1, required for a 1.6 TransactionStarted.
    """

    accepted: bool = True
    token: TokenStatus | None = None
    transaction_id: int | None = None
    heartbeat_seconds: int = 300
