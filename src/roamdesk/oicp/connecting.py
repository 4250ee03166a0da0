"""A desk's connection with the hub: set up, opened as a client, looked at."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID
from django_scopes import scope

from roamdesk.desks.models import Desk
from roamdesk.identifiers import IdentifierError, OperatorId, ProviderId
from roamdesk.oicp.client import HubClient
from roamdesk.oicp.journal import SharedPace, keep_call, one_push_at_a_time
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.transport import Credentials, CredentialsUnusable, Transport, tls_context


class ConnectionRefused(ValueError):
    """The connection cannot be set up like that; nothing was changed. The text names the mend."""


@dataclass(frozen=True)
class Certificate:
    """What a certificate file says. Instants are UTC."""

    subject: str
    issuer: str
    valid_from: datetime
    valid_until: datetime


def connect(
    desk: Desk,
    *,
    base_url: str,
    credentials: Credentials,
    operator_id: str = "",
    provider_id: str = "",
    callers: list[str] | None = None,
    with_subs: bool = False,
) -> HubConnection:
    """Set up or change the connection of a desk. Raises ConnectionRefused."""
    _check(desk, base_url, credentials, operator_id, provider_id)
    files = {name: str(getattr(credentials, name).resolve()) for name in ("certificate", "key", "root")}
    values = {
        "base_url": base_url.rstrip("/").removesuffix("/api/oicp"), "operator_id": operator_id,
        "provider_id": provider_id, "callers": callers or [], "with_subs": with_subs, **files,
    }  # fmt: skip
    with scope(desk=desk):
        made, _ = HubConnection.objects.update_or_create(desk=desk, defaults=values)
    return made


def _check(desk: Desk, base_url: str, credentials: Credentials, operator_id: str, provider_id: str) -> None:
    try:
        Transport(base_url, credentials).close()
    except CredentialsUnusable as problem:
        raise ConnectionRefused(str(problem)) from None
    if not (operator_id or provider_id):
        raise ConnectionRefused("Name the id that is registered at the hub: as CPO, as EMP, or both.")
    try:
        _check_own(operator_id, lambda text: OperatorId.parse(text).key, desk.operator_ids, "operator")
        _check_own(provider_id, lambda text: ProviderId.parse(text).key, desk.provider_ids, "provider")
    except IdentifierError as problem:
        raise ConnectionRefused(str(problem)) from None


def _check_own(given: str, key: Callable[[str], str], own: list[str], kind: str) -> None:
    if given and key(given) not in map(key, own):
        raise ConnectionRefused(f"{given} is no {kind} id of this desk. It has {', '.join(own) or 'none'}.")


def connection_of(desk: Desk) -> HubConnection:
    """Raises ConnectionRefused when the desk has none."""
    with scope(desk=desk):
        found: HubConnection | None = HubConnection.objects.filter(desk=desk).first()
    if found is None:
        raise ConnectionRefused(f"{desk} is not connected with a hub. Set it up: roamdesk oicp connect --help")
    return found


def credentials_of(hub: HubConnection) -> Credentials:
    return Credentials(Path(hub.certificate), Path(hub.key), Path(hub.root))


@contextmanager
def hub_client(desk: Desk) -> Iterator[HubClient]:
    """The hub for this desk, every call kept in its log. Raises ConnectionRefused, CredentialsUnusable."""
    hub = connection_of(desk)
    transport = Transport(hub.base_url, credentials_of(hub))
    try:
        yield HubClient(
            transport, provider_id=hub.provider_id, operator_id=hub.operator_id, with_subs=hub.with_subs,
            pace=SharedPace(desk), on_call=partial(keep_call, desk), turn=partial(one_push_at_a_time, desk),
        )  # fmt: skip
    finally:
        transport.close()


def certificate_in(file: Path) -> Certificate:
    """The first certificate of a PEM file. Raises CredentialsUnusable."""
    try:
        found = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as problem:
        raise CredentialsUnusable(f"{file} holds no certificate that can be read: {problem}.") from None
    return Certificate(
        _common_name(found.subject), _common_name(found.issuer), found.not_valid_before_utc, found.not_valid_after_utc
    )


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def complaints(hub: HubConnection, now: datetime) -> list[str]:
    """What is wrong with the files of a connection, in sentences; empty for nothing."""
    try:
        tls_context(credentials_of(hub))
        ours = certificate_in(Path(hub.certificate))
    except (CredentialsUnusable, ssl.SSLError) as problem:
        return [str(problem)]
    days = (ours.valid_until - now).days
    if ours.valid_until <= now:
        return [f"Our certificate expired on {ours.valid_until:%d/%m/%Y}: the hub refuses every call. Renew it."]
    if ours.valid_from > now:
        return [f"Our certificate holds from {ours.valid_from:%d/%m/%Y} on only."]
    return [f"Our certificate expires in {days} days, on {ours.valid_until:%d/%m/%Y}. Renew it."] if days < 30 else []
