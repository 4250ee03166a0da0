"""Is the hub there, does it know us, may we call it? Asked by a person: the hub forbids to ask by machine."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from django_scopes import scope

from roamdesk.charging.models import Evse
from roamdesk.desks.models import Desk
from roamdesk.oicp.answers import Outcome, Verdict
from roamdesk.oicp.connecting import certificate_in, complaints, connection_of, credentials_of, hub_client
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.transport import CONNECT_SECONDS, CredentialsUnusable, tls_context
from roamdesk.oicp.wire.evse import EvseStatusByID, PullEvseStatusByID

ALERT_SECONDS = 1.0


def look(desk: Desk, now: datetime) -> Iterator[str]:
    """One line after the other: certificate, reachability, rights. Raises ConnectionRefused.

    As EMP one permitted call is made, the status of one EVSE. A CPO has no call that changes nothing: there the
    handshake is all that is tried.
    """
    hub = connection_of(desk)
    yield from _certificate(hub, now)
    reached, told = _handshake(hub)
    yield told
    if reached and hub.provider_id:
        yield from _rights(desk, hub)
    elif reached:
        yield f"Rights: not tried. As CPO {hub.operator_id} there is no call that changes nothing."
    yield _callers(hub)


def _certificate(hub: HubConnection, now: datetime) -> Iterator[str]:
    try:
        ours = certificate_in(Path(hub.certificate))
    except CredentialsUnusable as problem:
        yield f"Certificate: {problem}"
        return
    yield f"Certificate: {ours.subject}, issued by {ours.issuer}, valid until {ours.valid_until:%d/%m/%Y %H:%M} UTC."
    yield from (f"Certificate: {complaint}" for complaint in complaints(hub, now))


def _handshake(hub: HubConnection) -> tuple[bool, str]:
    """Whether TLS comes about, in both directions. With TLS 1.3 a refusal of our certificate comes a moment later."""
    place = urlsplit(hub.base_url)
    host, port = place.hostname or "", place.port or 443
    try:
        context = tls_context(credentials_of(hub))
        with (
            socket.create_connection((host, port), CONNECT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            _wait_for_refusal(secured)
            return True, f"Reachability: {host}:{port} answers with {secured.version()}, and its certificate is good."
    except ssl.SSLCertVerificationError as problem:
        return False, f"Reachability: the hub's certificate is not good: {problem.verify_message}. Check the root file."
    except ssl.SSLError as problem:
        return (
            False,
            f"Reachability: the hub refused our certificate: {problem.reason}.",
        )
    except CredentialsUnusable as problem:
        return False, f"Reachability: {problem}"
    except OSError as problem:
        return False, f"Reachability: {host}:{port} cannot be reached: {problem}. Is our address registered there?"


def _wait_for_refusal(secured: ssl.SSLSocket) -> None:
    secured.settimeout(ALERT_SECONDS)
    try:
        if not secured.recv(1):
            raise ConnectionResetError("the connection was closed after the handshake")
    except TimeoutError:
        return


def _rights(desk: Desk, hub: HubConnection) -> Iterator[str]:
    request = PullEvseStatusByID(ProviderID=hub.provider_id, EvseID=[_some_evse(desk)])
    with hub_client(desk) as client:
        outcome = client.pull_evse_status_by_id(request)
    yield f"Rights: {_told(outcome, hub)}"
    if outcome.process_id:
        yield f"Process-ID: {outcome.process_id}"


def _told(outcome: Outcome[EvseStatusByID], hub: HubConnection) -> str:
    if outcome.verdict is Verdict.ACCEPTED:
        return f"the hub knows us as {hub.provider_id} and answers our calls."
    return f"{outcome.verdict.value}. {outcome.says}"


def _some_evse(desk: Desk) -> str:
    """A partner's EVSE that we know; else one that need not be there: not found is an answer, too."""
    with scope(desk=desk):
        known = Evse.objects.filter(desk=desk, station__isnull=True).exclude(evse_id="").order_by("pk").first()
    return known.evse_id if known else "DE*ABC*E1"


def _callers(hub: HubConnection) -> str:
    if not hub.callers:
        return "Incoming: nobody is let in. Name the hub's certificate: roamdesk oicp connect --caller NAME"
    return f"Incoming: let in is a certificate in the name of {' or '.join(hub.callers)}."
