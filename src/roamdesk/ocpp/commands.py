"""The desk's commands, in business words; mapping_v16 and mapping_v2 write them for the wire."""

from dataclasses import dataclass
from datetime import datetime

LONGEST_TAG = 20  # characters, in 1.6


@dataclass(frozen=True, slots=True)
class Unlock:
    """A 1.6 station knows connectors only: there `evse` is not sent."""

    evse: int
    connector: int


@dataclass(frozen=True, slots=True)
class RemoteStop:
    """1.6: the integer that we gave; 2.x: the station's own text of at most 36 characters."""

    transaction_id: str


@dataclass(frozen=True, slots=True)
class RemoteStart:
    """`tag` and `number` are ours: the station presents the one, and since 2.x names the other in the transaction."""

    evse: int
    connector: int
    tag: str
    number: int


@dataclass(frozen=True, slots=True)
class Reserve:
    """Until `until` (UTC) the connector is for whoever presents `tag`; `number` is the reservation's."""

    evse: int
    connector: int
    tag: str
    number: int
    until: datetime


@dataclass(frozen=True, slots=True)
class CancelReservation:
    number: int


@dataclass(frozen=True, slots=True)
class TriggerStatus:
    evse: int
    connector: int


@dataclass(frozen=True, slots=True)
class TriggerTransaction:
    """2.x only: ask which transaction is open on an EVSE."""

    evse: int


@dataclass(frozen=True, slots=True)
class Reset:
    """`at_once` ends the transactions of every User at the station; else it waits for them (1.6: Soft)."""

    at_once: bool


@dataclass(frozen=True, slots=True)
class ChangeAvailability:
    """With a transaction running the change is only scheduled: it does not stop current now."""

    evse: int
    connector: int
    operative: bool


Command = (
    Unlock
    | RemoteStop
    | RemoteStart
    | Reserve
    | CancelReservation
    | TriggerStatus
    | TriggerTransaction
    | Reset
    | ChangeAvailability
)


class ImpossibleCommand(ValueError):
    """The command cannot be written for this station's version; nothing was sent."""
