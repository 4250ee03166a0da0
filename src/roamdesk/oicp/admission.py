"""Who calls, and may they: certificate, desk, role, and the ids in path and body (sections 2 and 17.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from roamdesk.desks.models import Desk
from roamdesk.identifiers import EvseId, IdentifierError, OperatorId, ProviderId
from roamdesk.oicp.codes import Code
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.operations import Operation, Role
from roamdesk.oicp.refusing import CallRefused
from roamdesk.oicp.routes import Found


@dataclass(frozen=True)
class Caller:
    """Whom the certificate names, as TLS proved it or our own proxy says; empty without a certificate."""

    name: str = ""


def admit(desk: Desk, hub: HubConnection | None, found: Found, caller: Caller) -> HubConnection:
    """The desk's connection, when this caller may call this. Raises CallRefused."""
    if hub is None:
        raise CallRefused(Code.PARTNER_NOT_FOUND, f"{desk.name} is connected with no hub.")
    if not caller.name or caller.name not in hub.callers:
        raise CallRefused(Code.UNAUTHORIZED, "The certificate of the caller is not the one that the hub calls with.")
    if not (hub.provider_id if found.route.host is Role.EMP else hub.operator_id):
        raise CallRefused(Code.SERVICE_NOT_AVAILABLE, f"{desk.name} is not registered as {found.route.host.upper()}.")
    return hub


def check_ids(hub: HubConnection, found: Found, message: Any) -> None:
    """The id in the path is the one in the body; an EVSE that we are to act on is ours. Raises CallRefused."""
    name = "OperatorID" if found.route.operation.caller is Role.CPO else "ProviderID"
    if found.party:
        _check_same(found.route.operation, found.party, getattr(message, name, None), name)
    if found.route.host is Role.CPO:
        _check_ours(hub, message.EvseID)


def _check_same(operation: Operation, in_path: str, in_body: str | None, name: str) -> None:
    path_key = _key(in_path, name)
    if path_key is None:
        raise CallRefused(Code.DATA_ERROR, f"{in_path[:40]!r} in the path is no {name}.")
    if in_body is not None and _key(in_body, name) != path_key:
        raise CallRefused(Code.DATA_ERROR, f"The path names {in_path[:40]}, the body's {name} is {in_body[:40]}.")


def _key(text: str, name: str) -> str | None:
    try:
        return OperatorId.parse(text).key if name == "OperatorID" else ProviderId.parse(text).key
    except IdentifierError:
        return None


def _check_ours(hub: HubConnection, evse_id: str) -> None:
    try:
        ours = EvseId.parse(evse_id).operator_key in {OperatorId.parse(hub.operator_id).key, *_own_keys(hub.desk)}
    except IdentifierError:
        raise CallRefused(Code.UNKNOWN_EVSE, f"{evse_id[:60]!r} is no EVSE id.") from None
    if not ours and not hub.with_subs:
        raise CallRefused(Code.UNKNOWN_EVSE, f"{evse_id} is not one of {hub.operator_id}.")


def _own_keys(desk: Desk) -> set[str]:
    return {OperatorId.parse(one).key for one in desk.operator_ids}
