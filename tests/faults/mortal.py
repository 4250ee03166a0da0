"""Processes that do one thing and are killed (SIGKILL) when they come by a named point.

Run as a program it forks a child for each order on its standard input: the child has no way to tidy up, and the next
one starts within milliseconds, so that it can be done hundreds of times.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from faults.processes import database_url


@dataclass(frozen=True)
class Point:
    """``where`` is module:function; killed before or after it, and only when its last argument is ``given``, if any."""

    name: str
    where: str
    after: bool = True
    given: str = ""


class Mortals:
    """``with mortals(...) as them``: ``them.do("fetch", point)`` is True when the child died at the point."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def do(self, work: str, point: Point | None, /, **values: Any) -> bool:
        """Without a point the work is done to its end. Fails where the child fell over something else."""
        order = {"work": work, "point": asdict(point) if point else None, "values": values}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer in ("killed", "done"), f"{work} at {point}: {answer}"
        return answer == "killed"


@contextmanager
def mortals(environment: Mapping[str, str]) -> Iterator[Mortals]:
    settings = {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "roamdesk.server.settings"}
    paths = {"PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(
        [sys.executable, __file__],
        env=os.environ | settings | paths | dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Mortals(process)
    finally:
        for pipe in (process.stdin, process.stdout):
            assert pipe
            pipe.close()
        process.wait(20)


def fetch(mailbox_id: int) -> None:
    """One round over a mailbox, as its keeper makes it after a start."""
    from django_scopes import scopes_disabled

    from roamdesk.correspondence import fetching, mailboxes
    from roamdesk.correspondence.imap.session import Session
    from roamdesk.correspondence.keepers import held
    from roamdesk.correspondence.models import Mailbox

    with scopes_disabled():
        mailbox = Mailbox.objects.select_related("desk").get(pk=mailbox_id)
    ours = False
    while not ours:
        # The one that was killed holds it until the database has noticed.
        with held(mailbox) as ours:
            if ours:
                with Session(mailbox) as session:
                    mailboxes.sign_in(session, mailbox, datetime.now(UTC))
                    suspects = fetching.Suspects()
                    fetching.fetch_round(mailbox, session, lambda: datetime.now(UTC), sweep=True, suspects=suspects)


def read(at: str) -> None:
    """Read what is due at that instant."""
    from django_scopes import scopes_disabled

    from roamdesk.correspondence import reading
    from roamdesk.correspondence.models import IncomingMail

    now = datetime.fromisoformat(at)
    with scopes_disabled():
        due = list(IncomingMail.objects.filter(next_attempt_at__lte=now).values_list("pk", flat=True))
    for pk in due:
        reading.read_mail(pk, now)


def send(message_id: int, at: str) -> None:
    """One attempt to hand a message over."""
    from roamdesk.correspondence import outbox

    outbox.attempt(message_id, datetime.fromisoformat(at))


def take_up(at: str) -> None:
    """What a worker does after it has started: the sweep, and every job that it finds."""
    from django_scopes import scopes_disabled

    from roamdesk.correspondence import outbox
    from roamdesk.correspondence.models import Message

    now = datetime.fromisoformat(at)
    outbox.sweep(now)
    with scopes_disabled():
        due = list(Message.objects.filter(state="queued", next_attempt_at__lte=now).values_list("pk", flat=True))
    for pk in due:
        outbox.attempt(pk, now + timedelta(seconds=1))


def load(desk_id: int, hotline: str, pages: int) -> None:
    """A hub's directory of two EVSEs a page, each with this hotline."""
    from roamdesk.charging.roaming.pulling import import_evses
    from roamdesk.charging.roaming.said_of_evses import EvseSaid, Page
    from roamdesk.desks.models import Desk

    def page(number: int) -> Page:
        names = [f"DE*NDL*E{number:04d}*{place}" for place in (1, 2)]
        return Page(number, [EvseSaid(name, raw=hotline, hotline=hotline) for name in names], number == pages - 1)

    desk, now = Desk.objects.get(pk=desk_id), datetime.now(UTC)
    import_evses(desk, page, whole=True, as_of="", clock=lambda: now, progress=lambda pull: None)


def write(publication_id: int, at: str) -> None:
    """One batch of a publication's mails."""
    from roamdesk.partners import announcing

    announcing.write_batch(publication_id, datetime.fromisoformat(at))


WORK: dict[str, Callable[..., None]] = {
    "fetch": fetch,
    "read": read,
    "send": send,
    "take_up": take_up,
    "load": load,
    "write": write,
}


def _mine(point: dict[str, Any]) -> None:
    """Put death at the point."""
    module, _, path = point["where"].partition(":")
    owner: Any = importlib.import_module(module)
    *owners, name = path.split(".")
    for one in owners:
        owner = getattr(owner, one)
    real = getattr(owner, name)

    def passing(*args: Any, **named: Any) -> Any:
        here = not point["given"] or (args and args[-1] == point["given"].encode())
        if here and not point["after"]:
            os.kill(os.getpid(), signal.SIGKILL)
        done = real(*args, **named)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    setattr(owner, name, passing)


def _child(order: dict[str, Any]) -> None:
    try:
        if order["point"]:
            _mine(order["point"])
        WORK[order["work"]](**order["values"])
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def main() -> None:
    import logging

    import django

    django.setup()
    logging.disable()
    for name in ("fetching", "keepers", "mailboxes", "outbox", "reading"):
        importlib.import_module(f"roamdesk.correspondence.{name}")
    importlib.import_module("roamdesk.charging.roaming.pulling")
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            _child(order)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        with contextlib.suppress(BrokenPipeError):
            print("killed" if killed else "done" if status == 0 else f"failed with {status}", flush=True)


if __name__ == "__main__":
    main()
