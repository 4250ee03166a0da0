"""The hub itself: who calls, is it allowed, is it known, whom does it concern (sections 9 and 10)."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from roamdesk.demo.hub.catalogue import Catalogue
from roamdesk.demo.hub.faults import OF_HTTP, Fault, Faults
from roamdesk.demo.hub.partners import HubPartner, HubSession, Memory, StoredRecord
from roamdesk.demo.hub.replies import Reply, bare, failing, invalid, ok
from roamdesk.oicp import operations as op
from roamdesk.oicp.answers import Outcome, Verdict, outcome_of
from roamdesk.oicp.codes import Code
from roamdesk.oicp.operations import OPERATIONS, Operation, Role
from roamdesk.oicp.refusing import refusal, status_of
from roamdesk.oicp.wire import Grade, Message, Unreadable
from roamdesk.oicp.wire.charging import Acknowledgement, AuthorizationStart, AuthorizationStop
from roamdesk.oicp.wire.message import Answer
from roamdesk.oicp.wire.writing import encode

Forward = Callable[[HubPartner, Operation, str, bytes], Outcome[Any]]


class Declined(Exception):
    """The hub's own no, with HTTP 200."""

    def __init__(self, code: Code) -> None:
        self.code = code


@dataclass
class Switchboard:
    """Answers one call at a time. `forward` calls a partner: (partner, operation, party in the path, body)."""

    memory: Memory
    forward: Forward
    faults: Faults = field(default_factory=Faults)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def answer(self, path: str, query: dict[str, str], body: bytes, caller: str) -> Reply:
        """`path` from /api/oicp on, decoded; `caller` is the common name of the certificate."""
        found = _find(path)
        if found is None:
            return Reply(404, b"<html>Not found</html>", "text/html")
        operation, party = found
        if fault := self.faults.take(operation.name, *OF_HTTP):
            return failing(fault)
        try:
            message = _read(operation, body)
        except Unreadable as problem:
            return Reply(400, json.dumps({"message": str(problem), "validationErrors": []}).encode())
        except _Invalid as problem:
            return invalid(problem.findings)
        partner = self._caller(operation, party or getattr(message, "OperatorID", None) or "", caller)
        if isinstance(partner, Reply):
            return partner
        try:
            return ok(self._handle(operation, partner, message, query))
        except Declined as declined:
            return ok(refusal(operation, declined.code))

    def _caller(self, operation: Operation, party: str, caller: str) -> HubPartner | Reply:
        """The partner of the path, when its certificate is the caller's."""
        known = self.memory.operator if operation.caller is Role.CPO else self.memory.provider
        partner = known(party)
        if partner is None:
            return bare(404, Code.PARTNER_NOT_FOUND)
        return partner if partner.name == caller else bare(401, Code.UNAUTHORIZED)

    def _handle(self, operation: Operation, partner: HubPartner, message: Any, query: dict[str, str]) -> Answer:
        match operation:
            case op.REMOTE_START | op.RESERVATION_START:
                return self._remote_start(operation, partner, message)
            case op.REMOTE_STOP | op.RESERVATION_STOP:
                return self._remote_stop(operation, partner, message)
            case op.AUTHORIZE_START:
                return self._authorize_start(partner, message)
            case op.AUTHORIZE_STOP:
                return self._authorize_stop(partner, message)
            case op.CHARGE_DETAIL_RECORD:
                return self._record(partner, message)
            case op.CHARGING_NOTIFICATIONS:
                return self._notification(partner, message)
            case _:
                with self.lock:
                    return Catalogue(self.memory).answer(operation, partner, message, query)

    # Remote

    def _remote_start(self, operation: Operation, emp: HubPartner, message: Any) -> Answer:
        cpo = self._cpo_of(message.EvseID)
        _unlocked(emp, cpo, Code.UNAUTHORIZED)
        if not self.memory.has_contract(emp, cpo):
            raise Declined(Code.NO_CONTRACT)
        self._check_evse(cpo, message.EvseID)
        session = self._open(cpo, emp, message)
        said = self._pass_on(cpo, operation, emp.provider_id, _with(message, SessionID=session.session_id))
        if said.verdict is Verdict.REFUSED:
            del self.memory.sessions[session.session_id.upper()]
        return _acknowledged(said, session)

    def _remote_stop(self, operation: Operation, emp: HubPartner, message: Any) -> Answer:
        cpo = self._cpo_of(message.EvseID)
        _unlocked(emp, cpo, Code.SERVICE_NOT_AVAILABLE)
        self._check_evse(cpo, message.EvseID)
        session = self._session(operation, message.SessionID)
        if session.provider_key != emp.provider_key or session.closed:
            raise Declined(Code.SESSION_INVALID)
        return _acknowledged(self._pass_on(cpo, operation, emp.provider_id, _echo(message, session)), session)

    def _cpo_of(self, evse_id: str) -> HubPartner:
        cpo = self.memory.operator_of(evse_id)
        if cpo is None:
            raise Declined(Code.PARTNER_NOT_FOUND)
        return cpo

    def _check_evse(self, cpo: HubPartner, evse_id: str) -> None:
        """A CPO that has uploaded nothing at all is not checked."""
        if not self.memory.has_records_of(cpo):
            return
        record = self.memory.record_of(evse_id)
        if record is None:
            raise Declined(Code.UNKNOWN_EVSE)
        if record.get("IsHubjectCompatible") is False:
            raise Declined(Code.EVSE_NOT_COMPATIBLE)

    # Authorisation

    def _authorize_start(self, cpo: HubPartner, message: Any) -> Answer:
        _unlocked(cpo, cpo, Code.UNAUTHORIZED)
        emps = [one for one in self.memory.partners if one.provider_id and self.memory.has_contract(one, cpo)]
        if not emps:
            raise Declined(Code.NO_CONTRACT)
        session = self._open(cpo, None, message)
        for emp in emps:
            if self._says_yes(emp, cpo, message, session):
                session.provider_key = emp.provider_key
                return AuthorizationStart(
                    AuthorizationStatus="Authorized", StatusCode=status_of(Code.SUCCESS), ProviderID=emp.provider_id,
                    SessionID=session.session_id, CPOPartnerSessionID=session.cpo_session_id,
                    EMPPartnerSessionID=session.emp_session_id,
                )  # fmt: skip
        del self.memory.sessions[session.session_id.upper()]
        raise Declined(Code.NOBODY_ACCEPTED)

    def _says_yes(self, emp: HubPartner, cpo: HubPartner, message: Any, session: HubSession) -> bool:
        token = _token(message.Identification)
        if token in (_token(one) for one in self.memory.tokens.get(emp.provider_key, [])):
            session.token = token
            return True
        if emp.locked or emp.offline:
            return False
        said = self._pass_on(emp, op.AUTHORIZE_START, cpo.operator_id, _with(message, SessionID=session.session_id))
        session.emp_session_id = getattr(said.answer, "EMPPartnerSessionID", None)
        return said.accepted

    def _authorize_stop(self, cpo: HubPartner, message: Any) -> Answer:
        session = self._session(op.AUTHORIZE_STOP, message.SessionID)
        if session.operator_key != cpo.operator_key or session.closed:
            raise Declined(Code.SESSION_INVALID)
        if session.token:
            if session.token != _token(message.Identification):
                raise Declined(Code.RFID_INVALID)
            return _stop_authorised(session)
        emp = next((one for one in self.memory.partners if one.provider_key == session.provider_key), None)
        if emp is None:
            raise Declined(Code.PARTNER_NOT_FOUND)
        said = self._pass_on(emp, op.AUTHORIZE_STOP, cpo.operator_id, _echo(message, session))
        return _stop_authorised(session) if said.accepted else refusal(op.AUTHORIZE_STOP, _code(said))

    # Records and news

    def _record(self, cpo: HubPartner, message: Any) -> Answer:
        session = self._session(op.CHARGE_DETAIL_RECORD, message.SessionID)
        if session.operator_key != cpo.operator_key or session.closed:
            raise Declined(Code.SESSION_INVALID)
        session.closed = True
        document = json.loads(encode(message))
        stored = StoredRecord(document, self.clock(), session.provider_key)
        self.memory.records.append(stored)
        emp = next((one for one in self.memory.partners if one.provider_key == session.provider_key), None)
        if emp and not (emp.locked or emp.offline) and not self._forgets():
            for _ in range(2 if self.faults.take("", Fault.RECORD_TWICE) else 1):
                stored.forwarded = self._send(emp, op.CHARGE_DETAIL_RECORD, cpo.operator_id, message).accepted
        return _acknowledgement(session)

    def _forgets(self) -> bool:
        return self.faults.take("", Fault.NOT_FORWARDED) is not None

    def _notification(self, cpo: HubPartner, message: Any) -> Answer:
        session = self._session(op.CHARGING_NOTIFICATIONS, message.SessionID)
        if session.operator_key != cpo.operator_key:
            raise Declined(Code.SESSION_INVALID)
        emp = next((one for one in self.memory.partners if one.provider_key == session.provider_key), None)
        if emp and not (emp.locked or emp.offline):
            self._send(emp, op.CHARGING_NOTIFICATIONS, "", message)
        return _acknowledgement(session)

    # All

    def _session(self, operation: Operation, session_id: str | None) -> HubSession:
        session = self.memory.session(session_id)
        if session is None or self.faults.take(operation.name, Fault.SESSION_UNKNOWN):
            raise Declined(Code.SESSION_INVALID)
        return session

    def _open(self, cpo: HubPartner, emp: HubPartner | None, message: Any) -> HubSession:
        session = HubSession(
            str(uuid4()), cpo.operator_key, emp.provider_key if emp else "", message.CPOPartnerSessionID,
            message.EMPPartnerSessionID,
        )  # fmt: skip
        self.memory.sessions[session.session_id.upper()] = session
        return session

    def _pass_on(self, partner: HubPartner, operation: Operation, party: str, message: Message) -> Outcome[Any]:
        said = self._send(partner, operation, party, message)
        if self.faults.take(operation.name, Fault.PARTNER_SILENT):
            body = encode(refusal(operation, Code.PARTNER_SILENT))
            return outcome_of(operation.answer, 200, body, "")
        return said

    def _send(self, partner: HubPartner, operation: Operation, party: str, message: Message) -> Outcome[Any]:
        return self.forward(partner, operation, party, encode(message))


