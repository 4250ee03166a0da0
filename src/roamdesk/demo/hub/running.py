"""The hub of a running demo, as stories and commands use it: the one beside ``serve --demo``, else one of their own."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from django.db import close_old_connections, connections
from django.utils import timezone
from django_scopes import scope

from roamdesk.demo.desks import MSP
from roamdesk.demo.hub.faults import Fault
from roamdesk.demo.hub.serving import FAIL_NEXT
from roamdesk.demo.hub.standing import Standing, standing
from roamdesk.desks.models import Desk
from roamdesk.oicp.connecting import credentials_of
from roamdesk.oicp.models import HubConnection
from roamdesk.oicp.telling import tell_hub
from roamdesk.oicp.transport import CallFailed, CredentialsUnusable, HttpAnswer, Transport

logger = logging.getLogger(__name__)

LOOKS_EVERY, UP_WITHIN = 1.0, 20.0
WITHOUT = (
    "roamdesk: The demo goes on without its roaming hub, which did not stay up: {problem}. No session runs "
    "through it, and no remote stop reaches it; all else works. Mend that, then start `roamdesk serve --demo` again."
)


class RunningHub(threading.Thread):
    """Stands between the desks and keeps up with Nordlade's stations from ``start`` to ``end``."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(name="demo-hub", daemon=True)
        self._say = say
        self._told = threading.Event()
        self.up = threading.Event()

    def end(self) -> None:
        self._told.set()
        if self.is_alive():
            self.join(UP_WITHIN)

    def run(self) -> None:
        try:
            with standing(self._say) as hub:
                self.up.set()
                while not self._told.is_set():
                    self._keep_up(hub)
                    self._told.wait(LOOKS_EVERY)
        except Exception as problem:
            logger.exception("the demo goes on without its hub")
            print(WITHOUT.format(problem=problem), file=sys.stderr, flush=True)
        finally:
            connections.close_all()

    def _keep_up(self, hub: Standing) -> None:
        try:
            close_old_connections()
            hub.relay.step(timezone.now())
            tell_hub(timezone.now())
        except Exception:
            logger.exception("the hub is told of the stations later")


@contextmanager
def hub_between(say: Callable[[str], None]) -> Iterator[None]:
    """The hub that stands already, or our own until the end of the block. Raises RuntimeError when it does not come."""
    if stands():
        yield
        return
    ours = RunningHub(say)
    ours.start()
    try:
        if not ours.up.wait(UP_WITHIN):
            raise RuntimeError("The demo's hub did not start. Look at the log above.")
        yield
    finally:
        ours.end()


def stands() -> bool:
    """Whether the hub that VoltPass is connected with answers."""
    hub = _connection()
    try:
        return hub is not None and _told(hub, []) is not None
    except (CallFailed, CredentialsUnusable):
        return False


def fail_next(fault: Fault, operation: str = "") -> None:
    """The hub that stands fails like this at the next call that it fits. Raises CallFailed, RuntimeError."""
    hub = _connection()
    if hub is None:
        raise RuntimeError("No hub stands between the desks. Start it: roamdesk serve --demo")
    _told(hub, [(fault.value, operation)])


def _told(hub: HubConnection, faults: list[tuple[str, str]]) -> HttpAnswer:
    with closing(Transport(hub.base_url, credentials_of(hub))) as transport:
        return transport.post(FAIL_NEXT, json.dumps(faults).encode(), patience=5)


def _connection() -> HubConnection | None:
    desk = Desk.objects.get(slug=MSP)
    with scope(desk=desk):
        return HubConnection.objects.filter(desk=desk).first()
