"""``roamdesk doctor``: what is set up, what is missing, in plain words."""

from __future__ import annotations

import argparse

from roamdesk.server import options
from roamdesk.server.commands import subparsers as sub
from roamdesk.server.database import database

STORY = """\
Exit code 1 when something has to be mended. --settings lists every setting with its value now.
"""


def add_to(subparsers: sub.Subparsers) -> None:
    parser = sub.add(subparsers, "doctor", run, "What is set up, what is missing, in plain words.", STORY)
    parser.add_argument("--settings", action="store_true", help="list every setting instead")


def run(arguments: argparse.Namespace) -> int:
    if arguments.settings:
        print(settings_listing())
        return 0
    with database():
        import django

        django.setup()
        return _report()


def settings_listing() -> str:
    """One paragraph a setting: name, value now, default, what it does. Secrets are not shown."""
    return "\n".join(_paragraph(option) for option in options.all_options())


def _paragraph(option: options.Option) -> str:
    value, default = option.shown() or "(empty)", option.default or "(empty)"
    changed = "" if option.text() == option.default else f"   [default: {default}]"
    return f"{option.name} = {value}{changed}\n    {option.explains}\n"


def _report() -> int:
    from roamdesk.server.checks import all_findings

    findings = list(all_findings())
    for finding in findings:
        print(f"{'ok  ' if finding.fine else 'MEND'}  {finding.about:13} {finding.says}")
    to_mend = sum(not finding.fine for finding in findings)
    print(f"\n{to_mend} to mend." if to_mend else "\nEverything is in order.")
    return 1 if to_mend else 0
