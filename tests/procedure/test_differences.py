from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Any

import pytest

from procedure.situations import hubject
from roamdesk.procedure import Procedure, load
from roamdesk.procedure.differences import differences
from roamdesk.procedure.loader import SHIPPED

SOURCE = (SHIPPED / "hubject.yaml").read_text("utf-8")


def test_the_same_procedure_differs_in_nothing() -> None:
    assert differences(hubject(), hubject()) == ()


def test_where_a_rule_stands_in_its_file_is_no_difference() -> None:
    assert differences(hubject(), load(f"# another head\n\n{SOURCE}")) == ()


def test_a_kick_off_within_other_days_is_told_with_both() -> None:
    """S6."""
    new = load(SOURCE.replace("business_days: 5", "business_days: 3", 1))
    assert differences(hubject(), new) == ("Kick-off meeting: business days is now 3 (was 5).",)


def test_a_target_is_told_with_both_times() -> None:
    old = hubject()
    name = next(iter(old.targets))
    old = replace(old, targets={name: timedelta(minutes=2)})
    new = replace(old, targets={name: timedelta(seconds=90)})
    assert differences(old, new) == (f"The target '{name}' is now 1 min 30 s (was 2 min).",)


def test_what_is_new_and_what_is_gone_is_named() -> None:
    old = hubject()
    new = replace(old, duties=old.duties[1:])
    assert [told.partition(":")[0] for told in differences(old, new)] == ["No longer a duty"]
    assert [told.partition(":")[0] for told in differences(new, old)] == ["New duty"]


def test_no_sentence_shows_the_braces_of_the_file() -> None:
    old = hubject()
    told = differences(replace(old, duties=(), messages={}, routes=()), old)
    assert [sentence for sentence in told if "{" in sentence] == []


def test_another_order_of_the_routes_is_told_because_the_first_decides() -> None:
    old = hubject()
    assert differences(old, replace(old, routes=old.routes[::-1])) == (
        "The order of each route is another one; where several fit, the first decides.",
    )


def test_another_version_alone_is_no_difference() -> None:
    assert differences(hubject(), replace(hubject(), version="2")) == ()


SECTIONS = [each.name for each in fields(Procedure) if each.name not in ("version", "file")]


@pytest.mark.parametrize("section", SECTIONS)
def test_whatever_is_changed_is_told(section: str) -> None:
    """Every single leaf of the procedure, one at a time."""
    old = hubject()
    whole = getattr(old, section)
    changed = [(where, replace(old, **{section: value})) for where, value in _changes(whole, section)]
    assert bool(changed) == bool(whole)
    assert [where for where, new in changed if not differences(old, new)] == []


def _changes(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """The value with one leaf changed, for each leaf; and where that is."""
    if is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            inside = _changes(getattr(value, each.name), f"{where}.{each.name}") if each.name != "line" else ()
            yield from ((inner, replace(value, **{each.name: other})) for inner, other in inside)
    elif isinstance(value, Mapping):
        for key in value:
            yield from ((inner, {**value, key: other}) for inner, other in _changes(value[key], f"{where}[{key}]"))
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            for inner, other in _changes(one, f"{where}[{number}]"):
                yield inner, (*value[:number], other, *value[number + 1 :])
    elif value is not None:
        yield where, _other(value)


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, Enum):
        return next(one for one in type(value) if one is not value)
    if isinstance(value, frozenset):
        return value | {"another"}
    return value + (timedelta(seconds=1) if isinstance(value, timedelta) else 1 if isinstance(value, int) else " more")
