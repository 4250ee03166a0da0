"""What the open transactions of the connected stations look like from here, and who waits for one to stop."""

import asyncio
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from roamdesk.ocpp.events import (
    Booted,
    StationEvent,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)

# EVConnected and Idle: the car is (or was) plugged in and may not charge.
STATES_WITHOUT_AUTHORISATION = {"EVConnected", "Idle"}
OPEN_TRANSACTIONS_KEPT = 64


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A 2.x transaction as last told; `authorised` is False once the User may no longer charge."""

    transaction_id: str
    evse: int | None = None
    token: str | None = None
    authorised: bool = True


class Bell:
    """Wakes everybody who listens for one key."""

    def __init__(self) -> None:
        self._listening: dict[Hashable, set[asyncio.Future[None]]] = {}

    @contextmanager
    def listen(self, key: Hashable) -> Iterator[asyncio.Future[None]]:
        heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._listening.setdefault(key, set()).add(heard)
        try:
            yield heard
        finally:
            self._stop_listening(key, heard)

    def ring(self, key: Hashable) -> None:
        for heard in self._listening.get(key, ()):
            if not heard.done():
                heard.set_result(None)

    def _stop_listening(self, key: Hashable, heard: asyncio.Future[None]) -> None:
        heard.cancel()
        self._listening[key].discard(heard)
        if not self._listening[key]:
            del self._listening[key]


class TransactionWatch:
    """Fed with every event of every station; keeps 2.x transactions only, 1.6 stops by unlocking.

    `stops` rings (station id, transaction id) when a stop is visible: RemoteStop, StopAuthorized, no longer
    charging, or Ended. `words` rings (station id, evse) whenever an open transaction is told of.
    """

    def __init__(self) -> None:
        self.stops = Bell()
        self.words = Bell()
        self._open: dict[int, dict[str, OpenTransaction]] = {}

    def note(self, station_id: int, event: StationEvent) -> None:
        match event:
            case Booted():
                self._open.pop(station_id, None)
            case TransactionStarted(transaction_id=str(transaction_id)):
                self._note_open(station_id, transaction_id, event)
            case TransactionUpdated(transaction_id=transaction_id):
                self._note_open(station_id, transaction_id, event)
            case TransactionEnded(transaction_id=transaction_id):
                self._open.get(station_id, {}).pop(transaction_id, None)
                self.stops.ring((station_id, transaction_id))

    def open_on(self, station_id: int, evse: int) -> OpenTransaction | None:
        """The transaction last told of this EVSE, one that may still charge before others."""
        here = [known for known in self._open.get(station_id, {}).values() if known.evse == evse]
        return max(reversed(here), key=lambda known: known.authorised, default=None)

    def _note_open(self, station_id: int, transaction_id: str, event: TransactionStarted | TransactionUpdated) -> None:
        transactions = self._open.setdefault(station_id, {})
        known = transactions.pop(transaction_id, None) or OpenTransaction(transaction_id)
        latest = transactions[transaction_id] = _brought_up_to_date(known, event)
        while len(transactions) > OPEN_TRANSACTIONS_KEPT:
            transactions.pop(next(iter(transactions)))
        if not latest.authorised:
            self.stops.ring((station_id, transaction_id))
        self.words.ring((station_id, latest.evse))


def _brought_up_to_date(known: OpenTransaction, event: TransactionStarted | TransactionUpdated) -> OpenTransaction:
    ended = isinstance(event, TransactionUpdated) and event.authorisation_ended
    return replace(
        known,
        evse=known.evse if event.evse is None else event.evse,
        token=known.token if event.id_token is None else event.id_token.value,
        authorised=_is_authorised(known.authorised, event.charging_state, ended),
    )


def _is_authorised(before: bool, charging_state: str, ended: bool) -> bool:
    if ended or charging_state in STATES_WITHOUT_AUTHORISATION:
        return False
    return True if charging_state else before
