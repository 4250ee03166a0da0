"""What changed from one procedure to the next, in sentences for a partner's reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any

from roamdesk.procedure.model import Condition, Procedure

_PLACES = frozenset({"line"})
_SECTIONS = {
    "statements": "Statement",
    "out_of_scope": "Out of scope",
    "targets": "Target",
    "tolerances": "Tolerance",
    "facts": "Fact",
    "routes": "Route",
    "duties": "Step",
    "disclosures": "Disclosure",
    "template": "Template line",
    "messages": "Message",
    "readiness": "Readiness",
    "kick_off": "Kick-off meeting",
    "tries": "Threshold",
}


def differences(old: Procedure | None, new: Procedure) -> tuple[str, ...]:
    """Each difference in content as a sentence, in the order of the procedure; none where both say the same.

    Where there was no procedure before, one sentence says so. Line numbers and file names are no content.
    """
    if old is None:
        return (f"{new.title}, version {new.version}, is the first procedure.",)
    return tuple(_heading(old, new)) + tuple(
        sentence
        for section, word in _SECTIONS.items()
        for sentence in _section(word, _parts(getattr(old, section)), _parts(getattr(new, section)))
    )


def _heading(old: Procedure, new: Procedure) -> Iterator[str]:
    for name in ("id", "version", "title"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"The procedure's {name} changed from {before} to {after}."


def _parts(section: Any) -> dict[str, Any]:
    """The entries of a section by name; one that has the name of an earlier one is numbered."""
    if section is None:
        return {}
    if isinstance(section, Mapping):
        return dict(section)
    if not isinstance(section, tuple):
        return {"": section}
    found: dict[str, Any] = {}
    for each in section:
        name, number = _name(each), 2
        while name in found:
            name, number = f"{_name(each)} ({number})", number + 1
        found[name] = each
    return found


def _name(part: Any) -> str:
    return str(
        next(getattr(part, key) for key in ("id", "name", "gap", "field", "text", "value") if hasattr(part, key))
    )


def _section(word: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name, after in new.items():
        called = f"{word} {name}".strip()
        if name not in old:
            yield f"{called} was added: {_shown(after).rstrip('.')}."
        else:
            yield from _changed(called, old[name], after)
    yield from (f"{word} {name}".strip() + " was removed." for name in old if name not in new)
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield f"{word}: the order changed to {', '.join(new)}."


def _changed(called: str, old: Any, new: Any) -> Iterator[str]:
    if _content(old) == _content(new):
        return
    if _has_names(old) and _has_names(new):
        yield from _section(f"{called}:", _parts(old), _parts(new))
        return
    if type(old) is not type(new) or not is_dataclass(new) or isinstance(new, Condition):
        yield f"{called} changed from {_shown(old)} to {_shown(new).rstrip('.')}."
        return
    for each in fields(new):
        if each.name not in _PLACES:
            yield from _changed(
                f"{called}, {each.name.replace('_', ' ')}", getattr(old, each.name), getattr(new, each.name)
            )


def _has_names(value: Any) -> bool:
    return isinstance(value, tuple) and all(is_dataclass(each) for each in value)


def _content(value: Any) -> Any:
    """The value without its place in the file; mappings keep their order."""
    if is_dataclass(value):
        return tuple(_content(getattr(value, each.name)) for each in fields(value) if each.name not in _PLACES)
    if isinstance(value, Mapping):
        return tuple((key, _content(each)) for key, each in value.items())
    return tuple(map(_content, value)) if isinstance(value, tuple) else value


def _shown(value: Any) -> str:
    if isinstance(value, Condition):
        return " or ".join(" and ".join(map(_shown_test, tests)) for tests in value.alternatives) or "always"
    if isinstance(value, timedelta):
        return f"{value.total_seconds() / 60:g} minutes"
    if is_dataclass(value):
        told = ((each.name, getattr(value, each.name)) for each in fields(value) if each.name not in _PLACES)
        return "; ".join(f"{name.replace('_', ' ')}: {_shown(each)}" for name, each in told if each)
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_shown(each)}" for key, each in value.items()) or "nothing"
    if isinstance(value, tuple | frozenset):
        return ", ".join(map(_shown, value if isinstance(value, tuple) else sorted(value))) or "nothing"
    return str(value) if value not in ("", None) else "nothing"


def _shown_test(test: Any) -> str:
    return f"{test.fact} is {' or '.join(sorted(test.values))}"
