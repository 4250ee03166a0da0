"""What the business asks of the hub: end a session at another company's EVSE, and say how it is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from roamdesk.charging.ports import Outcome as Word
from roamdesk.charging.roaming.ports import Health, StopAnswer, StopOrder
from roamdesk.desks.models import Desk
from roamdesk.oicp.answers import Outcome, Verdict
from roamdesk.oicp.codes import Code
from roamdesk.oicp.connecting import ConnectionRefused, certificate_in, complaints, connection_of, hub_client
from roamdesk.oicp.transport import CredentialsUnusable
from roamdesk.oicp.wire.charging import Acknowledgement, AuthorizeRemoteStop
from roamdesk.oicp.wire.writing import encode

_NOT_POSSIBLE = frozenset({Code.SERVICE_NOT_AVAILABLE, Code.EVSE_NOT_COMPATIBLE, Code.UNKNOWN_EVSE})


def stop(desk: Desk, order: StopOrder) -> StopAnswer:
    """Ask the CPO to end the session. A person may ask again; nothing is repeated by itself."""
    try:
        hub = connection_of(desk)
        message = AuthorizeRemoteStop(
            SessionID=order.session_id, ProviderID=hub.provider_id, EvseID=order.evse_id,
            CPOPartnerSessionID=order.cpo_session_id or None, EMPPartnerSessionID=order.msp_session_id or None,
        )  # fmt: skip
        with hub_client(desk) as client:
            outcome = client.remote_stop(message)
    except (ConnectionRefused, CredentialsUnusable) as problem:
        return StopAnswer(Word.NOT_SUPPORTED, str(problem))
    return StopAnswer(
        _word(outcome), outcome.says, encode(message).decode(), outcome.raw.decode("utf-8", "replace")[:10_000],
        outcome.process_id,
    )  # fmt: skip


def health(desk: Desk, now: datetime) -> Health:
    hub = connection_of(desk)
    try:
        until = certificate_in(Path(hub.certificate)).valid_until
    except CredentialsUnusable:
        until = None
    wrong = complaints(hub, now)
    if hub.last_failure_at and (hub.last_contact_at is None or hub.last_failure_at > hub.last_contact_at):
        wrong.append(hub.last_failure)
    return Health(hub.base_url, until, hub.last_contact_at, tuple(wrong))


def _word(outcome: Outcome[Acknowledgement]) -> Word:
    match outcome.verdict:
        case Verdict.ACCEPTED:
            return Word.ACCEPTED
        case Verdict.UNKNOWN:
            return Word.NO_ANSWER
        case Verdict.REFUSED if outcome.code == Code.SESSION_INVALID:
            return Word.REJECTED
        case Verdict.REFUSED if outcome.code in _NOT_POSSIBLE:
            return Word.NOT_SUPPORTED
        case _:
            return Word.CALL_ERROR
