"""Unlocking where a transaction may still be open: 2.x demands that it is stopped first (F05.FR.02)."""

import asyncio
from dataclasses import dataclass

from roamdesk.identifiers import label_key
from roamdesk.ocpp.calls import Announce
from roamdesk.ocpp.central import CentralSystem
from roamdesk.ocpp.commands import Command, RemoteStop, TriggerTransaction, Unlock
from roamdesk.ocpp.outcomes import CommandOutcome, Result
from roamdesk.ocpp.transactions import OpenTransaction


@dataclass(frozen=True, slots=True)
class UnlockOrder:
    """Which connector, for whom, and how long we wait (seconds).

    `transaction_id` is the one the desk's own data has open there, if any. With `token` given, another User's
    transaction is never stopped; the station's own answer is then the result.
    """

    station_id: int
    evse: int
    connector: int
    answer_within: float
    stop_visible_within: float
    transaction_id: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class UnlockCourse:
    """What was sent. `unlock` is the word that counts; `stop_seen` None: nothing was stopped."""

    unlock: CommandOutcome
    stop: CommandOutcome | None = None
    stop_seen: bool | None = None
    first_unlock: CommandOutcome | None = None

    @property
    def in_order(self) -> tuple[CommandOutcome, ...]:
        steps = (self.first_unlock, self.stop, self.unlock)
        return tuple(step for step in steps if step is not None)


async def unlock_with_stop(
    central: CentralSystem, order: UnlockOrder, *, announce: Announce | None = None
) -> UnlockCourse:
    """Unlocks; 2.x: stops an authorised transaction first, waits for that to be visible, not for Ended.

    1.6 ends the transaction by itself. `announce` is told of each message before it goes out, and may withdraw it.
    Raises what CentralSystem.perform raises.
    """
    return await _Unlocking(central, order, announce).run()


class _Unlocking:
    def __init__(self, central: CentralSystem, order: UnlockOrder, announce: Announce | None) -> None:
        self._central = central
        self._order = order
        self._announce = announce

    async def run(self) -> UnlockCourse:
        version = self._central.version_of(self._order.station_id)
        if version is None or not version.is_2x:
            return UnlockCourse(await self._unlock())
        known = self._known()
        if known is not None and known.authorised and self._may_stop(known):
            return await self._stop_then_unlock(known.transaction_id, None)
        first = await self._unlock()
        if first.result is not Result.ONGOING_AUTHORIZED_TRANSACTION:
            return UnlockCourse(first)
        return await self._after_ongoing(first)

    async def _after_ongoing(self, first: CommandOutcome) -> UnlockCourse:
        known = await self._find_transaction()
        if known is None or not self._may_stop(known):
            return UnlockCourse(first)
        return await self._stop_then_unlock(known.transaction_id, first)

    async def _find_transaction(self) -> OpenTransaction | None:
        """What the station told, else what the desk has, else what the station tells when asked."""
        order = self._order
        known = self._known()
        if known is not None:
            return known
        if order.transaction_id is not None:
            return OpenTransaction(order.transaction_id, order.evse)
        with self._central.transactions.words.listen((order.station_id, order.evse)) as word:
            asked = await self._send(TriggerTransaction(order.evse))
            if asked.result is Result.ACCEPTED:
                await _happens(word, order.stop_visible_within)
        return self._known()

    async def _stop_then_unlock(self, transaction_id: str, first: CommandOutcome | None) -> UnlockCourse:
        key = (self._order.station_id, transaction_id)
        with self._central.transactions.stops.listen(key) as visible:
            stop = await self._send(RemoteStop(transaction_id))
            if stop.result is Result.WITHDRAWN:
                return UnlockCourse(stop, first_unlock=first)
            seen = await _happens(visible, self._worth_waiting(stop))
        # Harmless whatever became of the stop: a station that is still authorised says so and does nothing.
        return UnlockCourse(await self._unlock(), stop, seen, first)

    async def _unlock(self) -> CommandOutcome:
        return await self._send(Unlock(self._order.evse, self._order.connector))

    async def _send(self, command: Command) -> CommandOutcome:
        return await self._central.perform(
            self._order.station_id, command, self._order.answer_within, announce=self._announce
        )

    def _known(self) -> OpenTransaction | None:
        return self._central.transactions.open_on(self._order.station_id, self._order.evse)

    def _worth_waiting(self, stop: CommandOutcome) -> float:
        may_have_stopped = stop.result in (Result.ACCEPTED, Result.NO_ANSWER)
        return self._order.stop_visible_within if may_have_stopped else 0

    def _may_stop(self, known: OpenTransaction) -> bool:
        """Tokens are compared without regard to case; one that is not known rests on the desk's own match."""
        if self._order.token is None or known.token is None:
            return True
        return label_key(self._order.token) == label_key(known.token)


async def _happens(future: asyncio.Future[None], within_seconds: float) -> bool:
    await asyncio.wait({future}, timeout=within_seconds)
    return future.done()
