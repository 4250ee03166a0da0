"""From a station's message to business events, and from the reply back to the station."""

import logging
from types import ModuleType

from roamdesk.ocpp import mapping_v2, mapping_v16
from roamdesk.ocpp.answers import outcome_of_answer
from roamdesk.ocpp.events import Reply, StationEvent, Unhandled
from roamdesk.ocpp.frames import Call, ErrorCode, Send
from roamdesk.ocpp.link import LateAnswer, Received, StationLink, UnreadableCall, Work
from roamdesk.ocpp.ports import Clock, LateAnswerListener, StationEvents
from roamdesk.ocpp.schemas import UnknownAction, WrongPayload, check_request
from roamdesk.ocpp.transactions import TransactionWatch
from roamdesk.ocpp.versions import OcppVersion

logger = logging.getLogger(__name__)


def mapping_for(version: OcppVersion) -> ModuleType:
    return mapping_v2 if version.is_2x else mapping_v16


class Reception:
    """Works on one message after another of each station."""

    def __init__(
        self,
        events: StationEvents,
        transactions: TransactionWatch,
        clock: Clock,
        on_late_answer: LateAnswerListener | None,
    ) -> None:
        self._events = events
        self._transactions = transactions
        self._clock = clock
        self._on_late_answer = on_late_answer

    async def work(self, link: StationLink, work: Work) -> None:
        match work:
            case Received(frame=Call() as call, text=text):
                await self._answer(link, call, text)
            case Received(frame=Send() as send, text=text):
                await self._tell(link, Unhandled(text, "a message without answer", send.action))
            case UnreadableCall():
                await link.send_error(work.call_id, work.code, work.reason)
                await self._tell(link, Unhandled(work.raw, work.reason))
            case LateAnswer():
                await self._report_late(link, work)
            case Unhandled():
                await self._tell(link, work)

    async def _answer(self, link: StationLink, call: Call, text: str) -> None:
        try:
            await self._answer_checked(link, call, text)
        except UnknownAction as unknown:
            await self._refuse(link, call, text, ErrorCode.NOT_IMPLEMENTED, str(unknown))
        except WrongPayload as wrong:
            await self._refuse(link, call, text, wrong.code, wrong.reason)
        except Exception:
            logger.exception("station %s: %s could not be worked on", link.station_id, call.action)
            await link.send_error(call.message_id, ErrorCode.INTERNAL, "not stored, please send again")

    async def _answer_checked(self, link: StationLink, call: Call, text: str) -> None:
        check_request(link.version, call.action, call.payload)
        mapping = mapping_for(link.version)
        seen = mapping.events_of(call.action, call.payload)
        told = (Unhandled(text, "no meaning to a desk", call.action),) if seen is None else seen
        replies = [await self._tell(link, event) for event in told]
        reply = replies[0] if replies else Reply()
        payload = mapping.answer_to(call.action, call.payload, reply, self._clock())
        if payload is None:
            await link.send_error(call.message_id, ErrorCode.NOT_IMPLEMENTED, f"{call.action} is not built in")
        else:
            await link.send_result(call.message_id, payload)

    async def _refuse(self, link: StationLink, call: Call, text: str, code: ErrorCode, reason: str) -> None:
        await link.send_error(call.message_id, code, reason)
        await self._tell(link, Unhandled(text, reason, call.action[:60]))

    async def _tell(self, link: StationLink, event: StationEvent) -> Reply:
        try:
            return await self._events.handle(link.station_id, event, self._clock())
        finally:
            # After the listener has stored it: whoever waits for a stop goes on with what is known.
            self._transactions.note(link.station_id, event)

    async def _report_late(self, link: StationLink, late: LateAnswer) -> None:
        outcome = outcome_of_answer(link.version, late.call, late.answer)
        logger.info("station %s: late answer %s", link.station_id, outcome.result)
        if self._on_late_answer is not None:
            await self._on_late_answer(link.station_id, outcome.message_id, outcome)
