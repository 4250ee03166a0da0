"""``roamdesk partner export`` and ``import``: contact forms out of a desk and into one, as CSV or JSON."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.at_desk import at_desk
from roamdesk.server.commands.importing import Import, add_import, import_file

if TYPE_CHECKING:
    from roamdesk.desks.models import Desk

STORY = """\
The first row names the columns, in any order; partner has to be there. A row without purpose is the partner itself,
and stands above its lines:

  partner        its name
  role           cpo, msp; of the partner itself also both
  zone           IANA zone of its hours; of a line: where it is another
  operator_ids, provider_ids, evse_prefixes    like DE*NDL, parted by blanks
  country, region    for holidays and numbers, like DE and BE
  agreed         yes or no: it carries out the procedures
  published      when its form was published, like 2026-03-01

Any other row is a line of its contact form:

  purpose        first_level, hotline, back_office, reference_person; as MSP: call_centre, msp_support, ...
  value          phone number or e-mail address
  person, skills     a reference person's name; yes with operational skills
  languages, countries    two letters each, parted by blanks
  hours          for instance Mon-Fri 08:00-18:00 (empty in a new line: 24/7)
  priority       order of dialling, 1 first
  verified, verified_how    when, like 2026-03-01; and stated, test_call, test_mail, in_a_case or by_hand
  remove         yes takes the line off; its history stays

JSON has the same names: a list of partners, each with its lines. A line is known by partner, role, purpose, person and
value: it is corrected, another number is another line. An empty cell says nothing, what the file leaves out stays, and
the same file twice changes nothing. To empty a cell write - (in JSON null): operator_ids, provider_ids, evse_prefixes
and region of a partner; zone, languages, countries and skills of a line. A bad row is said with row, column and
reason and left out.

  roamdesk partner export --desk voltpass forms.csv
  roamdesk partner import forms.csv --desk voltpass
"""
FILE = "CSV with a header, or JSON; UTF-8"


def add_to(actions: sub.Subparsers) -> None:
    about = "Write the contact forms of all partners, or of those named, as CSV or JSON."
    parser = sub.add(actions, "export", _export, about, STORY)
    parser.add_argument("file", type=Path, metavar="FILE", help="ends in .csv or .json; - writes CSV to the screen")
    parser.add_argument("names", nargs="*", metavar="NAME", help="these partners alone")
    parser.add_argument("--desk", required=True, help="slug of the desk")
    add_import(actions, _import, "Add or correct contact forms from a CSV or JSON file.", STORY, FILE)


def _export(arguments: argparse.Namespace) -> int:
    return at_desk(arguments.desk, lambda desk: _write(desk, arguments))


def _write(desk: Desk, arguments: argparse.Namespace) -> str:
    from roamdesk.partners.exporting import forms_as
    from roamdesk.partners.services import the_partner

    names = [the_partner(desk, name).name for name in arguments.names]
    if str(arguments.file) == "-":
        return forms_as("csv", desk, names).decode("utf-8-sig").replace("\r\n", "\n").rstrip("\n")
    content = forms_as(arguments.file.suffix.removeprefix(".").lower(), desk, names)
    try:
        arguments.file.write_bytes(content)
    except OSError as fault:
        raise ValueError(f"{arguments.file} cannot be written: {fault.strerror}. Name another file.") from None
    return f"Written: {arguments.file}. It holds names and numbers of people: keep it as you keep those."


def _import(arguments: argparse.Namespace) -> int:
    return import_file(arguments, lambda: _forms(arguments.file.name))


def _forms(name: str) -> Import:
    from django.utils import timezone

    from roamdesk.partners.form_files import import_forms

    return partial(import_forms, by=f"file {name}", at=timezone.now())
