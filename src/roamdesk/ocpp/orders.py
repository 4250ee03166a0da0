"""Charging's command rows as seen from here. Synchronous: runs in a database thread."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Value
from django.db.models.functions import Concat
from django_scopes import scope, scopes_disabled

from roamdesk.charging.lookup import queued_command
from roamdesk.charging.models import Command, RemoteStart, Reservation, Session
from roamdesk.charging.ports import Outcome
from roamdesk.charging.services import command_answered, command_sent
from roamdesk.ocpp.outcomes import CommandOutcome, Result
from roamdesk.ocpp.versions import OcppVersion

OUTCOME_OF_RESULT = {
    Result.UNLOCKED: Outcome.UNLOCKED,
    Result.UNLOCK_FAILED: Outcome.UNLOCK_FAILED,
    Result.NOT_SUPPORTED: Outcome.NOT_SUPPORTED,
    Result.NOT_IMPLEMENTED: Outcome.NOT_SUPPORTED,
    Result.ONGOING_AUTHORIZED_TRANSACTION: Outcome.ONGOING_SESSION,
    Result.UNKNOWN_CONNECTOR: Outcome.UNKNOWN_CONNECTOR,
    Result.ACCEPTED: Outcome.ACCEPTED,
    Result.SCHEDULED: Outcome.ACCEPTED,
    Result.REJECTED: Outcome.REJECTED,
    Result.OCCUPIED: Outcome.OCCUPIED,
    Result.FAULTED: Outcome.FAULTED,
    Result.UNAVAILABLE: Outcome.UNAVAILABLE,
    Result.CALL_ERROR: Outcome.CALL_ERROR,
    Result.UNREADABLE_ANSWER: Outcome.UNREADABLE,
    Result.NO_ANSWER: Outcome.NO_ANSWER,
    Result.CONNECTION_LOST: Outcome.CONNECTION_LOST,
    Result.NOT_CONNECTED: Outcome.NOT_CONNECTED,
    Result.BUSY: Outcome.BUSY,
}
# Only the answer to its own message finishes a command; that of a stop sent before an unlock does not.
KIND_OF_ACTION = {
    "UnlockConnector": Command.Kind.UNLOCK,
    "RemoteStopTransaction": Command.Kind.REMOTE_STOP,
    "RequestStopTransaction": Command.Kind.REMOTE_STOP,
    "RemoteStartTransaction": Command.Kind.REMOTE_START,
    "RequestStartTransaction": Command.Kind.REMOTE_START,
    "ReserveNow": Command.Kind.RESERVE,
    "CancelReservation": Command.Kind.CANCEL_RESERVATION,
    "TriggerMessage": Command.Kind.STATUS,
}


@dataclass(frozen=True, slots=True)
class Order:
    """A queued command with its desk, station and EVSE, and the transaction that charging knows to be open there.

    `token` is whose transaction may be ended, as the station knows it; None where that is not known. `asked` is the
    start or reservation of a hub that it carries out or ends.
    """

    command: Command
    transaction_id: str | None
    token: str | None = None
    asked: RemoteStart | Reservation | None = None

    @property
    def evse(self) -> int:
        return self.command.evse.evse_number

    @property
    def connector(self) -> int:
        return self.command.evse.connector_number


def read_order(command_id: int) -> Order | None:
    """None when there is nothing to do any more."""
    # This process carries out the orders of every desk whose stations it holds.
    with scopes_disabled():
        command = queued_command(command_id)
        if command is None:
            return None
        if read_asked := _ASKED.get(command.kind):
            return Order(command, None, asked=read_asked(command.pk))
        session = _open_session(command)
        return Order(command, session.transaction_id if session else None, _token(command, session))


_ASKED: dict[str, Callable[[int], RemoteStart | Reservation]] = {
    Command.Kind.REMOTE_START: lambda pk: RemoteStart.objects.get(command=pk),
    Command.Kind.RESERVE: lambda pk: Reservation.objects.get(command=pk),
    Command.Kind.CANCEL_RESERVATION: lambda pk: Reservation.objects.get(cancellation=pk),
}


def queued_at_stations_of(holder: str) -> list[tuple[int, int]]:
    """(station id, command id) of what waits at stations whose connection this holder has."""
    with scopes_disabled():
        waiting = Command.objects.filter(
            state=Command.State.QUEUED, station__connection_id__startswith=holder
        ).order_by("pk")
        return list(waiting.values_list("station_id", "pk")[:500])


def claim(order: Order, message_id: str, request: str, at: datetime) -> bool:
    """Before the first message goes out: False when the command was withdrawn or another holder has it."""
    with scope(desk=order.command.desk):
        return command_sent(order.command, message_id=message_id, request=request, at=at)


def note_next_message(order: Order, message_id: str, request: str) -> None:
    """A command may take several messages: their frames stand one a line, the newest id is the one to answer."""
    with scope(desk=order.command.desk):
        Command.objects.filter(pk=order.command.pk).update(
            message_id=message_id, request=Concat(F("request"), Value("\n" + request))
        )


def finish(order: Order, outcome: Outcome, response: str, detail: str, at: datetime) -> None:
    with scope(desk=order.command.desk):
        command_answered(order.command, outcome, response=response, detail=detail, at=at)


def finish_late(station_id: int, answer: CommandOutcome, at: datetime) -> None:
    """A late answer reaches the command that asked; that of another message changes nothing."""
    with scopes_disabled():
        asked = Command.objects.select_related("desk").filter(
            station_id=station_id,
            message_id=answer.message_id,
            kind=KIND_OF_ACTION.get(answer.action, ""),
        )
        command = asked.first()
    if command is None:
        return
    with scope(desk=command.desk):
        command_answered(
            command,
            OUTCOME_OF_RESULT[answer.result],
            response=answer.response or "",
            detail=answer.detail,
            at=answer.answered_at or at,
            late=True,
        )


def _open_session(command: Command) -> Session | None:
    """The one that is named, else the newest that is open at the EVSE; None where no transaction is needed."""
    if not _needs_transaction(command):
        return None
    sessions = Session.objects.filter(station=command.own_station, evse=command.evse, ended_at__isnull=True)
    if command.session_id is not None:
        sessions = sessions.filter(pk=command.session_id)
    newest = sessions.exclude(transaction_id="").select_related("remote_start").order_by("-started_at")
    return newest.first()


def _token(command: Command, session: Session | None) -> str | None:
    """What a hub started, the station knows by our tag."""
    start = getattr(session, "remote_start", None)
    if start is not None and start.token_key == command.token_key:
        return str(start.tag)
    return command.token_key or None


def _needs_transaction(command: Command) -> bool:
    """A 1.6 station ends its transaction by itself before it unlocks."""
    unlocks_2x = command.kind == Command.Kind.UNLOCK and command.own_station.version != OcppVersion.V16
    return unlocks_2x or command.kind == Command.Kind.REMOTE_STOP
