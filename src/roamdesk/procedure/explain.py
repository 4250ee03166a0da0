"""What follows from some facts, and why, for a person at a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from roamdesk.procedure.folding import Entry, fold
from roamdesk.procedure.model import UNSET, FactDef, Kind, Procedure
from roamdesk.procedure.planning import Duty, Plan, plan
from roamdesk.procedure.tracing import later, trace
from roamdesk.procedure.wording import plain

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
Told = tuple[int, Mapping[str, Any]]


class NotUnderstood(ValueError):
    """The question can't be answered as it was put; the message says how to put it."""


def from_words(words: Sequence[str]) -> list[Told]:
    """``name=value`` words, each told a minute after the one before. Raises NotUnderstood."""
    told: list[Told] = []
    for minute, word in enumerate(words):
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise NotUnderstood(f"'{word}' is no fact. Write it as name=value, for instance side=msp.")
        told.append((minute, {name: None if value == "-" else value}))
    return told


def from_json(text: str) -> list[Told]:
    """One object of facts, or a list of them, each with its minute ``at``. Raises NotUnderstood."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood(f"The facts are no JSON: {error}. Write an object of names and values.") from None
    told = read if isinstance(read, list) else [read]
    if not all(isinstance(each, dict) and isinstance(each.get("at", 0), int) for each in told):
        raise NotUnderstood("The facts are no objects of names and values, each with its minute 'at'.")
    return [(each.get("at", 0), {name: each[name] for name in each if name != "at"}) for each in told]


def explain(procedure: Procedure, told: Iterable[Told]) -> str:
    """The plan and its trace as text. Raises NotUnderstood for a fact or an answer that the file doesn't know."""
    told = list(told)
    for _, facts in told:
        for name, value in facts.items():
            _refuse_unknown(procedure, name, value)
    try:
        entries = [Entry(EPOCH + timedelta(minutes=minute), facts) for minute, facts in told]
    except OverflowError:
        raise NotUnderstood("A minute 'at' is too far away. Count minutes from the start of the case.") from None
    return "\n".join(_lines(plan(procedure, fold(procedure, entries))))


def _refuse_unknown(procedure: Procedure, name: str, value: Any) -> None:
    fact = procedure.facts.get(name)
    if fact is None:
        raise NotUnderstood(f"There is no fact {name}. Use one of: {', '.join(_recorded(procedure))}.")
    if not fact.is_recorded:
        raise NotUnderstood(f"{name} follows from other facts. Give those instead.")
    if value is not None and fact.kind is Kind.CHOICE and value not in fact.options:
        raise NotUnderstood(f"{name} is never '{value}'. Use one of: {', '.join(fact.options)}, or - to take it back.")


def _recorded(procedure: Procedure) -> list[str]:
    return [fact.name for fact in procedure.facts.values() if fact.is_recorded]


def _lines(now: Plan) -> Iterator[str]:
    names = {name: _text(now.procedure.facts.get(name), value) for name, value in now.facts.values.items()}
    yield f"Route: {now.route.title} ({now.route.id}) [{', '.join(now.route.cites)}]"
    yield "May be closed: " + ("yes" if now.may_close else "no")
    yield "\nOwed now"
    yield from [_duty(now.procedure, duty, names) for duty in now.duties] or ["  nothing"]
    if now.questions:
        yield "\nTo ask"
        yield from (f"  {fact.ask} ({fact.name})" for fact in now.questions)
    coming = later(now)
    if coming:
        yield "\nLater"
        yield from (
            f"  {plain(now.procedure, each.rule.do, names)} ({each.rule.id}): {each.condition}" for each in coming
        )
    yield "\nWhy"
    for line in trace(now):
        mark = "+" if line.fired else "-"
        yield f"  {mark} {line.kind} {line.id}: {line.because} [{', '.join(line.cites)}]"


def _duty(procedure: Procedure, duty: Duty, names: Mapping[str, str]) -> str:
    rule = duty.rule
    due = f", due minute {(duty.due - EPOCH) // timedelta(minutes=1)}" if duty.due else ""
    missing = f", missing: {', '.join(duty.missing)}" if duty.missing else ""
    cites = ", ".join(rule.cites)
    where = f"{rule.owed_by} owes, {rule.channel} to {' and '.join(rule.to)}{due}{missing}"
    return f"  {plain(procedure, rule.do, names)} ({rule.id}): {where} [{cites}]"


def _text(fact: FactDef | None, value: Any) -> str:
    return fact.options.get(str(value), str(value)) if fact and value != UNSET else str(value)
