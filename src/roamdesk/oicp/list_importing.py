"""Taking a published list of stations, or of their states, into a desk without any hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from roamdesk.charging.models import Pull
from roamdesk.charging.roaming.said_of_evses import Page, RecordRefused, StatusSaid
from roamdesk.charging.roaming.services import StatusTally, import_evses, record_status
from roamdesk.desks.models import Desk
from roamdesk.oicp.station_lists import PAGE_SIZE, ListUnreadable, StationList, Watch, look_through

Clock = Callable[[], datetime]
LONGEST_OPERATOR = 48


def import_list(
    desk: Desk, path: Path, *, whole: bool, clock: Clock, watch: Watch, progress: Callable[[Pull, float], None]
) -> Pull:
    """Take the EVSEs of a published list; one that was cut off goes on at its next page, if the file is the same.

    ``whole``: the list is all there is, and what it does not name is withdrawn. ``watch`` hears how many records were
    seen while the file is looked through, ``progress`` which part is taken (0 to 1). Raises ListUnreadable before
    anything is changed, and PullRefused.
    """
    found = look_through(path, watch)
    if not found.evses:
        raise ListUnreadable(f"{path} tells states, not EVSEs. Take it with: roamdesk oicp pull-status --file {path}")
    return import_evses(
        desk, _Pages(found), whole=whole, as_of="", source=found.source, clock=clock,
        progress=lambda pull: progress(pull, min(1.0, pull.next_page * PAGE_SIZE / found.evses)),
    )  # fmt: skip


class _Pages:
    """Gives the pages of a list in order, from the one on that is asked for first."""

    def __init__(self, found: StationList) -> None:
        self._found = found
        self._pages: Iterator[Page] | None = None

    def __call__(self, number: int) -> Page:
        if self._pages is None:
            self._pages = self._found.pages(number)
        return next(self._pages)


@dataclass(frozen=True)
class ListedStates:
    """What a list of states brought; ``at`` (UTC) is how old they are."""

    tally: StatusTally
    refused: list[RecordRefused]
    at: datetime


def import_states(desk: Desk, path: Path, *, clock: Clock) -> ListedStates:
    """Take the states of a published list. They are as old as the file, since no form of OICP says of when a state is.

    Raises ListUnreadable before anything is changed.
    """
    found = look_through(path)
    if not found.states:
        raise ListUnreadable(f"{path} tells EVSEs, not states. Take it with: roamdesk oicp pull-evses --file {path}")
    at = min(clock(), datetime.fromtimestamp(path.stat().st_mtime, UTC))
    entries = list(found.statuses())
    said = [entry for entry in entries if isinstance(entry, StatusSaid)]
    operators = [one.OperatorID for one in found.operators.values() if 0 < len(one.OperatorID) <= LONGEST_OPERATOR]
    tally = record_status(desk, said, at=at, operators=operators)
    return ListedStates(tally, [entry for entry in entries if isinstance(entry, RecordRefused)], at)
