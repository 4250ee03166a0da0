"""The stand-in hub between the demo's two desks: certificates, connections, both ports, and Nordlade's relay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django_scopes import scope

from roamdesk.demo.desks import CPO, DESKS, MSP
from roamdesk.demo.hub.authority import HUB_NAME, Papers, issue
from roamdesk.demo.hub.partners import HubPartner, Memory
from roamdesk.demo.hub.relay import Relay
from roamdesk.demo.hub.serving import HubServer, Partners
from roamdesk.demo.hub.switchboard import Switchboard
from roamdesk.desks.models import Desk
from roamdesk.identifiers import OperatorId, ProviderId
from roamdesk.oicp.connecting import connect, hub_client
from roamdesk.oicp.following import Follower, fold_due
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.port import Port

PROVIDER = DESKS[MSP]["provider_ids"][0]
OPERATOR = DESKS[CPO]["operator_ids"][0]
NAMES = {"hub": HUB_NAME, MSP: "voltpass.example", CPO: "nordlade.example", "port": "roamdesk"}


@dataclass(frozen=True)
class Standing:
    """`relay.step` brings the hub up to date with Nordlade's stations."""

    switchboard: Switchboard
    relay: Relay
    hub_url: str
    port_url: str


@contextmanager
def standing(say: Callable[[str], None], *, hub_port: int = 0, desk_port: int = 0) -> Iterator[Standing]:
    """Inside, both desks are connected with the hub and called by it. Raises OSError when a port is taken."""
    papers = issue(Path(settings.VAR) / "demo-hub", NAMES)
    with ExitStack() as stack:
        port = _port(papers, desk_port)
        stack.callback(port.stop)
        follower = Follower(fold_due)
        follower.start()
        stack.callback(follower.stop)
        base = f"https://127.0.0.1:{port.port}/oicp"
        partners = Partners(papers.of("hub"))
        stack.callback(partners.close)
        switchboard = Switchboard(_memory(base), partners.forward)
        hub = stack.enter_context(HubServer(switchboard, papers.of("hub"), port=hub_port))
        cpo = _connect(papers, hub.url)
        stack.callback(_disconnect)
        client = stack.enter_context(hub_client(cpo))
        yield Standing(switchboard, Relay(cpo, client, say), hub.url, base)


def _port(papers: Papers, number: int) -> Port:
    ours = papers.of("port")
    port = Port("127.0.0.1", number, certificate=str(ours.certificate), key=str(ours.key), roots=str(ours.root))
    port.start()
    return port


def _memory(base: str) -> Memory:
    msp = HubPartner(NAMES[MSP], f"{base}/{MSP}", provider_id=PROVIDER)
    cpo = HubPartner(NAMES[CPO], f"{base}/{CPO}", operator_id=OPERATOR)
    return Memory([msp, cpo], {(ProviderId.parse(PROVIDER).key, OperatorId.parse(OPERATOR).key)})


def _connect(papers: Papers, url: str) -> Desk:
    """Both desks; Nordlade."""
    msp, cpo = Desk.objects.get(slug=MSP), Desk.objects.get(slug=CPO)
    connect(msp, base_url=url, credentials=papers.of(MSP), provider_id=PROVIDER, callers=[HUB_NAME])
    connect(cpo, base_url=url, credentials=papers.of(CPO), operator_id=OPERATOR, callers=[HUB_NAME])
    return cpo


def _disconnect() -> None:
    """A hub that is gone serves nobody: the business is not to offer it."""
    for desk in Desk.objects.filter(slug__in=(MSP, CPO)):
        with scope(desk=desk):
            HubConnection.objects.filter(desk=desk).delete()
