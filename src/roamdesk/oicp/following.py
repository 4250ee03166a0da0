"""Sessions follow the authorisations that were answered: the answer cannot wait for them, and none is lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections, transaction

from roamdesk.charging.roaming.said import Origin
from roamdesk.charging.roaming.services import record_authorisation
from roamdesk.desks.models import Desk
from roamdesk.desks.prepared import flush_later, read, rows
from roamdesk.oicp.mapping import authorisation_of
from roamdesk.oicp.operations import AUTHORIZE_START
from roamdesk.oicp.wire import read as read_message
from roamdesk.oicp.wire.charging import AuthorizationStart

logger = logging.getLogger(__name__)

DUE = threading.Event()  # this process has answered an authorisation whose session is to follow
PAUSE_SECONDS = 0.25
TOGETHER = 25

_WAITING = b"""
SELECT id FROM oicp_exchange
WHERE unfolded AND (%(session)s = '' OR upper(session_id) = upper(%(session)s)) ORDER BY id LIMIT 1000
"""
_TAKEN = b"""
UPDATE oicp_exchange SET unfolded = FALSE WHERE id = %(pk)s AND unfolded
RETURNING desk_id, request, response, at, process_id
"""


def fold_due(session_id: str = "") -> int:
    """Fold what was answered, of one session or of all: how many. One that cannot be folded waits for the next time.

    Twice at once is once; what of the session came meanwhile does not matter, the order of evidence is free.
    """
    waiting = [pk for (pk,) in rows(_WAITING, {"session": session_id[:64]})]
    return sum(_fold_together(waiting[place : place + TOGETHER]) for place in range(0, len(waiting), TOGETHER))


def _fold_together(waiting: Sequence[int]) -> int:
    """In one transaction; where one fails, each in its own. What a power cut undoes is due again."""
    try:
        with transaction.atomic():
            flush_later()
            return sum(_fold(pk) for pk in waiting)
    except Exception:
        return sum(_fold_alone(pk) for pk in waiting)


def _fold_alone(pk: int) -> int:
    try:
        with transaction.atomic():
            return _fold(pk)
    except Exception:
        logger.exception("an authorisation cannot be made a session yet: exchange %d", pk)
        return 0


def _fold(pk: int) -> int:
    taken = rows(_TAKEN, {"pk": pk})
    for desk_id, request, response, at, process_id in taken:
        if desk := read(Desk, desk_id):
            message = AUTHORIZE_START.read_request(request.encode()).message
            provider = read_message(AuthorizationStart, response.encode()).message.ProviderID or ""
            said = authorisation_of(message, Origin(at, request, process_id), provider_id=provider)
            record_authorisation(desk, said)
    return len(taken)


class Follower:
    """Does ``follow`` soon after an authorisation was answered in this process, in a thread of its own."""

    def __init__(self, follow: Callable[[], object]) -> None:
        self._follow = follow
        self._told = threading.Event()
        self._thread = threading.Thread(target=self._run, name="oicp follower", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What is due is done first."""
        self._told.set()
        DUE.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._told.wait(PAUSE_SECONDS):
            DUE.wait()
            DUE.clear()
            self._try()
        self._try()
        connections[DEFAULT_DB_ALIAS].close()

    def _try(self) -> None:
        """What fails here is found by the sweep."""
        close_old_connections()
        try:
            self._follow()
        except Exception:
            logger.exception("sessions do not follow their authorisations now")
