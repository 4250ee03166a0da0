"""What roaming partners say, as values: an edge reads its wire and hands these over. Absent is empty or None."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from roamdesk.charging.keys import contract_stem
from roamdesk.identifiers import ContractId, IdentifierError, RfidUid


@dataclass(frozen=True, slots=True)
class TimeSaid:
    """A time as it was written, and its instant in UTC; None where the text has no offset or is no time."""

    raw: str
    at: datetime | None

    @classmethod
    def read(cls, raw: str) -> TimeSaid:
        """Read ISO 8601. Nothing is assumed: without an offset there is no instant."""
        try:
            said = datetime.fromisoformat(raw.strip())
            return cls(raw, said.astimezone(UTC) if said.tzinfo is not None else None)
        except (ValueError, OverflowError):
            return cls(raw, None)


@dataclass(frozen=True, slots=True)
class TokenSaid:
    """What identified the User: a card's UID, or a contract id, or both. A PIN never gets here."""

    uid: str = ""
    contract_id: str = ""
    printed_number: str = ""

    @property
    def uid_key(self) -> str:
        """The UID's comparison key; empty where there is none, or it reads as none."""
        try:
            return RfidUid.parse(self.uid).key if self.uid else ""
        except IdentifierError:
            return ""

    @property
    def contract_key(self) -> str:
        """The contract id's comparison key, with its check character where it was given."""
        try:
            return ContractId.parse(self.contract_id).key if self.contract_id else ""
        except IdentifierError:
            return ""

    @property
    def stem_key(self) -> str:
        """As ``contract_key``, without the check character, which some systems leave out."""
        return contract_stem(self.contract_id)

    @property
    def key(self) -> str:
        """What a session is found by: the UID, else the contract."""
        return self.uid_key or self.contract_key


@dataclass(frozen=True, slots=True)
class Origin:
    """How a message came, or went: when (UTC), its text without a PIN, the hub's name for the call."""

    at: datetime
    raw: str = ""
    reference: str = ""
    sent_by_us: bool = False
    pulled: bool = False


@dataclass(frozen=True, slots=True)
class SessionIds:
    """``hub`` is the hub's session id, the join key; the partners' own are echoed by it."""

    hub: str
    cpo: str = ""
    msp: str = ""


class Step(StrEnum):
    """What an authorisation was for."""

    START = "authorised"
    REMOTE_START = "remote_start"
    RESERVATION = "reserved"
    STOP = "stop_authorised"
    REMOTE_STOP = "remote_stop"


@dataclass(frozen=True, slots=True)
class Authorisation:
    """A start or stop that was authorised or accepted, by whoever had to say so; a refused one is no evidence."""

    ids: SessionIds
    step: Step
    origin: Origin
    token: TokenSaid = TokenSaid()
    evse_id: str = ""
    operator_id: str = ""
    provider_id: str = ""
    product: str = ""


class Happening(StrEnum):
    STARTED = "started"
    PROGRESS = "progress"
    ENDED = "ended"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notification:
    """News of a running session. ENDED: energy stopped, the session is open until its CDR."""

    ids: SessionIds
    happening: Happening
    origin: Origin
    evse_id: str = ""
    token: TokenSaid = TokenSaid()
    operator_id: str = ""
    session_start: TimeSaid | None = None
    session_end: TimeSaid | None = None
    charging_start: TimeSaid | None = None
    charging_end: TimeSaid | None = None
    occurred: TimeSaid | None = None
    energy_kwh: Decimal | None = None
    meter_start_kwh: Decimal | None = None
    meter_end_kwh: Decimal | None = None
    error: str = ""
    product: str = ""


@dataclass(frozen=True, slots=True)
class ChargeRecord:
    """A charge detail record. It has no id of its own: the session's is its id."""

    ids: SessionIds
    origin: Origin
    evse_id: str = ""
    token: TokenSaid = TokenSaid()
    operator_id: str = ""
    provider_id: str = ""
    session_start: TimeSaid | None = None
    session_end: TimeSaid | None = None
    charging_start: TimeSaid | None = None
    charging_end: TimeSaid | None = None
    energy_kwh: Decimal | None = None
    meter_start_kwh: Decimal | None = None
    meter_end_kwh: Decimal | None = None
    product: str = ""


class Refusal(StrEnum):
    """Why a token is not authorised."""

    UNREADABLE = "unreadable"
    UNKNOWN_TOKEN = "unknown_token"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Decision:
    """``reason`` is None when authorised. ``contract_id`` is the contract's, where it is known."""

    reason: Refusal | None
    contract_id: str = ""

    @property
    def authorised(self) -> bool:
        return self.reason is None