class _Invalid(ValueError):
    def __init__(self, findings: list[Any]) -> None:
        super().__init__("invalid")
        self.findings = findings


_PATHS = [
    (one, re.compile(re.escape(op.PREFIX + one.path).replace(re.escape("{party}"), "(?P<party>[^/]+)")))
    for one in OPERATIONS
]


def _find(path: str) -> tuple[Operation, str] | None:
    for operation, pattern in _PATHS:
        if match := pattern.fullmatch(path):
            return operation, match.groupdict().get("party") or ""
    return None


def _read(operation: Operation, body: bytes) -> Any:
    """Strictly: the hub takes nothing that breaks a published rule."""
    reading = operation.read_request(body)
    breaches = [finding for finding in reading.findings if finding.grade is Grade.BREACH]
    if breaches:
        raise _Invalid(breaches)
    return reading.message


def _unlocked(one: HubPartner, other: HubPartner, code: Code) -> None:
    if one.locked or other.locked:
        raise Declined(code)


def _with(message: Any, **values: Any) -> Any:
    return type(message)(**{name: getattr(message, name) for name in message.__struct_fields__} | values)


def _echo(message: Any, session: HubSession) -> Any:
    """The hub remembers the partners' own session ids and echoes them."""
    return _with(
        message, CPOPartnerSessionID=message.CPOPartnerSessionID or session.cpo_session_id,
        EMPPartnerSessionID=message.EMPPartnerSessionID or session.emp_session_id,
    )  # fmt: skip


def _token(identification: Any) -> str:
    """What the identification says, without regard to case."""
    return json.dumps(json.loads(encode(identification)), sort_keys=True).upper()


def _code(said: Outcome[Any]) -> Code:
    return Code(said.code) if said.code in set(Code) and said.code != Code.SUCCESS else Code.PARTNER_SILENT


def _acknowledged(said: Outcome[Any], session: HubSession) -> Answer:
    if said.accepted:
        return _acknowledgement(session)
    return Acknowledgement(Result=False, StatusCode=status_of(_code(said)), SessionID=session.session_id)


def _acknowledgement(session: HubSession) -> Acknowledgement:
    return Acknowledgement(
        Result=True, StatusCode=status_of(Code.SUCCESS), SessionID=session.session_id,
        CPOPartnerSessionID=session.cpo_session_id, EMPPartnerSessionID=session.emp_session_id,
    )  # fmt: skip


def _stop_authorised(session: HubSession) -> AuthorizationStop:
    return AuthorizationStop(
        AuthorizationStatus="Authorized", StatusCode=status_of(Code.SUCCESS), SessionID=session.session_id
    )
