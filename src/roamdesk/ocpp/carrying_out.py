"""Queued commands of charging, carried out at the stations that this process holds."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError

from roamdesk.charging.models import Command, RemoteStart, Reservation
from roamdesk.charging.ports import Outcome
from roamdesk.charging.services import expire_commands
from roamdesk.desks.database_threads import DatabaseThreads
from roamdesk.ocpp import commands, orders
from roamdesk.ocpp.central import CentralSystem
from roamdesk.ocpp.orders import Order
from roamdesk.ocpp.outcomes import CommandOutcome, Result
from roamdesk.ocpp.ports import Clock
from roamdesk.ocpp.unlocking import UnlockCourse, UnlockOrder, unlock_with_stop

logger = logging.getLogger(__name__)

STOP_VISIBLE_WITHIN = 10.0
PAUSES_BEFORE_STORING_AGAIN = (0.5, 1, 2, 4, 8)


class CommandRunner:
    """Each command once: a claim in the database decides between holders, a set within this process."""

    def __init__(self, threads: DatabaseThreads, clock: Clock, *, holder: str, answer_within: float) -> None:
        self.central: CentralSystem | None = None
        self._threads = threads
        self._clock = clock
        self._holder = holder
        self._answer_within = answer_within
        self._running: dict[int, asyncio.Task[None]] = {}

    def pick_up(self, station_id: int, command_id: int) -> None:
        """Carries the command out if the station is connected here and it is not under way yet."""
        central = self._central()
        if station_id not in central.connections or command_id in self._running:
            return
        task = asyncio.create_task(self._carry_out(command_id), name=f"command {command_id}")
        self._running[command_id] = task
        task.add_done_callback(lambda _: self._running.pop(command_id, None))

    async def sweep(self) -> None:
        """Picks up what no notification told of, and gives up what nobody can finish any more."""
        for station_id, command_id in await self._threads.run(orders.queued_at_stations_of, self._holder):
            self.pick_up(station_id, command_id)
        patience = timedelta(seconds=self._answer_within)
        await self._threads.run(expire_commands, self._clock(), timeout=patience)

    async def note_late_answer(self, station_id: int, message_id: str, answer: CommandOutcome) -> None:
        await self._threads.run(orders.finish_late, station_id, answer, self._clock())

    async def finish(self) -> None:
        """Waits for what is under way; call after the central system has closed."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _carry_out(self, command_id: int) -> None:
        try:
            order = await self._threads.run(orders.read_order, command_id)
            if order is not None:
                await self._perform_and_store(order)
        except Exception:
            logger.exception("command %s could not be carried out", command_id)

    async def _perform_and_store(self, order: Order) -> None:
        announcement = _Announcement(self._threads, self._clock, order)
        try:
            course = await self._perform(order, announcement)
        except commands.ImpossibleCommand as impossible:
            await self._store(order, Outcome.NOT_POSSIBLE, "", str(impossible), self._clock())
            return
        if course.unlock.result is not Result.WITHDRAWN:
            outcome = _outcome(course.unlock.result, was_claimed=announcement.made)
            at = course.unlock.answered_at or self._clock()
            await self._store(order, outcome, _responses(course.in_order), _detail(course), at)

    async def _perform(self, order: Order, announce: "_Announcement") -> UnlockCourse:
        """Every kind as a course; that of a stop or a status has one message only."""
        central = self._central()
        if order.command.kind == Command.Kind.UNLOCK:
            return await unlock_with_stop(central, self._unlock_order(order), announce=announce)
        command = _wire_command(order)
        outcome = await central.perform(order.command.own_station.pk, command, self._answer_within, announce=announce)
        return UnlockCourse(outcome)

    def _unlock_order(self, order: Order) -> UnlockOrder:
        return UnlockOrder(
            station_id=order.command.own_station.pk,
            evse=order.evse,
            connector=order.connector,
            answer_within=self._answer_within,
            stop_visible_within=min(STOP_VISIBLE_WITHIN, self._answer_within),
            transaction_id=order.transaction_id,
            token=order.token,
        )

    async def _store(self, order: Order, outcome: Outcome, response: str, detail: str, at: datetime) -> None:
        """Keeps trying for a while: what a station answered must not be lost to a database that restarts."""
        for pause in PAUSES_BEFORE_STORING_AGAIN:
            try:
                await self._threads.run(orders.finish, order, outcome, response, detail, at)
                return
            except DatabaseError:
                logger.warning("command %s: %s is not stored yet", order.command.pk, outcome)
                await asyncio.sleep(pause)
        await self._threads.run(orders.finish, order, outcome, response, detail, at)

    def _central(self) -> CentralSystem:
        if self.central is None:
            raise RuntimeError("give the runner its central system first")
        return self.central


class _Announcement:
    """Claims the command with its first message, and notes each further one before it goes out."""

    def __init__(self, threads: DatabaseThreads, clock: Clock, order: Order) -> None:
        self.made = False
        self._threads = threads
        self._clock = clock
        self._order = order

    async def __call__(self, message_id: str, request: str) -> bool:
        if self.made:
            await self._threads.run(orders.note_next_message, self._order, message_id, request)
            return True
        self.made = await self._threads.run(orders.claim, self._order, message_id, request, self._clock())
        return self.made


def _wire_command(order: Order) -> commands.Command:
    match order.command.kind, order.asked:
        case Command.Kind.STATUS, _:
            return commands.TriggerStatus(order.evse, order.connector)
        case _, RemoteStart() as start:
            return commands.RemoteStart(order.evse, order.connector, start.tag, start.pk)
        case Command.Kind.RESERVE, Reservation() as kept:
            return commands.Reserve(order.evse, order.connector, kept.tag, kept.pk, kept.until)
        case Command.Kind.CANCEL_RESERVATION, Reservation() as kept:
            return commands.CancelReservation(kept.pk)
    if order.transaction_id is None:
        raise commands.ImpossibleCommand("no session is open there")
    return commands.RemoteStop(order.transaction_id)


def _outcome(result: Result, *, was_claimed: bool) -> Outcome:
    """Once something went out, "not sent" is no longer true of the command as a whole."""
    if was_claimed and not result.was_sent:
        return Outcome.CONNECTION_LOST
    return orders.OUTCOME_OF_RESULT[result]


def _responses(steps: Sequence[CommandOutcome]) -> str:
    return "\n".join(step.response for step in steps if step.response is not None)


def _detail(course: UnlockCourse) -> str:
    """What the outcome itself does not say; the words for silence are charging's own."""
    said = course.unlock.detail if course.unlock.response is not None else ""
    return "; ".join(part for part in (_stop_in_words(course), said) if part)


def _stop_in_words(course: UnlockCourse) -> str:
    if course.stop is None:
        return ""
    seen = "and was seen to stop" if course.stop_seen else "but was not seen to stop"
    return f"the session was told to stop first ({course.stop.result.value.replace('_', ' ')}) {seen}"
