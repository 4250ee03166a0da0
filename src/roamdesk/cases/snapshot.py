"""What is known in a case, kept beside its events so that a verb need not fold them all."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from roamdesk.cases.journal import events_of
from roamdesk.cases.models import Case, Event
from roamdesk.cases.procedures import procedure_of
from roamdesk.procedure import Entry, Facts, fold, known

TELLING = frozenset({"opened", "facts", "edited", "matched"})


def facts_of(case: Case) -> Facts:
    """The facts of a case, personal ones as a pointer to their one place."""
    folded = case.draft.folded
    if folded is None or folded[0] is not case.known:
        folded = case.draft.folded = (case.known, _read(case))
    facts: Facts = folded[1]
    return facts


def _read(case: Case) -> Facts:
    kept = case.known
    if not kept:
        return Facts()
    counts = {(name, value): times for name, value, times in kept["counts"]}
    since = {name: datetime.fromisoformat(at) for name, at in kept["since"].items()}
    return known(procedure_of(case), kept["values"], since, counts, frozenset(kept["declined"]))


def keep(case: Case, facts: Facts) -> None:
    case.known = snapshot(facts)
    case.draft.folded = (case.known, facts)


def without(facts: Facts, rule: str) -> Facts:
    """The facts once a duty was declined or departed from."""
    return replace(facts, declined=facts.declined | {rule})


def snapshot(facts: Facts) -> dict[str, Any]:
    return {
        "values": dict(facts.values),
        "since": {name: at.isoformat() for name, at in facts.since.items()},
        "counts": sorted([name, value, times] for (name, value), times in facts.counts.items()),
        "declined": sorted(facts.declined),
    }


def refold(case: Case) -> Facts:
    """The facts from the events alone, answers that were taken back left out."""
    events = events_of(case)
    taken_back = {event.data["of"] for event in events if event.kind == "taken_back"}
    declined = frozenset(event.data["rule"] for event in events if event.kind in ("declined", "departed"))
    telling = [event for event in events if event.kind in TELLING and event.number not in taken_back]
    return fold(procedure_of(case), map(_entry, telling), declined)


def _entry(event: Event) -> Entry:
    return Entry(event.at, event.data["values"], corrects=event.kind == "edited")
