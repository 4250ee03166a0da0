"""The events of a case as lines with a shape, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roamdesk.cases.selectors import TimelineRow
from roamdesk.charging.ports import Outcome
from roamdesk.console import words

_ICONS = {
    "opened": "phone",
    "edited": "pen",
    "taken_back": "later",
    "command": "waiting",
    "mail_queued": "mail",
    "mail_again": "mail",
    "mail_came": "mail",
    "acknowledged": "mail",
    "attention": "overdue",
    "attended": "eye",
    "revealed": "eye",
    "erased": "eye",
    "departed": "flag",
    "declined": "flag",
    "overdue": "overdue",
    "escalated": "flag",
    "closed": "done",
    "not_performed": "failed",
}
_HUED = frozenset({"done", "waiting", "unknown", "overdue", "danger"})
_SILENT = frozenset({Outcome.NO_ANSWER, Outcome.CONNECTION_LOST, Outcome.UNREADABLE, ""})
_MAIL = {"accepted": "done", "answered": "done", "refused": "failed", "bounced": "failed", "unknown": "unknown"}


@dataclass(frozen=True)
class Line:
    """``icon`` is a symbol, ``hue`` its class; ``small`` stands below ``text``."""

    number: int
    time: str
    icon: str
    hue: str
    text: str
    small: str


def lines(rows: Iterable[TimelineRow], now: datetime, zone: str) -> list[Line]:
    return [_line(row, now, zone) for row in rows]


def icon_of(kind: str, data: Mapping[str, Any]) -> str:
    """The shape of an event: a failed try is a square cross, silence a dashed ring, never a tick."""
    if kind == "facts":
        return _told(data)
    if kind == "command_result":
        return _answered(data.get("outcome", ""))
    if kind == "mail_state":
        return _MAIL.get(data.get("state", ""), "waiting")
    return _ICONS.get(kind, "case")


def _line(row: TimelineRow, now: datetime, zone: str) -> Line:
    event = row.event
    icon = icon_of(event.kind, event.data)
    small = " · ".join(dict.fromkeys(part for part in (row.detail, event.by) if part))
    hue = f"c-{icon}" if icon in _HUED else ""
    return Line(event.number, words.moment(event.at, now, zone), icon, hue, row.text.replace("_", " "), small)


def _told(data: Mapping[str, Any]) -> str:
    values = data.get("values", {})
    if "unknown" in (values.get("unlock"), values.get("hurt")):
        return "unknown"
    if {values.get("unlock"), values.get("self_help")} & {"failed", "not_helped"}:
        return "failed"
    return "phone" if data.get("call") else "done"


def _answered(outcome: str) -> str:
    if outcome in _SILENT:
        return "unknown"
    if outcome in (Outcome.UNLOCKED, Outcome.ACCEPTED):
        return "done"
    return "later" if outcome in (Outcome.NOT_CONNECTED, Outcome.BUSY) else "failed"
