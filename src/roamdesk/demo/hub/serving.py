"""The stand-in at its port, and its calls to the partners: TLS in both directions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from roamdesk.demo.hub.faults import Fault
from roamdesk.demo.hub.partners import HubPartner
from roamdesk.demo.hub.replies import Reply
from roamdesk.demo.hub.switchboard import Switchboard
from roamdesk.oicp.answers import Outcome, Verdict, outcome_of
from roamdesk.oicp.operations import Operation
from roamdesk.oicp.port import Environ, Port, StartResponse, caller_of
from roamdesk.oicp.transport import LARGEST_ANSWER, CallFailed, Credentials, Transport

PATIENCE = 60.0
FAIL_NEXT = "/demo/fail-next"  # for whoever tells a story: a list of (fault, operation)


class Partners:
    """Calls the partners with the hub's own certificate, on the same path that it was called on."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._transports: dict[str, Transport] = {}

    def forward(self, partner: HubPartner, operation: Operation, party: str, body: bytes) -> Outcome[Any]:
        transport = self._transports.setdefault(partner.base_url, Transport(partner.base_url, self._credentials))
        try:
            answer = transport.post(operation.path_for(party), body, patience=PATIENCE)
        except CallFailed as failure:
            return Outcome(Verdict.UNKNOWN, str(failure))
        return outcome_of(operation.answer, answer.status, answer.body, answer.process_id)

    def close(self) -> None:
        for transport in self._transports.values():
            transport.close()


class HubServer:
    """`with`: inside, the hub is served at `url`."""

    def __init__(self, switchboard: Switchboard, credentials: Credentials, *, port: int = 0) -> None:
        self.switchboard = switchboard
        self._port = Port(
            "127.0.0.1", port, self._application, certificate=str(credentials.certificate), key=str(credentials.key),
            roots=str(credentials.root), longest_body=LARGEST_ANSWER,
        )  # fmt: skip

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._port.port}"

    def __enter__(self) -> HubServer:
        self._port.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._port.stop()

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        query = dict(parse_qsl(str(environ.get("QUERY_STRING", ""))))
        reply = self._answer(str(environ["PATH_INFO"]), query, body, caller_of(environ).name)
        start_response(f"{reply.status} {_REASONS.get(reply.status, 'Error')}", reply.headers)
        return [reply.body]

    def _answer(self, path: str, query: dict[str, str], body: bytes, caller: str) -> Reply:
        if path == FAIL_NEXT:
            for fault, operation in json.loads(body):
                self.switchboard.faults.fail_next(Fault(fault), operation)
            return Reply(200, b"{}")
        return self.switchboard.answer(path, query, body, caller)


_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
