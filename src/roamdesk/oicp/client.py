"""Calls to the hub, in both roles: paced, checked before they leave, repeated only where that is safe."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from roamdesk.oicp import operations as op
from roamdesk.oicp.answers import Outcome, Verdict, outcome_of, quick_outcome_of
from roamdesk.oicp.operations import Again, Operation
from roamdesk.oicp.pacing import Pace, PaceOfProcess
from roamdesk.oicp.transport import CallFailed, HttpAnswer
from roamdesk.oicp.wire import Message, RefusedToWrite, write
from roamdesk.oicp.wire.authentication import PushAuthenticationData
from roamdesk.oicp.wire.charging import (
    Acknowledgement,
    AuthorizationStart,
    AuthorizationStop,
    AuthorizeRemoteStart,
    AuthorizeRemoteStop,
    AuthorizeStart,
    AuthorizeStop,
    RemoteReservationStart,
    RemoteReservationStop,
)
from roamdesk.oicp.wire.evse import (
    EvseDataEnvelope,
    EvseDataPage,
    EvseStatus,
    EvseStatusByID,
    PullEvseData,
    PullEvseStatus,
    PullEvseStatusByID,
    PullEvseStatusByOperatorID,
    PushEvseData,
    PushEvseStatus,
)
from roamdesk.oicp.wire.message import Answer
from roamdesk.oicp.wire.pricing import (
    EVSEPricing,
    PricingProductDataResponse,
    PullEVSEPricing,
    PullPricingProductData,
    PushEVSEPricing,
    PushPricingProductData,
)
from roamdesk.oicp.wire.records import (
    ChargeDetailRecord,
    ChargeDetailRecordPage,
    ChargingNotification,
    GetChargeDetailRecords,
)

logger = logging.getLogger(__name__)

A = TypeVar("A", bound=Answer)

MOST_TRIES = 4
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
LARGEST_PAGE = 2000
_MANY = (EvseDataEnvelope, EvseStatus)


class Post(Protocol):
    """What carries a call: `transport.Transport`."""

    def post(self, path: str, body: bytes, *, patience: float) -> HttpAnswer: ...


@dataclass(frozen=True)
class Call:
    """One call that was made, for the log of exchanges."""

    operation: Operation
    path: str
    body: bytes
    at: datetime
    seconds: float
    outcome: Outcome[Any]


Turn = Callable[[Operation], AbstractContextManager[None]]


def _no_turn(_: Operation) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class HubClient:
    """The hub as partner `provider_id` (EMP) and `operator_id` (CPO) calls it.

    `on_call` hears of every try. `turn` holds pushes of one kind one after the other. Calls never raise for
    anything that the hub does: the outcome says it.
    """

    transport: Post
    provider_id: str = ""
    operator_id: str = ""
    with_subs: bool = False
    pace: Pace = field(default_factory=PaceOfProcess)
    on_call: Callable[[Call], object] = lambda _: None
    turn: Turn = _no_turn
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    # As EMP

    def remote_start(self, message: AuthorizeRemoteStart) -> Outcome[Acknowledgement]:
        return self._call(op.REMOTE_START, message, Acknowledgement)

    def remote_stop(self, message: AuthorizeRemoteStop) -> Outcome[Acknowledgement]:
        return self._call(op.REMOTE_STOP, message, Acknowledgement)

    def start_reservation(self, message: RemoteReservationStart) -> Outcome[Acknowledgement]:
        return self._call(op.RESERVATION_START, message, Acknowledgement)

    def stop_reservation(self, message: RemoteReservationStop) -> Outcome[Acknowledgement]:
        return self._call(op.RESERVATION_STOP, message, Acknowledgement)

    def pull_evse_data(self, message: PullEvseData, page: int = 0, size: int = LARGEST_PAGE) -> Outcome[EvseDataPage]:
        return self._call(op.PULL_EVSE_DATA, message, EvseDataPage, page=page, size=size)

    def pull_evse_page(
        self, message: PullEvseData, page: int = 0, size: int = LARGEST_PAGE
    ) -> Outcome[EvseDataEnvelope]:
        """As `pull_evse_data`, the records left as they are."""
        return self._call(op.PULL_EVSE_DATA, message, EvseDataEnvelope, page=page, size=size)

    def pull_evse_status(self, message: PullEvseStatus) -> Outcome[EvseStatus]:
        return self._call(op.PULL_EVSE_STATUS, message, EvseStatus)

    def pull_evse_status_by_id(self, message: PullEvseStatusByID) -> Outcome[EvseStatusByID]:
        return self._call(op.PULL_EVSE_STATUS_BY_ID, message, EvseStatusByID)

    def pull_evse_status_by_operator(self, message: PullEvseStatusByOperatorID) -> Outcome[EvseStatus]:
        return self._call(op.PULL_EVSE_STATUS_BY_OPERATOR, message, EvseStatus)

    def get_charge_detail_records(
        self, message: GetChargeDetailRecords, page: int = 0, size: int = LARGEST_PAGE
    ) -> Outcome[ChargeDetailRecordPage]:
        return self._call(op.GET_CHARGE_DETAIL_RECORDS, message, ChargeDetailRecordPage, page=page, size=size)

    def push_authentication_data(self, message: PushAuthenticationData) -> Outcome[Acknowledgement]:
        return self._call(op.PUSH_AUTHENTICATION_DATA, message, Acknowledgement)

    def pull_pricing_products(self, message: PullPricingProductData) -> Outcome[PricingProductDataResponse]:
        return self._call(op.PULL_PRICING_PRODUCTS, message, PricingProductDataResponse)

    def pull_evse_pricing(self, message: PullEVSEPricing) -> Outcome[EVSEPricing]:
        return self._call(op.PULL_EVSE_PRICING, message, EVSEPricing)

    # As CPO

    def authorize_start(self, message: AuthorizeStart) -> Outcome[AuthorizationStart]:
        return self._call(op.AUTHORIZE_START, message, AuthorizationStart)

    def authorize_stop(self, message: AuthorizeStop) -> Outcome[AuthorizationStop]:
        return self._call(op.AUTHORIZE_STOP, message, AuthorizationStop)

    def send_charge_detail_record(self, message: ChargeDetailRecord) -> Outcome[Acknowledgement]:
        """After a repeat, 400 may mean that the first one was stored: then the delivery is not confirmed."""
        outcome = self._call(op.CHARGE_DETAIL_RECORD, message, Acknowledgement)
        if outcome.tries > 1 and outcome.code == "400":
            says = f"{outcome.says} An earlier try may have been stored: delivery unconfirmed."
            return replace(outcome, verdict=Verdict.UNKNOWN, says=says)
        return outcome

    def notify(self, message: ChargingNotification) -> Outcome[Acknowledgement]:
        return self._call(op.CHARGING_NOTIFICATIONS, message, Acknowledgement)

    def push_evse_data(self, message: PushEvseData) -> Outcome[Acknowledgement]:
        return self._call(op.PUSH_EVSE_DATA, message, Acknowledgement)

    def push_evse_status(self, message: PushEvseStatus) -> Outcome[Acknowledgement]:
        return self._call(op.PUSH_EVSE_STATUS, message, Acknowledgement)

    def push_pricing_products(self, message: PushPricingProductData) -> Outcome[Acknowledgement]:
        return self._call(op.PUSH_PRICING_PRODUCTS, message, Acknowledgement)

    def push_evse_pricing(self, message: PushEVSEPricing) -> Outcome[Acknowledgement]:
        return self._call(op.PUSH_EVSE_PRICING, message, Acknowledgement)

    # All

    def _call(self, operation: Operation, message: Message, kind: type[A], **query: int) -> Outcome[A]:
        party = self.provider_id if operation.caller is op.Role.EMP else self.operator_id
        if not party:
            return Outcome(Verdict.NOT_SENT, f"This desk has no id as {operation.caller.upper()} at the hub.")
        try:
            body = write(message, now=self.clock(), with_subs=self.with_subs)
        except RefusedToWrite as refusal:
            return Outcome(Verdict.NOT_SENT, str(refusal), findings=tuple(refusal.findings))
        path = operation.path_for(party) + (f"?{urlencode(query)}" if query else "")
        with self.turn(operation) if operation.one_after_the_other else nullcontext():
            return self._try(operation, party, path, body, kind)

    def _try(self, operation: Operation, party: str, path: str, body: bytes, kind: type[A]) -> Outcome[A]:
        tries = 1
        while True:
            self.sleep(self.pace.wait_before(operation, party))
            outcome = replace(self._once(operation, path, body, kind), tries=tries)
            if tries >= MOST_TRIES or not _worth_repeating(operation, outcome):
                return outcome
            self.sleep(pause_after(tries))
            tries += 1

    def _once(self, operation: Operation, path: str, body: bytes, kind: type[A]) -> Outcome[A]:
        at, began = self.clock(), time.monotonic()
        try:
            answer = self.transport.post(path, body, patience=operation.patience)
            read = quick_outcome_of if kind in _MANY else outcome_of
            outcome = read(kind, answer.status, answer.body, answer.process_id)
        except CallFailed as failure:
            outcome = Outcome(Verdict.UNKNOWN if failure.arrived else Verdict.NOT_SENT, str(failure))
        seconds = time.monotonic() - began
        logger.info(
            "%s: %s, HTTP %s, code %s, Process-ID %s, %.0f ms", operation.name, outcome.verdict,
            outcome.http_status or "-", outcome.code or "-", outcome.process_id or "-", seconds * 1000,
        )  # fmt: skip
        self.on_call(Call(operation, path, body, at, seconds, outcome))
        return outcome


def _worth_repeating(operation: Operation, outcome: Outcome[Any]) -> bool:
    """By itself only what does no harm twice. 310 is the partner's silence: asking again is for a person."""
    if operation.again is not Again.BY_ITSELF:
        return False
    if outcome.verdict in (Verdict.TOO_MANY, Verdict.NOT_SENT):
        return True
    transient = outcome.http_status in (None, 408) or (outcome.http_status or 0) >= 500
    return outcome.verdict is not Verdict.ACCEPTED and transient


def pause_after(tries: int) -> float:
    """Seconds: twice as long each time, somewhere between half and the whole of it."""
    longest: float = min(FIRST_PAUSE * 2.0 ** (tries - 1), LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1.0)


class CrawlBroken(RuntimeError):
    """A page could not be had; `page` is where to go on. The outcome says why."""

    def __init__(self, page: int, outcome: Outcome[Any]) -> None:
        super().__init__(f"Page {page} could not be pulled: {outcome.says}")
        self.page = page
        self.outcome = outcome


P = TypeVar("P", bound=EvseDataPage | ChargeDetailRecordPage)


def crawl(pull: Callable[[int], Outcome[P]], first: int = 0) -> Iterator[tuple[int, P, Outcome[P]]]:
    """Page after page until the last one says so, or one is empty: the totals move meanwhile. Raises CrawlBroken."""
    number = first
    while True:
        outcome = pull(number)
        if not outcome.accepted or outcome.answer is None:
            raise CrawlBroken(number, outcome)
        page = outcome.answer
        yield number, page, outcome
        if page.last is True or not page.content:
            return
        number += 1
