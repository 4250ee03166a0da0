"""Unlocking where a transaction may still be open: 2.x demands that it is stopped first (F05.FR.02)."""

import asyncio
from dataclasses import dataclass

from roamdesk.ocpp.central import CentralSystem
from roamdesk.ocpp.commands import TriggerTransaction
from roamdesk.ocpp.outcomes import CommandOutcome, Result
from roamdesk.ocpp.transactions import OpenTransaction


@dataclass(frozen=True, slots=True)
class UnlockCourse:
    """What was sent, in order. `unlock` is the word that counts; `stop_seen` None: nothing was stopped."""

    unlock: CommandOutcome
    stop: CommandOutcome | None = None
    stop_seen: bool | None = None
    first_unlock: CommandOutcome | None = None


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


async def unlock_with_stop(
    central: CentralSystem, order: UnlockOrder, *, message_id: str | None = None
) -> UnlockCourse:
    """Unlocks; 2.x: stops an authorised transaction first, waits for that to be visible, not for Ended.

    1.6 ends the transaction by itself. `message_id` is that of the first message sent.
    Raises what CentralSystem.perform raises.
    """
    version = central.version_of(order.station_id)
    if version is None or not version.is_2x:
        return UnlockCourse(await _unlock(central, order, message_id))
    known = central.transactions.open_on(order.station_id, order.evse)
    if known is not None and known.authorised and _may_stop(order, known):
        return await _stop_then_unlock(central, order, known.transaction_id, None, message_id)
    first = await _unlock(central, order, message_id)
    if first.result is not Result.ONGOING_AUTHORIZED_TRANSACTION:
        return UnlockCourse(first)
    return await _after_ongoing(central, order, first)


async def _after_ongoing(central: CentralSystem, order: UnlockOrder, first: CommandOutcome) -> UnlockCourse:
    known = await _find_transaction(central, order)
    if known is None or not _may_stop(order, known):
        return UnlockCourse(first)
    return await _stop_then_unlock(central, order, known.transaction_id, first, None)


async def _find_transaction(central: CentralSystem, order: UnlockOrder) -> OpenTransaction | None:
    """What the station told, else what the desk has, else what the station tells when asked."""
    known = central.transactions.open_on(order.station_id, order.evse)
    if known is not None:
        return known
    if order.transaction_id is not None:
        return OpenTransaction(order.transaction_id, order.evse)
    with central.transactions.words.listen((order.station_id, order.evse)) as word:
        asked = await central.perform(order.station_id, TriggerTransaction(order.evse), order.answer_within)
        if asked.result is Result.ACCEPTED:
            await _happens(word, order.stop_visible_within)
    return central.transactions.open_on(order.station_id, order.evse)


async def _stop_then_unlock(
    central: CentralSystem,
    order: UnlockOrder,
    transaction_id: str,
    first: CommandOutcome | None,
    message_id: str | None,
) -> UnlockCourse:
    with central.transactions.stops.listen((order.station_id, transaction_id)) as visible:
        stop = await central.remote_stop(
            order.station_id, transaction_id, timeout=order.answer_within, message_id=message_id
        )
        seen = await _happens(visible, _worth_waiting(stop, order))
    # Harmless whatever became of the stop: a station that is still authorised says so and does nothing.
    return UnlockCourse(await _unlock(central, order, None), stop, seen, first)


async def _unlock(central: CentralSystem, order: UnlockOrder, message_id: str | None) -> CommandOutcome:
    return await central.unlock(
        order.station_id, order.evse, order.connector, timeout=order.answer_within, message_id=message_id
    )


def _worth_waiting(stop: CommandOutcome, order: UnlockOrder) -> float:
    may_have_stopped = stop.result in (Result.ACCEPTED, Result.NO_ANSWER)
    return order.stop_visible_within if may_have_stopped else 0


def _may_stop(order: UnlockOrder, known: OpenTransaction) -> bool:
    """Tokens are compared without regard to case; one that is not known rests on the desk's own match."""
    if order.token is None or known.token is None:
        return True
    return order.token.casefold() == known.token.casefold()


async def _happens(future: asyncio.Future[None], within_seconds: float) -> bool:
    await asyncio.wait({future}, timeout=within_seconds)
    return future.done()
