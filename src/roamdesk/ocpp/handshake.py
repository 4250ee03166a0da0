"""The WebSocket handshake: which station, by what right, in which version (OCPP-J section 3)."""

import asyncio
import http
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import MultipleValuesError
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from roamdesk.ocpp.credentials import BasicCredentials, WrongCredentials, identity_in, read_credentials
from roamdesk.ocpp.limits import Allowance, Limits
from roamdesk.ocpp.ports import Admission, Clock, Refused, StationRegistry
from roamdesk.ocpp.versions import OcppVersion, pick_version

logger = logging.getLogger(__name__)

DOORS_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Guest:
    """A station that may come in."""

    station_id: int
    identity: str


class Doorkeeper:
    """Asks the registry, and keeps a station that reconnects in a tight loop from asking too often."""

    def __init__(self, registry: StationRegistry, clock: Clock, limits: Limits) -> None:
        self._registry = registry
        self._clock = clock
        self._limits = limits
        self._guests: WeakKeyDictionary[ServerConnection, Guest] = WeakKeyDictionary()
        self._doors: OrderedDict[tuple[str, str], Allowance] = OrderedDict()

    async def process_request(self, socket: ServerConnection, request: Request) -> Response | None:
        identity = identity_in(request.path)
        if identity is None:
            return socket.respond(http.HTTPStatus.NOT_FOUND, "the address must end with the station's identity\n")
        if not self._may_knock(identity, _remote(socket)):
            return _too_often(socket)
        admission = await self._admission(socket, request, identity)
        if isinstance(admission, Refused):
            await self._registry.refused(identity, _remote(socket), admission.reason, self._clock())
            return _refusal(socket, identity, admission)
        self._guests[socket] = Guest(admission.station_id, identity)
        return None

    def select_subprotocol(self, _socket: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """None lets the handshake succeed without a version; the caller closes then, as OCPP-J asks."""
        version = pick_version(offered)
        return None if version is None else Subprotocol(version.value)

    def guest(self, socket: ServerConnection) -> Guest:
        return self._guests[socket]

    async def _admission(self, socket: ServerConnection, request: Request, identity: str) -> Admission:
        try:
            credentials = _credentials(request, identity)
        except WrongCredentials as wrong:
            return await self._worst_of(Refused(401, str(wrong)), socket, request, identity)
        return await self._ask(socket, request, identity, credentials)

    async def _worst_of(self, refused: Refused, socket: ServerConnection, request: Request, identity: str) -> Admission:
        """An unknown identity is 404 whatever the password; a known one keeps our objection."""
        admission = await self._ask(socket, request, identity, None)
        unknown = isinstance(admission, Refused) and admission.status == 404
        return admission if unknown else refused

    async def _ask(
        self, socket: ServerConnection, request: Request, identity: str, credentials: BasicCredentials | None
    ) -> Admission:
        secure = socket.transport.get_extra_info("ssl_object") is not None
        version = _offered_version(request)
        return await self._registry.admit(
            identity, credentials, secure, _remote(socket), version.value if version else "", self._clock()
        )

    def _may_knock(self, identity: str, remote: str) -> bool:
        key = (identity, remote.rpartition(":")[0])
        door = self._doors.pop(key, None) or self._new_door()
        self._doors[key] = door
        if len(self._doors) > DOORS_REMEMBERED:
            self._doors.popitem(last=False)
        return door.take()

    def _new_door(self) -> Allowance:
        seconds = asyncio.get_running_loop().time
        return Allowance(self._limits.connects_at_once, self._limits.connects_per_second, seconds)


def _credentials(request: Request, identity: str) -> BasicCredentials | None:
    try:
        return read_credentials(request.headers.get("Authorization"), identity)
    except MultipleValuesError:
        raise WrongCredentials("more than one Authorization header") from None


def _offered_version(request: Request) -> OcppVersion | None:
    listed = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
    return pick_version(name.strip() for name in listed.split(","))


def _remote(socket: ServerConnection) -> str:
    address = socket.remote_address
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else str(address)


def _refusal(socket: ServerConnection, identity: str, refused: Refused) -> Response:
    logger.warning("station %r from %s refused: %s", identity, _remote(socket), refused.reason)
    response = socket.respond(http.HTTPStatus(refused.status), f"{refused.reason}\n")
    if refused.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="charging stations", charset="UTF-8"'
    return response


def _too_often(socket: ServerConnection) -> Response:
    response = socket.respond(http.HTTPStatus.TOO_MANY_REQUESTS, "this station connects too often, wait a little\n")
    response.headers["Retry-After"] = "10"
    return response
