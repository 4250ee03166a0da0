"""What a story needs around it: stations, their endpoint, somebody who sends the mail, and the post office.

Where ``roamdesk serve --demo`` runs, it is all there. Otherwise it is brought up here, on free ports, for as long
as the story takes.
"""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings

from roamdesk.demo.mailbox import GREETING, demo_mailbox
from roamdesk.demo.own_parts import Surroundings, brought_up


class NoDemoHere(Exception):
    """The installation that runs is no demo. The text says what to do."""


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Those of the running demo, or our own. Raises NoDemoHere."""
    if demo_is_running():
        yield Surroundings(demo_mailbox(), float(settings.COMMAND_TIMEOUT))
        return
    if _answers(settings.STATIONS_LISTEN):
        raise NoDemoHere(
            f"Something listens at {settings.STATIONS_LISTEN}, but not with the demo. "
            "Stop it, then run: roamdesk serve --demo"
        )
    with brought_up() as ours:
        yield ours


def demo_is_running() -> bool:
    """Whether a station endpoint answers, and the mail server is the demo's own."""
    return _answers(settings.STATIONS_LISTEN) and GREETING in _greeting_of_relay()


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with suppress(OSError), socket.create_connection((host.strip("[]") or "127.0.0.1", int(port)), timeout=1):
        return True
    return False


def _greeting_of_relay() -> str:
    with suppress(OSError, smtplib.SMTPException), smtplib.SMTP(timeout=2) as relay:
        return relay.connect(settings.EMAIL_HOST, settings.EMAIL_PORT)[1].decode("utf-8", "replace")
    return ""
