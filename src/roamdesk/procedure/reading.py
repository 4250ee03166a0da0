"""YAML with line numbers. Every scalar stays the text that was written: ``yes`` is "yes", never True."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import yaml

from roamdesk.procedure.errors import Fault, ProcedureError
from roamdesk.procedure.model import Target

LARGEST_FILE = 1_000_000
DEEPEST = 30
_DURATION = re.compile(r"(\d+) ?(s|min|h|d)$")
_BUSINESS_HOURS = re.compile(r"(\d{1,4}) business h(?:ours?)?$")
_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}


class Node:
    """A place in the file. Reading what is not there, or of another shape, notes a fault and goes on."""

    def __init__(self, node: yaml.Node | None, path: str, file: str, faults: list[Fault], line: int = 0) -> None:
        self._node, self.path, self._file, self._faults = node, path, file, faults
        self.line = node.start_mark.line + 1 if node is not None else line

    def fault(self, message: str, mend: str) -> None:
        self._faults.append(Fault(self._file, self.line, message, mend))

    def __bool__(self) -> bool:
        return self._node is not None

    def _child(self, node: yaml.Node | None, name: str) -> Node:
        return Node(node, f"{self.path}.{name}".lstrip("."), self._file, self._faults, self.line)

    def items(self) -> Iterator[tuple[str, Node]]:
        """Key and value of a mapping, in order. A key that stands twice is a fault."""
        if self._node is None:
            return
        if not isinstance(self._node, yaml.MappingNode):
            self.fault(f"{self.path} is not a mapping.", "Write 'name: value' lines below it.")
            return
        seen: set[str] = set()
        for key, value in self._node.value:
            name = str(key.value)
            child = self._child(value, name)
            if name in seen:
                child.fault(f"{child.path} stands twice.", "Keep one of the two.")
            seen.add(name)
            yield name, child

    def keys(self, *known: str) -> dict[str, Node]:
        """The children by name; one that is not ``known`` is a fault that lists what could stand there."""
        children = dict(self.items())
        for name, child in children.items():
            if name not in known:
                child.fault(f"{self.path or 'the file'} knows no '{name}'.", f"Use one of: {', '.join(known)}.")
        return {name: children.get(name, self._child(None, name)) for name in known}

    def entries(self) -> Iterator[Node]:
        if self._node is None:
            return
        if not isinstance(self._node, yaml.SequenceNode):
            self.fault(f"{self.path} is not a list.", "Write each entry on a line that starts with '- '.")
            return
        for number, value in enumerate(self._node.value, 1):
            yield self._child(value, str(number))

    @property
    def is_list(self) -> bool:
        return isinstance(self._node, yaml.SequenceNode)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    def text(self, default: str | None = None) -> str:
        """The scalar as written; without ``default`` a missing one is a fault."""
        if self._node is None:
            if default is None:
                self.fault(f"{self.path} is missing.", "Add it.")
            return default or ""
        if not isinstance(self._node, yaml.ScalarNode):
            self.fault(f"{self.path} is not a single value.", "Write one word or a text in quotes.")
            return ""
        return " ".join(str(self._node.value).split())

    def one_of(self, known: type, default: str | None = None) -> str:
        value = self.text(default)
        allowed = [str(member.value) for member in known]  # type: ignore[attr-defined]
        if value and value not in allowed:
            self.fault(f"{self.path} is '{value}'.", f"Use one of: {', '.join(allowed)}.")
            return allowed[0]
        return value or allowed[0]

    def flag(self) -> bool:
        value = self.text("no")
        if value not in {"yes", "no", "true", "false"}:
            self.fault(f"{self.path} is '{value}'.", "Write yes or no.")
        return value in {"yes", "true"}

    def number(self, default: int) -> int:
        value = self.text(str(default))
        if not value.isdecimal() or not 0 < int(value[:9]) < 1000:
            self.fault(f"{self.path} is '{value}'.", "Write a whole number from 1 to 999.")
            return default
        return int(value)

    def words(self) -> tuple[str, ...]:
        """A list of single values; one value alone counts as a list of one."""
        if self.is_list:
            return tuple(entry.text() for entry in self.entries())
        return (self.text(),) if self else ()

    def target(self) -> Target:
        """A duration, or so many business hours."""
        if match := _BUSINESS_HOURS.match(self.text()):
            return Target(timedelta(hours=int(match[1])), business_hours=True)
        return Target(self.duration())

    def duration(self) -> timedelta:
        match = _DURATION.match(self.text())
        if not match or len(match[1]) > 6:
            self.fault(f"{self.path} is '{self.text()}'.", "Write a time such as 90 s, 15 min, 4 h or 5 d.")
            return timedelta(0)
        return timedelta(**{_UNITS[match[2]]: int(match[1])})


def read(text: str, file: str) -> tuple[Node, list[Fault]]:
    """The root of the file and the (still empty) list of its faults.

    Raises ProcedureError where the text is no YAML, too large, too deep, or refers to itself.
    """
    if len(text) > LARGEST_FILE:
        raise _refused(file, 0, f"The file has {len(text):,} characters.", f"Keep it below {LARGEST_FILE:,}.")
    try:
        _refuse_loops_and_depth(text, file)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _refused(file, line, f"Not readable as YAML: {error.problem}.", "Check indentation and quotes.") from None
    except yaml.YAMLError as error:
        raise _refused(file, 0, f"Not readable as YAML: {error}.", "Remove that character.") from None
    if node is None:
        raise _refused(file, 0, "The file is empty.", "Start from procedures/hubject.yaml.")
    faults: list[Fault] = []
    return Node(node, "", file, faults), faults


def _refuse_loops_and_depth(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            mend = "Write the value out; a procedure file has no references."
            raise _refused(file, _line(event), f"'*{event.anchor}' refers to another place.", mend)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise _refused(file, _line(event), "The file is nested too deep.", "Flatten it.")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _refused(file: str, line: int, message: str, mend: str) -> ProcedureError:
    return ProcedureError([Fault(file, line, message, mend)])
