"""A call of the hub: kept as it came, then read, then acted on; always answered with an OICP message."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django_scopes import scope

from roamdesk.charging.roaming.said import Origin
from roamdesk.charging.roaming.services import EvidenceRefused
from roamdesk.desks.models import Desk
from roamdesk.desks.prepared import found, insert
from roamdesk.oicp import cpo_side, cpo_starts, emp_side
from roamdesk.oicp import operations as op
from roamdesk.oicp.admission import Caller, admit, check_ids
from roamdesk.oicp.codes import Code
from roamdesk.oicp.following import DUE
from roamdesk.oicp.models import Exchange, HubConnection
from roamdesk.oicp.operations import Operation
from roamdesk.oicp.refusing import CallRefused, refusal
from roamdesk.oicp.routes import Found, find_route
from roamdesk.oicp.secrets import without_pins
from roamdesk.oicp.wire import Reading, RefusedToWrite, Unreadable, write
from roamdesk.oicp.wire.charging import AuthorizationStart
from roamdesk.oicp.wire.message import Answer
from roamdesk.oicp.wire.writing import encode

logger = logging.getLogger(__name__)

LONGEST_REQUEST = 1024 * 1024


@dataclass(frozen=True)
class Inbound:
    """One request. `path` is decoded and begins with /api/oicp; `at` is UTC."""

    desk: str
    path: str
    body: bytes
    caller: Caller
    at: datetime
    process_id: str = ""


def answer(inbound: Inbound) -> bytes:
    """The body to answer with, always with HTTP 200. Nothing is changed by a call that is refused."""
    found = find_route(inbound.path)
    try:
        return _written(_answer(inbound, found))
    except Exception:
        logger.exception("a call of the hub could not be answered")
        return write(refusal(found.route.operation if found else None, Code.SYSTEM_ERROR))


def _answer(inbound: Inbound, found: Found | None) -> Answer:
    hub = _hub_of(inbound.desk)
    if found is None:
        return refusal(None, Code.DATA_ERROR, "No such service is offered here.")
    if hub is None:
        return refusal(found.route.operation, Code.PARTNER_NOT_FOUND, "No such partner is served here.")
    call = _Call(hub.desk, hub, inbound, found)
    return call.authorise_start() if found.route.operation is op.AUTHORIZE_START else call.handle()


def _hub_of(slug: str) -> HubConnection | None:
    """The path names the desk; nothing is read of it before the caller is known."""
    try:
        return _read_hub(slug)
    except (OperationalError, InterfaceError):  # the database was started anew since this thread's last call
        connection.close()
        return _read_hub(slug)


def _read_hub(slug: str) -> HubConnection | None:
    hub = next(iter(found(HubConnection, _OF_DESK, {"slug": slug})), None)
    if hub is not None:
        hub.desk = found(Desk, "WHERE id = %(pk)s", {"pk": hub.desk_id})[0]
    return hub


_OF_DESK = "WHERE desk_id = (SELECT id FROM desks_desk WHERE slug = %(slug)s)"


@dataclass
class _Call:
    desk: Desk
    hub: HubConnection
    inbound: Inbound
    found: Found

    @property
    def operation(self) -> Operation:
        return self.found.route.operation

    def handle(self) -> Answer:
        """Kept first, whatever it is; read and acted on after that."""
        began = time.monotonic()
        with scope(desk=self.desk):
            exchange = self._exchange()
            exchange.save(force_insert=True)
            said = self._act(exchange)
            self._close(exchange, said, began)
            exchange.save(force_update=True)
        return said

    def authorise_start(self) -> Answer:
        """The hub asks every MSP about every unknown card: of those that are not ours nothing is kept (A UID is
        personal data). So this one call is kept after it is read; the session follows after the answer.

        The driver does not wait for the disk, either (decision 11): a power cut in the second after the answer may
        take the exchange away. The session then comes with the next news of it."""
        began = time.monotonic()
        with scope(desk=self.desk):
            exchange = self._exchange()
            said = self._act(exchange)
            if exchange.code not in _STRANGERS:
                self._close(exchange, said, began)
                exchange.unfolded = _opens_session(said)
                insert(exchange, flushed=False)
        if exchange.unfolded:
            DUE.set()
        return said

    def _exchange(self) -> Exchange:
        return Exchange(
            desk=self.desk, inbound=True, operation=self.operation.name, path=self.inbound.path[:300],
            caller=self.inbound.caller.name[:200], request=without_pins(self.inbound.body), at=self.inbound.at,
            process_id=self.inbound.process_id[:64],
        )  # fmt: skip

    def _act(self, exchange: Exchange) -> Answer:
        try:
            admit(self.desk, self.hub, self.found, self.inbound.caller)
            reading = self._read()
            exchange.findings = [str(finding)[:300] for finding in reading.findings[:50]]
            exchange.session_id = str(getattr(reading.message, "SessionID", None) or "")[:64]
            _check_essentials(self.operation, reading)
            check_ids(self.hub, self.found, reading.message)
            handler = HANDLERS[self.operation.name]
            return handler(self.desk, self.hub, reading.message, self._origin())
        except CallRefused as refused:
            exchange.code = refused.code.value
            return refusal(self.operation, refused.code, refused.detail)
        except (Unreadable, EvidenceRefused) as problem:
            return refusal(self.operation, Code.DATA_ERROR, str(problem))
        except Exception:
            logger.exception("a call of the hub failed: %s", self.operation.name)
            return refusal(self.operation, Code.SYSTEM_ERROR)

    def _read(self) -> Reading[Any]:
        size = len(self.inbound.body)
        if size > LONGEST_REQUEST:
            raise Unreadable(f"The body has {size} bytes, at most {LONGEST_REQUEST} are taken.")
        return self.operation.read_request(self.inbound.body)

    def _origin(self) -> Origin:
        return Origin(self.inbound.at, without_pins(self.inbound.body), self.inbound.process_id)

    def _close(self, exchange: Exchange, said: Answer, began: float) -> None:
        status = getattr(said, "StatusCode", None)
        exchange.code = (status.Code if status else None) or ""
        exchange.verdict = "accepted" if exchange.code == Code.SUCCESS else "refused"
        exchange.says = ((status.AdditionalInfo or status.Description or "") if status else "")[:500]
        exchange.response = encode(said).decode()
        exchange.http_status, exchange.seconds = 200, time.monotonic() - began


_STRANGERS = frozenset({Code.RFID_INVALID, Code.QR_INVALID, Code.PLUG_AND_CHARGE_INVALID})


def _opens_session(said: Answer) -> bool:
    return isinstance(said, AuthorizationStart) and said.AuthorizationStatus == "Authorized" and bool(said.SessionID)


ESSENTIAL: dict[str, tuple[str, ...]] = {
    op.AUTHORIZE_START.name: ("Identification",),
    op.AUTHORIZE_STOP.name: ("SessionID", "Identification"),
    op.REMOTE_START.name: ("SessionID", "ProviderID", "EvseID", "Identification"),
    op.REMOTE_STOP.name: ("SessionID", "ProviderID", "EvseID"),
    op.RESERVATION_START.name: ("SessionID", "ProviderID", "EvseID", "Identification"),
    op.RESERVATION_STOP.name: ("SessionID", "ProviderID", "EvseID"),
    op.CHARGE_DETAIL_RECORD.name: ("SessionID", "EvseID"),
    op.CHARGING_NOTIFICATIONS.name: ("SessionID", "EvseID"),
}


def _check_essentials(operation: Operation, reading: Reading[Any]) -> None:
    """Other breaches are kept as findings: a record with a fault is worth more than none."""
    missing = [name for name in ESSENTIAL[operation.name] if getattr(reading.message, name) is None]
    if missing:
        said = [str(finding) for finding in reading.findings if finding.at[1:].partition("/")[0] in missing]
        raise CallRefused(Code.DATA_ERROR, "; ".join(said[:5]))


def _written(said: Answer) -> bytes:
    """What repeats a fault of the caller's own would break a rule of ours: then that member is left out."""
    try:
        return write(said)
    except RefusedToWrite as refused:
        for name in {finding.at[1:] for finding in refused.findings} & _ECHOED:
            setattr(said, name, None)
        return write(said)


_ECHOED = {"SessionID", "CPOPartnerSessionID", "EMPPartnerSessionID"}

HANDLERS: dict[str, Callable[[Desk, HubConnection, Any, Origin], Answer]] = {
    op.AUTHORIZE_START.name: emp_side.authorise_start,
    op.AUTHORIZE_STOP.name: emp_side.authorise_stop,
    op.CHARGING_NOTIFICATIONS.name: emp_side.take_notification,
    op.CHARGE_DETAIL_RECORD.name: emp_side.take_record,
    op.REMOTE_START.name: cpo_starts.remote_start,
    op.REMOTE_STOP.name: cpo_side.remote_stop,
    op.RESERVATION_START.name: cpo_starts.start_reservation,
    op.RESERVATION_STOP.name: cpo_starts.end_reservation,
}
