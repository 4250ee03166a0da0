"""What one version of a procedure changes in another, in sentences for whoever works by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any

from roamdesk.procedure.model import KickOff, Procedure
from roamdesk.procedure.wording import on_one_line, plain

_SILENT = frozenset({"id", "name", "gap", "line"})
_WORDS = {
    "when": "when it applies",
    "until": "when it is over",
    "owed_by": "who owes it",
    "to": "who is told",
    "do": "what is to be done",
    "happens": "what happens",
    "say": "what is said to the User",
    "due": "when it is due",
    "late": "what being late brings about",
    "cites": "the statements it rests on",
    "answers": "its answers",
    "steps": "its script",
    "requires": "what must be known before",
    "machine": "what a machine performs",
    "call_centres_talk": "whether the call centres talk",
    "tells": "whom it tells what",
    "sources": "where it is taken from",
    "absent": "what stands there when nothing is known",
    "words": "how it reads in each language",
    "indicative": "when it counts as indicative",
    "routes": "the routes it belongs to",
    "derive": "what it follows from",
    "forgets": "what it makes void",
    "options": "what can be answered",
}


def differences(old: Procedure, new: Procedure) -> tuple[str, ...]:
    """Sentences in the order of a procedure file; empty exactly where both say the same (but for the version).

    Where a rule stands in its file counts only where the order decides.
    """
    return tuple(_told(old, new))


def _told(old: Procedure, new: Procedure) -> Iterator[str]:
    if old.id != new.id:
        yield f"It is another procedure: {new.id} instead of {old.id}."
    yield from _replaced("The title", old.title, new.title)
    yield from _entries("Statement {}", old.statements, new.statements)
    yield from _entries("Out of scope, {},", old.out_of_scope, new.out_of_scope)
    yield from _entries("The target '{}'", old.targets, new.targets)
    yield from _entries("The tolerance '{}'", old.tolerances, new.tolerances)
    yield from _entries("The number of tries of '{}'", old.tries, new.tries)
    yield from _things(old, new, "fact", [*old.facts.values()], [*new.facts.values()], lambda one: one.title)
    yield from _things(old, new, "route", old.routes, new.routes, lambda one: one.title)
    yield from _things(old, new, "duty", old.duties, new.duties, lambda one: one.action)
    yield from _things(old, new, "disclosure", old.disclosures, new.disclosures, _disclosed)
    yield from _things(old, new, "template field", old.template, new.template, lambda one: one.title)
    yield from _entries("What stands before our reference ('{}')", old.references.ours, new.references.ours)
    yield from _entries("What stands before their reference ('{}')", old.references.yours, new.references.yours)
    messages = [*old.messages.values()], [*new.messages.values()]
    yield from _things(old, new, "message", *messages, lambda one: one.subject)
    for role in dict.fromkeys((*old.readiness, *new.readiness)):
        needs = old.readiness.get(role, ()), new.readiness.get(role, ())
        yield from _things(old, new, f"requirement of the {role.upper()}", *needs, lambda one: one.text)
    yield from _kick_off(old.kick_off, new.kick_off)


def _disclosed(one: Any) -> str:
    return f"{one.field} to the {one.to.upper()}"


def _replaced(what: str, before: Any, after: Any) -> Iterator[str]:
    if before != after:
        yield f"{what} is now {_text(after)} (was {_text(before)})."


def _entries(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key in dict.fromkeys((*before, *after)):
        named = what.format(key)
        if key not in before:
            yield f"{named} is new: {_text(after[key])}."
        elif key not in after:
            yield f"{named} is gone (was {_text(before[key])})."
        else:
            yield from _replaced(named, before[key], after[key])


def _things(
    old: Procedure,
    new: Procedure,
    kind: str,
    before: Sequence[Any],
    after: Sequence[Any],
    title: Callable[[Any], str],
) -> Iterator[str]:
    """Rules by their names; a title is read to the partner, with what it leaves open in brackets."""
    known, kept = _by_name(before), _by_name(after)
    for key in dict.fromkeys((*known, *kept)):
        if key not in known:
            yield f"New {kind}: {plain(new, title(kept[key]))}."
        elif key not in kept:
            yield f"No longer a {kind}: {plain(old, title(known[key]))}."
        else:
            yield from _changed(f"{kind.capitalize()} '{plain(new, title(kept[key]))}'", known[key], kept[key])
    shared = [key for key in known if key in kept]
    if shared != [key for key in kept if key in known]:
        yield f"The order of each {kind} is another one; where several fit, the first decides."


def _by_name(things: Sequence[Any]) -> dict[Any, Any]:
    """A field may be disclosed to a side more than once: then the second is the second."""
    found: dict[Any, Any] = {}
    for one in things:
        name = next(getattr(one, name) for name in ("id", "gap", "name", "field") if hasattr(one, name))
        key = (name, one.to if hasattr(one, "field") else "")
        found[(*key, sum(known[:2] == key for known in found))] = one
    return found


def _changed(named: str, before: Any, after: Any) -> Iterator[str]:
    for each in fields(after):
        was, now = _bare(getattr(before, each.name)), _bare(getattr(after, each.name))
        if was == now or each.name in _SILENT:
            continue
        what = _WORDS.get(each.name, each.name.replace("_", " "))
        if isinstance(now, str | int | timedelta) and isinstance(was, str | int | timedelta):
            yield f"{named}: {what} is now {_text(now)} (was {_text(was)})."
        else:
            yield f"{named}: {what} changed."


def _bare(value: Any) -> Any:
    """The value without the lines of its file, by which nobody acts."""
    if is_dataclass(value):
        return {each.name: _bare(getattr(value, each.name)) for each in fields(value) if each.name != "line"}
    if isinstance(value, Mapping):
        return {key: _bare(one) for key, one in value.items()}
    return tuple(map(_bare, value)) if isinstance(value, tuple) else value


def _kick_off(before: KickOff | None, after: KickOff | None) -> Iterator[str]:
    if before == after:
        return
    if after is None:
        yield "No kick-off meeting is owed any more."
    elif before is None:
        yield f"A kick-off meeting is owed by the {after.owed_by.upper()} within {after.business_days} business days."
    else:
        yield from _changed("Kick-off meeting", before, after)


def _text(value: Any) -> str:
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return " ".join(f"{n} {unit}" for n, unit in ((minutes, "min"), (seconds, "s")) if n) or "0 s"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(_text, value)) or "nothing"
    return f"“{on_one_line(value)}”" if isinstance(value, str) else str(value)
