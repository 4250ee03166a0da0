"""What became of a command: every outcome apart, nothing claimed that was not seen (OCPP F05)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Result(StrEnum):
    """The station's word, or why there is none."""

    UNLOCKED = "unlocked"
    UNLOCK_FAILED = "unlock_failed"
    NOT_SUPPORTED = "not_supported"
    ONGOING_AUTHORIZED_TRANSACTION = "ongoing_authorized_transaction"
    UNKNOWN_CONNECTOR = "unknown_connector"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SCHEDULED = "scheduled"
    OCCUPIED = "occupied"
    FAULTED = "faulted"
    UNAVAILABLE = "unavailable"
    NOT_IMPLEMENTED = "not_implemented"
    CALL_ERROR = "call_error"
    UNREADABLE_ANSWER = "unreadable_answer"
    NO_ANSWER = "no_answer"
    CONNECTION_LOST = "connection_lost"
    NOT_CONNECTED = "not_connected"
    BUSY = "busy"
    WITHDRAWN = "withdrawn"

    @property
    def is_unknown(self) -> bool:
        """The command went out and nobody knows what the station did with it."""
        return self in (Result.NO_ANSWER, Result.CONNECTION_LOST, Result.UNREADABLE_ANSWER)

    @property
    def was_sent(self) -> bool:
        return self not in (Result.NOT_CONNECTED, Result.BUSY, Result.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """One command to one station. Instants are UTC; frames are the JSON text as it went over the wire.

    `request` and `sent_at` are None when nothing was sent, `response` and `answered_at` when nothing came.
    `error_code` and `error_description` are the station's own, only with CALL_ERROR.
    """

    result: Result
    message_id: str
    action: str = ""
    detail: str = ""
    request: str | None = None
    response: str | None = None
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    error_code: str | None = None
    error_description: str | None = None


# The statuses of every answer to a desk's command, in both generations; each schema admits only its own.
RESULT_OF_STATUS = {
    "Unlocked": Result.UNLOCKED,
    "UnlockFailed": Result.UNLOCK_FAILED,
    "NotSupported": Result.NOT_SUPPORTED,
    "OngoingAuthorizedTransaction": Result.ONGOING_AUTHORIZED_TRANSACTION,
    "UnknownConnector": Result.UNKNOWN_CONNECTOR,
    "Accepted": Result.ACCEPTED,
    "Rejected": Result.REJECTED,
    "Scheduled": Result.SCHEDULED,
    "Occupied": Result.OCCUPIED,
    "Faulted": Result.FAULTED,
    "Unavailable": Result.UNAVAILABLE,
    "NotImplemented": Result.NOT_IMPLEMENTED,
}
