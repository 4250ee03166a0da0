"""The page of the ``roamdesk`` command, walked down from its parsers."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from roamdesk.procedure.commands import parser as procedure_parser
from roamdesk.server.cli import parser
from roamdesk.server.commands.procedure import AT_A_DESK
from roamdesk.server.reference.writing import code, page, table

ABOUT = """\
`roamdesk COMMAND --help` says the same at the keyboard. Exit code 0: fine; 1: something has to be mended, said on
standard error; 2: the command line is wrong."""
PASSED_ON = "Its words go to Django's own command line; `roamdesk django help` lists the commands."


def command_line_page() -> str:
    return page("Command line", ABOUT, *(block for each in commands().values() for block in _blocks(each)))


@dataclass(frozen=True)
class Command:
    """``about`` is its line in the list of commands."""

    parser: argparse.ArgumentParser
    about: str


def commands() -> dict[str, Command]:
    """Every command by its words, for instance ``procedure check``; those with subcommands stand before them."""
    found: dict[str, Command] = {}
    for name, each in _children(parser()).items():
        found |= dict(_walk(name, Command(_passed_on_to(name) or each.parser, each.about)))
    return found


def _passed_on_to(name: str) -> argparse.ArgumentParser | None:
    """The parser behind a command that passes its words on."""
    if name == "procedure":
        return procedure_parser(*AT_A_DESK)
    if name == "demo" and find_spec("roamdesk.demo.commands"):
        from roamdesk.demo.commands import parser as demo_parser

        return demo_parser()
    return None


def _walk(words: str, each: Command) -> Iterator[tuple[str, Command]]:
    yield words, each
    for name, child in _children(each.parser).items():
        yield from _walk(f"{words} {name}", child)


def _children(each: argparse.ArgumentParser) -> dict[str, Command]:
    for action in each._actions:
        if isinstance(action, argparse._SubParsersAction):
            abouts = {listed.dest: listed.help or "" for listed in action._choices_actions}
            return {name: Command(child, abouts.get(name, "")) for name, child in action.choices.items()}
    return {}


def _blocks(each: Command) -> Iterator[str]:
    words = each.parser.prog.removeprefix("roamdesk ")
    yield f"{'#' * (2 + words.count(' '))} {each.parser.prog}"
    yield _sentence(each.about)
    if each.parser.description != each.about:
        yield _told(each.parser.description)
    rows = [(code(_written(action)), _explained(action)) for action in _arguments(each.parser)]
    if rows:
        yield table(["Argument", "Meaning"], rows)
    if not each.parser.add_help:
        yield PASSED_ON
    yield _told(each.parser.epilog)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _told(text: str | None) -> str:
    """Prose as it stands; what is laid out by hand (an indented line) goes into a block of its own."""
    text = (text or "").strip("\n")
    return f"```text\n{text}\n```" if re.search(r"^  ", text, re.MULTILINE) else text


def _arguments(each: argparse.ArgumentParser) -> list[argparse.Action]:
    hidden = (argparse._HelpAction, argparse._SubParsersAction)
    return [action for action in each._actions if not isinstance(action, hidden) and action.dest != "words"]


def _written(action: argparse.Action) -> str:
    named = ", ".join(action.option_strings)
    value = str(action.metavar or action.dest.upper()) if action.nargs != 0 else ""
    return f"{named} {value}".strip()


def _explained(action: argparse.Action) -> str:
    text = (action.help or "").replace("%(default)s", str(action.default))
    needed = "required" if action.option_strings and action.required else ""
    choices = f"one of {', '.join(map(code, map(str, action.choices)))}" if action.choices else ""
    return "; ".join(filter(None, [text, choices, needed]))
