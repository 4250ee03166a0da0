"""A published list of stations in a file, in whichever of the shapes of OICP it comes; read a stretch at a time.

Lists of records, pages of a hub (several in a row, too), a push, the answer of OICP 2.2, and national exports, which
group by operator and name it behind its records. So a file is looked through once before it is read.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import itertools
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from roamdesk.charging.roaming.said_of_evses import EvseSaid, Page, RecordRefused, StatusSaid
from roamdesk.oicp.json_windows import NotJson, TooLong, Window
from roamdesk.oicp.mapping_evses import evse_said
from roamdesk.oicp.wire.evse import EvseStatusRecordType, PulledEvseDataRecord
from roamdesk.oicp.wire.reading import read_document

PAGE_SIZE = 2000
_DATA = {"content", "evsedatarecord"}
_STATES = {"evsestatusrecord"}
_AROUND = {"evsedata", "operatorevsedata", "evsestatuses", "operatorevsestatus", "evsestatusrecords"}
_LISTS = _DATA | _STATES | _AROUND
_OPERATOR = {"operatorid": "OperatorID", "operatorname": "OperatorName"}
_OF_A_STATE, _OF_A_SESSION = "evsestatus", "sessionid"

FORMS = (
    'a list of EVSE data records, {"content": [...]}, {"OperatorEvseData": {...}} or {"EVSEData": [...]} '
    'for EVSEs, {"EVSEStatuses": [...]} for states'
)
Watch = Callable[[int], None]


class ListUnreadable(ValueError):
    """The file cannot be taken; nothing was changed. The text says what to do."""


@dataclass
class Operator:
    """Who is named beside a list of records; fills what a record itself leaves out."""

    OperatorID: str = ""
    OperatorName: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One record: the list it stands in (small letters, empty for none), the group, the value, its text."""

    list: str
    group: int
    value: Any
    raw: str

    @property
    def names(self) -> set[str]:
        return {name.lower() for name in self.value} if isinstance(self.value, dict) else set()

    @property
    def is_of_a_state(self) -> bool:
        return self.list in _STATES or (self.list not in _DATA and _OF_A_STATE in self.names)


