"""The reference page of a procedure: its drawing, and which rules and tests hold each statement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from roamdesk.procedure.diagram import mermaid, svg
from roamdesk.procedure.model import Procedure
from roamdesk.procedure.wording import plain

_NUMBER = re.compile(r"\b([SA]\d{1,2})\b")
_SPAN = re.compile(r"\b([SA])(\d{1,2}) to \1(\d{1,2})\b")
_QUOTED = re.compile(r'"""(.*?)"""', re.DOTALL)
SCANNED = ("*.py", "*.json")


def pages(procedure: Procedure, tests: Path) -> dict[str, str]:
    """File name to content, the page first. ``tests`` is the folder that is searched for numbers of statements."""
    cited = where_tested(tests)
    name = f"procedure-{procedure.id}"
    pictures = {
        f"{name}-{route.id}.svg": svg(procedure, route.id, large=True, standalone=True) for route in procedure.routes
    }
    pictures = {file: f"{picture}\n" for file, picture in pictures.items() if "<g>" in picture}
    page = "\n".join(_page(procedure, name, frozenset(pictures), cited))
    return {f"{name}.md": f"{page}\n", **pictures}


def where_tested(tests: Path) -> dict[str, list[str]]:
    """Which test files, and which scenarios, name each statement: in a docstring, or under ``cites``."""
    found: dict[str, list[str]] = {}
    for path in sorted(path for pattern in SCANNED for path in tests.rglob(pattern)):
        for number, where in _numbers(path, tests):
            if where not in found.setdefault(number, []):
                found[number].append(where)
    return found


def _numbers(path: Path, tests: Path) -> Iterator[tuple[str, str]]:
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        for quoted in _QUOTED.findall(text):
            for number in _named(quoted):
                yield number, path.relative_to(tests).as_posix()
    else:
        for scenario in _scenarios(text):
            for number in scenario.get("cites", []):
                yield number, f"scenario {scenario['id']}"


def _scenarios(text: str) -> list[dict[str, Any]]:
    found = json.loads(text) if '"scenarios"' in text else {}
    return list(found.get("scenarios", [])) if isinstance(found, dict) else []


def _named(text: str) -> set[str]:
    spans = {f"{kind}{n}" for kind, first, last in _SPAN.findall(text) for n in range(int(first), int(last) + 1)}
    return spans | set(_NUMBER.findall(text))


def _page(procedure: Procedure, name: str, pictures: frozenset[str], cited: dict[str, list[str]]) -> Iterator[str]:
    yield f"# {procedure.title}"
    yield f"\nProcedure `{procedure.id}`, version {procedure.version}."
    yield f"Written by `roamdesk procedure docs {procedure.id} --write docs/reference`; do not edit."
    yield "\n## Which route a case takes\n\nThe first one that fits.\n"
    yield f"```mermaid\n{mermaid(procedure)}\n```"
    for route in procedure.routes:
        yield f"\n## {route.title} (`{route.id}`)\n\n{route.happens} [{', '.join(route.cites)}]"
        picture = f"{name}-{route.id}.svg"
        if picture in pictures:
            yield f"\n![{route.title}: what each side owes]({picture})\n"
            yield from _duties(procedure, route.id)
    yield "\n## Statement, rules, tests\n\n| | Statement | Rules | Tests |\n|---|---|---|---|"
    yield from (_row(procedure, number, cited.get(number, [])) for number in procedure.statements)


def _duties(procedure: Procedure, route: str) -> Iterator[str]:
    yield "| Duty | Owed by | Channel, to | Statements |\n|---|---|---|---|"
    for rule in procedure.duties:
        if route in rule.routes:
            target = f", within {procedure.targets[rule.due.target]}" if rule.due else ""
            cells = (
                f"`{rule.id}`: {plain(procedure, rule.do)}",
                rule.owed_by.upper(),
                f"{rule.channel}, {' and '.join(rule.to)}{target}",
                ", ".join(rule.cites),
            )
            yield f"| {' | '.join(map(_cell, cells))} |"


def _row(procedure: Procedure, number: str, tests: list[str]) -> str:
    text = procedure.statements[number]
    rules = ", ".join(f"`{rule}`" for rule in rules_citing(procedure, number))
    rules = rules or f"out of scope: {procedure.out_of_scope.get(number, '')}"
    scenarios = [each.removeprefix("scenario ") for each in tests if each.startswith("scenario ")]
    files = [f"`{each}`" for each in tests if not each.startswith("scenario ")]
    return f"| {number} | {_cell(text)} | {_cell(rules)} | {_cell(', '.join([*scenarios, *files]))} |"


def rules_citing(procedure: Procedure, number: str) -> list[str]:
    """The parts of the file that cite the statement, by their names."""
    found = [route.id for route in procedure.routes if number in route.cites]
    found += [rule.id for rule in procedure.duties if number in rule.cites]
    found += [f"message {message.id}" for message in procedure.messages.values() if number in message.cites]
    found += [f"fact {fact.name}" for fact in procedure.facts.values() if number in fact.cites]
    found += [f"template {field.name}" for field in procedure.template if number in field.cites]
    found += [f"{each.field} shown to {each.to}" for each in procedure.disclosures if number in each.cites]
    found += [f"readiness {n.gap}" for needs in procedure.readiness.values() for n in needs if number in n.cites]
    if procedure.kick_off and number in procedure.kick_off.cites:
        found.append("kick_off")
    return list(dict.fromkeys(found))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
