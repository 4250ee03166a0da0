"""``roamdesk procedure``: check a file, draw it, explain a situation, write its reference page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from roamdesk.procedure import diagram, explain, reference
from roamdesk.procedure.check import Report, check_file
from roamdesk.procedure.errors import ProcedureError
from roamdesk.procedure.loader import SHIPPED, load

ABOUT = """\
A procedure file says who calls whom, over which channel, with what, by when, and which sentence demands it.

  roamdesk procedure check my-procedure.yaml      is it sound? walks every situation that it allows
  roamdesk procedure diagram hubject > flow.mmd   draw it (Mermaid; --svg for a picture)
  roamdesk procedure explain hubject side=msp caller=user problem=cable_stuck
  roamdesk procedure docs hubject --write docs/reference
  roamdesk procedure use my-procedure.yaml --desk nordlade
  roamdesk procedure publish my-procedure.yaml --desk nordlade --from 2026-12-01T00:00 --preview

A file is named by its path; a shipped one by its name alone (hubject).
"""
CHECKED = """\
Proves, by walking every combination of the facts that decide anything:
  - each situation has exactly one route, and each route and each duty can be reached;
  - each duty that is owed can be discharged, and the case can then be closed;
  - call centres phone each other only in routes marked 'call_centres_talk: yes';
  - danger takes a danger route, and no identity check stands before it;
  - each statement is cited or out of scope, and wordings name only what can be known.
What it can't prove is said in one line each, with file, line and mend. Exit code 1 then.
"""
EXPLAINED = """\
Facts are name=value, told in this order: roamdesk procedure explain hubject side=msp caller=user unlock=failed
Give a value as - to take it back. --facts FILE reads them from JSON: {"side": "msp", …}, or a list of such
objects, each with its minute: [{"at": 0, "side": "msp"}, {"at": 5, "unlock": "failed"}].
"""


Further = Callable[[Any], None]
"""Adds one more command to those that it is given (argparse keeps their type to itself)."""


def main(argv: Sequence[str] | None = None, *further: Further) -> int:
    """Exit code: 0 fine, 1 the file has faults or is missing (said on stderr), 2 the command line is wrong."""
    arguments = parser(*further).parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except ProcedureError as error:
        print(error, file=sys.stderr)
    except FileNotFoundError as error:
        print(
            f"There is no file {error.filename}. Give a path, or the name of a shipped one: hubject.", file=sys.stderr
        )
    except (OSError, explain.NotUnderstood) as error:
        print(f"roamdesk procedure: {error}", file=sys.stderr)
    return 1


def parser(*further: Further) -> argparse.ArgumentParser:
    top = _told(argparse.ArgumentParser(prog="roamdesk procedure"), ABOUT)
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_check(_told(commands.add_parser("check", help="Is a file sound? Walks every situation."), CHECKED))
    _add_diagram(commands.add_parser("diagram", help="Draw a file, as Mermaid or SVG."))
    _add_explain(_told(commands.add_parser("explain", help="What follows from these facts, and why?"), EXPLAINED))
    _add_docs(commands.add_parser("docs", help="The reference page: drawing, statements, rules and tests."))
    for add in further:
        add(commands)
    return top


def _told(parser: argparse.ArgumentParser, text: str) -> argparse.ArgumentParser:
    parser.description, parser.formatter_class = text, argparse.RawDescriptionHelpFormatter
    return parser


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=found, metavar="FILE")
    parser.add_argument("--quiet", action="store_true", help="say only what is wrong")
    parser.set_defaults(run=_check)


def _add_diagram(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=found, metavar="FILE")
    parser.add_argument("--route", help="only this route")
    parser.add_argument("--svg", action="store_true", help="a picture instead of Mermaid; needs --route")
    parser.set_defaults(run=_diagram)


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=found, metavar="FILE")
    parser.add_argument("told", nargs="*", metavar="NAME=VALUE")
    parser.add_argument("--facts", type=Path, metavar="JSON", help="read the facts from a file")
    parser.set_defaults(run=_explain)


def _add_docs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=found, metavar="FILE")
    parser.add_argument("--tests", type=Path, default=Path("tests"), help="where tests cite statements")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write page and pictures there")
    parser.set_defaults(run=_docs)


def found(name: str) -> Path:
    """A file by its path, or a shipped one by its name."""
    path = Path(name)
    return SHIPPED / f"{name}.yaml" if not path.suffix and not path.exists() else path


def _check(arguments: argparse.Namespace) -> int:
    sound = [_check_one(path, arguments.quiet) for path in arguments.files]
    return 0 if all(sound) else 1


def _check_one(path: Path, quiet: bool) -> bool:
    started = perf_counter()
    report = check_file(path, (lambda line: None) if quiet else lambda line: print(f"  {line}", flush=True))
    for fault in report.faults:
        print(fault, file=sys.stderr)
    if not quiet:
        print(_verdict(path, report, perf_counter() - started))
    return report.sound


def _verdict(path: Path, report: Report, seconds: float) -> str:
    faults = len(report.faults)
    verdict = "sound" if report.sound else f"{faults} fault{'s' if faults > 1 else ''}"
    walked = f"{report.situations:,} situations walked (they stand for {report.stands_for:,}) in {seconds:.1f} s"
    return f"{path.name}: {verdict}, {walked}."


def _diagram(arguments: argparse.Namespace) -> int:
    procedure = load(arguments.file)
    route = arguments.route
    if route and route not in {each.id for each in procedure.routes}:
        raise explain.NotUnderstood(
            f"There is no route {route}. Use one of: {', '.join(r.id for r in procedure.routes)}."
        )
    if arguments.svg and not route:
        raise explain.NotUnderstood("A picture shows one route. Add --route, for instance --route a_via_msp.")
    print(diagram.svg(procedure, route, large=True) if arguments.svg else diagram.mermaid(procedure, route))
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    procedure = load(arguments.file)
    told = explain.from_words(arguments.told)
    if arguments.facts:
        told = [*explain.from_json(arguments.facts.read_text("utf-8")), *told]
    print(explain.explain(procedure, told))
    return 0


def _docs(arguments: argparse.Namespace) -> int:
    pages = reference.pages(load(arguments.file), arguments.tests)
    if not arguments.write:
        print(next(iter(pages.values())))
        return 0
    arguments.write.mkdir(parents=True, exist_ok=True)
    for name, content in pages.items():
        (arguments.write / name).write_text(content, "utf-8")
        print(f"written: {arguments.write / name}")
    return 0