@dataclass
class StationList:
    """A file that was looked through: how many records of EVSEs and of states it holds, and their operators."""

    path: Path
    digest: str = ""
    evses: int = 0
    states: int = 0
    operators: dict[int, Operator] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Names the file, and what is in it: a changed one is another."""
        return f"{self.path.name[-60:]} {self.digest[:12]}"

    def pages(self, first: int = 0) -> Iterator[Page]:
        """The EVSEs page by page from that number on; the last one says so, and there is always one.

        Raises ListUnreadable, also when the file is another than the one that was looked through.
        """
        entries = (entry for entry in self._entries() if not entry.is_of_a_state)
        last = max(0, (self.evses - 1) // PAGE_SIZE)
        said = islice(entries, first * PAGE_SIZE, None)
        for number in range(first, last + 1):
            here = list(islice(said, PAGE_SIZE))
            left = self.evses - number * PAGE_SIZE
            if len(here) != min(left, PAGE_SIZE) or (number == last and next(said, None)):
                raise ListUnreadable(f"{self.path} changed while it was read. Start again with one that stays.")
            yield Page(number, [self._evse(entry) for entry in here], number == last)

    def statuses(self) -> Iterator[StatusSaid | RecordRefused]:
        """The states, in the order of the file."""
        for entry in self._entries():
            if entry.is_of_a_state:
                yield _status(entry)

    def _evse(self, entry: _Entry) -> EvseSaid | RecordRefused:
        if not isinstance(entry.value, dict):
            return RecordRefused("The record is not an object.", entry.raw)
        record = read_document(PulledEvseDataRecord, entry.value).message
        if not record.EvseID:
            return RecordRefused("The record has no EvseID.", entry.raw)
        if _OF_A_SESSION in entry.names:
            return RecordRefused("This is a record of a session, not of an EVSE.", entry.raw, record.EvseID)
        beside = self.operators.get(entry.group, Operator())
        record.OperatorID = record.OperatorID or beside.OperatorID
        record.OperatorName = record.OperatorName or beside.OperatorName
        return evse_said(record, entry.raw)

    def _entries(self) -> Iterator[_Entry]:
        seen = 0
        try:
            with _opened(self.path) as text:
                for entry in _Reading(Window(text), self.operators).entries():
                    yield entry
                    seen += 1
        except (NotJson, UnicodeError, TooLong, EOFError, zlib.error, OSError) as problem:
            raise ListUnreadable(f"{self.path}: {_mend(problem, seen)} Nothing was changed.") from None


def _status(entry: _Entry) -> StatusSaid | RecordRefused:
    if not isinstance(entry.value, dict):
        return RecordRefused("The record is not an object.", entry.raw)
    record = read_document(EvseStatusRecordType, entry.value).message
    if record.EvseID and record.EvseStatus:
        return StatusSaid(record.EvseID, record.EvseStatus)
    return RecordRefused("The record lacks its EvseID or its EvseStatus.", entry.raw, record.EvseID or "")


def look_through(path: Path, watch: Watch = lambda _: None) -> StationList:
    """Read the whole file once, to know what it holds; ``watch`` hears now and then how many records were seen.

    Raises ListUnreadable.
    """
    found = StationList(path)
    named = False
    for number, entry in enumerate(found._entries()):
        found.states += entry.is_of_a_state
        found.evses += not entry.is_of_a_state
        named = named or "evseid" in entry.names
        if number % PAGE_SIZE == 0:
            watch(number)
    if not named:
        raise ListUnreadable(f"{path} names no EVSE. It should be {FORMS}. Nothing was changed.")
    with path.open("rb") as file:
        found.digest = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _mend(problem: Exception, seen: int) -> str:
    match problem:
        case NotJson(ended=True) | EOFError():
            return f"It breaks off after {seen:,} records. Fetch it again."
        case NotJson() if not seen:
            return f"It is no JSON. It should be {FORMS}."
        case NotJson(at=at):
            return f"At character {at:,}, after {seen:,} records, it is no JSON. Fetch it again, or mend it there."
        case TooLong():
            return f"One value is very long, after {seen:,} records. It should be {FORMS}."
        case UnicodeError():
            return f"After {seen:,} records it is not UTF-8. Write it anew: iconv -f latin1 -t utf-8."
        case OSError(strerror=str(said)):
            return f"It cannot be read: {said}."
        case _:
            return f"It cannot be unpacked after {seen:,} records. Fetch it again."


def _opened(path: Path) -> TextIO:
    with path.open("rb") as file:
        unpacked = gzip.open if file.read(2) == b"\x1f\x8b" else open
    with unpacked(path, "rb") as file:
        encoding = "utf-16" if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    return unpacked(path, "rt", encoding=encoding, newline="")


class _Reading:
    """Finds the records in whichever shape; puts the operators of the groups into a mapping meanwhile."""

    def __init__(self, window: Window, operators: dict[int, Operator]) -> None:
        self._window = window
        self._operators = operators
        self._groups = itertools.count(1)

    def entries(self) -> Iterator[_Entry]:
        while self._window.skip_commas():
            yield from self._all("", 0)

    def _all(self, where: str, group: int) -> Iterator[_Entry]:
        """What stands at a list's name: a list, one entry in its place, or nothing."""
        char = self._window.peek()
        if char == "[":
            for _ in self._window.entries():
                yield from self._entry(where, group)
        elif char == "{" or not where:
            yield from self._entry(where, group)
        else:
            self._window.value()

    def _entry(self, where: str, group: int) -> Iterator[_Entry]:
        if where in _AROUND | {""} and self._window.peek() == "{":
            yield from self._record_or_group(where, group)
        else:
            yield _Entry(where, group, *self._window.text_of_value())

    def _record_or_group(self, where: str, group: int) -> Iterator[_Entry]:
        """A group has lists in it, a record an EvseID; what has neither is a record that lacks it."""
        number, is_group = next(self._groups), False
        self._window.hold()
        for name in self._window.members():
            key = name.lower()
            if key in _LISTS:
                self._window.let_go()
                is_group = True
                yield from self._all(key, number)
            elif key == "evseid" and not is_group:
                self._window.go_back()
                self._operators.pop(number, None)
                yield _Entry(where, group, *self._window.text_of_value())
                return
            elif key in _OPERATOR:
                beside = self._operators.setdefault(number, Operator())
                setattr(beside, _OPERATOR[key], str(self._window.value() or ""))
            else:
                self._window.value()
        if not is_group:
            yield _Entry(where, group, {}, self._window.let_go())
