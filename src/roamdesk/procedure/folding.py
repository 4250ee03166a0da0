"""What was recorded, folded into what is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from roamdesk.procedure.model import SET, Kind, Procedure


@dataclass(frozen=True, slots=True)
class Entry:
    """Facts that were told together at ``at`` (UTC). A value of None takes the fact back."""

    at: datetime
    values: Mapping[str, Any]
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known: values as recorded, since when each holds (UTC), and how often each value was reported.

    ``decisive`` is the same as the planner sees it: an option, ``set``, or absent.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    since: Mapping[str, datetime] = field(default_factory=dict)
    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    decisive: Mapping[str, str] = field(default_factory=dict)
    declined: frozenset[str] = frozenset()


def fold(procedure: Procedure, entries: Iterable[Entry], declined: frozenset[str] = frozenset()) -> Facts:
    """The newest answer counts. Told again it keeps its first instant; corrected it has its own.

    Facts that the procedure does not know are carried without deciding anything.
    """
    return advance(procedure, Facts(declined=declined), entries)


def advance(procedure: Procedure, facts: Facts, entries: Iterable[Entry]) -> Facts:
    """``facts`` and what was told since."""
    values, since, counts = dict(facts.values), dict(facts.since), dict(facts.counts)
    for entry in entries:
        for name, value in entry.values.items():
            _take(procedure, entry, name, value, values, since, counts)
    return known(procedure, values, since, counts, facts.declined)


def known(
    procedure: Procedure,
    values: Mapping[str, Any],
    since: Mapping[str, datetime],
    counts: Mapping[tuple[str, str], int],
    declined: frozenset[str] = frozenset(),
) -> Facts:
    """Facts from their parts, for instance from where they were kept."""
    decisive = {name: _decisive(procedure, name, value) for name, value in values.items() if name in procedure.facts}
    return Facts(values, since, counts, decisive, declined)


def _take(
    procedure: Procedure,
    entry: Entry,
    name: str,
    value: Any,
    values: dict[str, Any],
    since: dict[str, datetime],
    counts: dict[tuple[str, str], int],
) -> None:
    fact = procedure.facts.get(name)
    for forgotten in fact.forgets if fact else ():
        values.pop(forgotten, None)
        since.pop(forgotten, None)
    if value is None or value == "":
        values.pop(name, None)
        since.pop(name, None)
        return
    if entry.corrects and (name, str(values.get(name))) in counts:
        counts[name, str(values[name])] -= 1
    counts[name, str(value)] = counts.get((name, str(value)), 0) + 1
    if values.get(name) != value:
        since[name] = entry.at
    values[name] = value


def _decisive(procedure: Procedure, name: str, value: Any) -> str:
    return str(value) if procedure.facts[name].kind is Kind.CHOICE else SET
