"""What is known in a case: one row a fact, masked where personal, with who told it and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from roamdesk.cases.selectors import CaseView
from roamdesk.cases.selectors import FactRow as Known
from roamdesk.console import words
from roamdesk.procedure.model import FactDef, Kind

NOT_SHOWN = frozenset({"side", "evse_id"})
HINTS = {
    Kind.TIME: "06:30, or 16/11 06:30",
    Kind.PHONE: "with the country, +49 …",
    Kind.IDENTIFIER: "part of it is enough",
    Kind.TEXT: "in a few words",
}


@dataclass(frozen=True)
class Field:
    """How a fact is typed: options, or one line of text."""

    name: str
    title: str
    options: tuple[tuple[str, str], ...] = ()
    value: str = ""
    hint: str = ""
    long: bool = False


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    text: str
    by: str
    known: bool
    mono: bool
    personal: bool
    field: Field


def fact_rows(view: CaseView, now: datetime, zone: str, secrets: Mapping[str, str]) -> list[Row]:
    """The known facts, then the open questions. ``secrets`` were revealed just now."""
    values = view.plan.facts.values
    known = [_known(row, values[row.fact.name], now, zone, secrets) for row in view.facts if _is_shown(row)]
    return known + [_open(fact) for fact in view.plan.questions]


def field_of(fact: FactDef, value: str = "") -> Field:
    hint = HINTS.get(fact.kind, "")
    return Field(fact.name, fact.title, tuple(fact.options.items()), value, hint, fact.kind is Kind.TEXT)


def local_time(value: str, zone: str) -> str:
    """An ISO instant as it is typed and read: `16/11/2026 06:30`."""
    return datetime.fromisoformat(value).astimezone(ZoneInfo(zone)).strftime("%d/%m/%Y %H:%M")


def _is_shown(row: Known) -> bool:
    return row.fact.name not in NOT_SHOWN and row.fact.is_recorded


def _known(row: Known, value: Any, now: datetime, zone: str, secrets: Mapping[str, str]) -> Row:
    fact = row.fact
    secret = secrets.get(fact.name, "")
    is_time = fact.kind is Kind.TIME
    text = words.phone(secret) if secret else local_time(str(value), zone) if is_time else words.masked_phone(row.text)
    typed = "" if fact.personal else local_time(str(value), zone) if is_time else str(value)
    return Row(
        name=fact.name,
        title=fact.title,
        text=text or "erased",
        by=_by(row, now, zone, bool(secret)),
        known=True,
        mono=fact.kind is Kind.IDENTIFIER,
        personal=fact.personal,
        field=field_of(fact, typed),
    )


def _open(fact: FactDef) -> Row:
    return Row(fact.name, fact.title, "not known yet", "", False, False, False, field_of(fact))


def _by(row: Known, now: datetime, zone: str, revealed: bool) -> str:
    when = words.moment(row.told_at, now, zone) if row.told_at else ""
    who = "from the directory" if row.looked_up else row.told_by
    shown = "shown, and recorded" if revealed else "reveal needs a reason" if row.fact.personal else ""
    return ", ".join(part for part in (when, who, shown) if part)
