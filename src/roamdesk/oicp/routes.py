"""Which of our paths serves which operation of the hub (section 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from roamdesk.oicp import operations as op
from roamdesk.oicp.operations import Operation, Role


@dataclass(frozen=True)
class Route:
    """`host` is whom the hub calls there. `party` in the path is the caller's id behind the hub."""

    operation: Operation
    host: Role
    path: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Found:
    route: Route
    party: str


def _route(operation: Operation, host: Role, path: str = "") -> Route:
    whole = op.PREFIX + (path or operation.path)
    pattern = re.escape(whole).replace(re.escape("{party}"), "(?P<party>[^/]{1,60})")
    return Route(operation, host, whole, re.compile(pattern + "/?"))


# The specification does not print what the hub appends for reservations; a long-running CPO server listens on the
# second form (section 4). Both are served, and the log of exchanges says which one is hit.
_OTHER_RESERVATION = "/charging/v21/providers/{party}/authorize-remote-reservation/"

ROUTES = (
    _route(op.AUTHORIZE_START, Role.EMP),
    _route(op.AUTHORIZE_STOP, Role.EMP),
    _route(op.CHARGE_DETAIL_RECORD, Role.EMP),
    _route(op.CHARGING_NOTIFICATIONS, Role.EMP),
    _route(op.REMOTE_START, Role.CPO),
    _route(op.REMOTE_STOP, Role.CPO),
    _route(op.RESERVATION_START, Role.CPO),
    _route(op.RESERVATION_STOP, Role.CPO),
    _route(op.RESERVATION_START, Role.CPO, _OTHER_RESERVATION + "start"),
    _route(op.RESERVATION_STOP, Role.CPO, _OTHER_RESERVATION + "stop"),
)


def find_route(path: str) -> Found | None:
    """`path` decoded, from /api/oicp on."""
    for route in ROUTES:
        if match := route.pattern.fullmatch(path):
            return Found(route, match.groupdict().get("party") or "")
    return None
