"""``roamdesk partner``: the companies that a desk roams with, and their contact forms."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from roamdesk.server.commands import form_files
from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.at_desk import at_desk

if TYPE_CHECKING:
    from roamdesk.desks.models import Desk
    from roamdesk.partners.dialling import Dial, DialLine
    from roamdesk.partners.models import Partner, ProcedureVersion

STORY = """\
A partner, its line for partners, its back office and its reference person; then what is still missing:

  roamdesk partner add Nordlade --desk voltpass --cpo --operator-id 'DE*NDL' --region BE --agreed --published-today
  roamdesk partner line Nordlade --desk voltpass --role cpo --purpose first_level '+49 30 5550 142' \\
      --language en --language de --verified-today
  roamdesk partner line Nordlade --desk voltpass --role cpo --purpose reference_person h.brandt@nordlade.example \\
      --person 'H. Brandt' --skills --hours 'Mon-Fri 08:00-18:00' --language en --verified-today
  roamdesk partner list --desk voltpass

The forms of all partners go out and in as CSV or JSON: roamdesk partner export --help, roamdesk partner import --help.

Purposes as CPO: first_level, hotline, back_office, reference_person; as MSP: call_centre, msp_support, back_office,
reference_person. Told again, a partner or a line is corrected.
"""


def add_to(subparsers: sub.Subparsers) -> None:
    partner = sub.add(subparsers, "partner", _list, "Partners of a desk and their contact forms.", STORY)
    actions = partner.add_subparsers(title="actions", metavar="ACTION", required=True)
    _parser_of_add(actions)
    _parser_of_line(actions)
    parser = sub.add(actions, "remove-line", _remove_line, "Take a line off a contact form; its history stays.", STORY)
    parser.add_argument("name", help="the partner")
    parser.add_argument("value", help="phone number or e-mail address")
    parser.add_argument("--desk", required=True, help="slug of the desk")
    parser.add_argument("--role", choices=("cpo", "msp"), help="where it stands in both roles: in which")
    parser.add_argument("--purpose", help="where it stands for several purposes: for which")
    parser = sub.add(actions, "history", _history, "Who changed a contact form, when, and from what to what.")
    parser.add_argument("name", help="the partner")
    parser.add_argument("--desk", required=True, help="slug of the desk")
    parser.add_argument("--newest", type=int, default=20, help="so many changes (default: 20)")
    form_files.add_to(actions)
    parser = sub.add(actions, "list", _list, "Who they are, what their forms lack, and whom to dial now.")
    parser.add_argument("--desk", required=True, help="slug of the desk")


def _parser_of_add(actions: sub.Subparsers) -> None:
    parser = sub.add(actions, "add", _add, "Add a partner; told again, what is given is corrected.", STORY)
    parser.set_defaults(
        fields=("plays_cpo", "plays_msp", "operator_ids", "provider_ids", "evse_prefixes", "zone", "country", "region")
    )
    parser.add_argument("name", help="as people call the company")
    parser.add_argument("--desk", required=True, help="slug of the desk")
    parser.add_argument("--cpo", dest="plays_cpo", action="store_true", default=None, help="it plays the CPO side")
    parser.add_argument("--msp", dest="plays_msp", action="store_true", default=None, help="it plays the MSP side")
    for role, example in (("operator", "DE*NDL"), ("provider", "DE-VPS")):
        about = f"for instance {example}; may be repeated"
        parser.add_argument(f"--{role}-id", dest=f"{role}_ids", metavar="ID", action="append", help=about)
    about = "beginning of EVSE ids that it runs under another's operator id, like 'DE*NDL*E08'; may be repeated"
    parser.add_argument("--evse-prefix", dest="evse_prefixes", metavar="PREFIX", action="append", help=about)
    parser.add_argument("--zone", help="IANA time zone of its opening hours (default: the desk's)")
    parser.add_argument("--country", help="two letters, for holidays and numbers (default: the desk's)")
    parser.add_argument("--region", help="for holidays, for instance BE (default: the desk's)")
    parser.add_argument("--agreed", action="store_true", help="it has agreed to carry out the procedures")
    parser.add_argument("--published-today", action="store_true", help="its form is on the platform as of today")


def _parser_of_line(actions: sub.Subparsers) -> None:
    parser = sub.add(actions, "line", _line, "A line of a contact form; told again, it is corrected.", STORY)
    parser.add_argument("name", help="the partner")
    parser.add_argument("value", help="phone number or e-mail address")
    parser.add_argument("--desk", required=True, help="slug of the desk")
    parser.add_argument("--role", required=True, choices=("cpo", "msp"), help="as which side it has the line")
    parser.add_argument("--purpose", required=True, help="for instance first_level")
    parser.add_argument("--hours", default="24/7", help="by the partner's clock (default: 24/7)")
    parser.add_argument("--language", action="append", default=[], help="two letters, for instance en; may be repeated")
    parser.add_argument("--person", default="", help="who it is; a reference person has a name")
    parser.add_argument("--skills", action="store_true", help="the person has operational skills")
    parser.add_argument("--priority", type=int, default=1, help="order of dialling (default: 1)")
    parser.add_argument("--verified-today", action="store_true", help="somebody tried it today")


def _add(arguments: argparse.Namespace) -> int:
    return at_desk(arguments.desk, lambda desk: _put(desk, arguments))


def _put(desk: Desk, arguments: argparse.Namespace) -> str:
    from django.utils import timezone

    from roamdesk.partners.services import put_partner

    given = {field: getattr(arguments, field) for field in arguments.fields}
    values: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    if arguments.agreed:
        values["procedures_agreed"] = True
    if arguments.published_today:
        values["form_published_at"] = timezone.now()
    partner = put_partner(desk, arguments.name, values, by="roamdesk partner add", at=timezone.now())
    return f"{partner} is a partner of {desk}. Next: roamdesk partner line {partner.name!r} --desk {desk.slug} --help"


def _line(arguments: argparse.Namespace) -> int:
    return at_desk(arguments.desk, lambda desk: _put_line(desk, arguments))


def _put_line(desk: Desk, arguments: argparse.Namespace) -> str:
    from django.utils import timezone

    from roamdesk.partners.numbers import shown
    from roamdesk.partners.services import put_line, the_partner

    line = put_line(
        the_partner(desk, arguments.name),
        role=arguments.role,
        purpose=arguments.purpose,
        value=arguments.value,
        hours=arguments.hours,
        languages=arguments.language,
        person_name=arguments.person,
        operational_skills=arguments.skills,
        priority=arguments.priority,
        at=timezone.now() if arguments.verified_today else None,
        by="roamdesk partner line",
        changed_at=timezone.now(),
    )
    verified = f"verified {line.verified_at:%d/%m/%Y}" if line.verified_at else "never verified"
    return f"{line.partner}, {line.get_purpose_display()}: {shown(line.value)}, {line.hours}, {verified}."


def _remove_line(arguments: argparse.Namespace) -> int:
    return at_desk(arguments.desk, lambda desk: _take_off(desk, arguments))


def _take_off(desk: Desk, arguments: argparse.Namespace) -> str:
    from django.utils import timezone

    from roamdesk.partners.services import lines_with, remove_line, the_partner

    partner = the_partner(desk, arguments.name)
    found = lines_with(partner, arguments.value, role=arguments.role, purpose=arguments.purpose)
    if len(found) != 1:
        which = "; ".join(f"--role {line.role} --purpose {line.purpose}" for line in found)
        raise ValueError(
            f"{partner} has {len(found)} lines with {arguments.value[:80]}. Say which: {which}."
            if found
            else f"{partner} has no line with {arguments.value[:80]}. Lines: roamdesk partner export --desk {desk.slug}"
        )
    remove_line(found[0], by="roamdesk partner remove-line", at=timezone.now())
    return f"{found[0]} is off the form of {partner}. The history in the console brings it back."


def _history(arguments: argparse.Namespace) -> int:
    return at_desk(arguments.desk, lambda desk: "\n".join(_changes(desk, arguments)) or "Nothing was changed yet.")


def _changes(desk: Desk, arguments: argparse.Namespace) -> Iterator[str]:
    from roamdesk.partners import history
    from roamdesk.partners.services import the_partner

    for change in history.changes_of(the_partner(desk, arguments.name), max(1, arguments.newest)):
        yield f"{change.at:%d/%m/%Y %H:%M} UTC  {change.by or 'not noted'}  {history.what(change)}"
        yield from (f"    {detail}" for detail in history.details(change))


def _list(arguments: argparse.Namespace) -> int:
    return at_desk(arguments.desk, lambda desk: "\n".join(_partners(desk)) or _none(desk))


def _none(desk: Desk) -> str:
    return f"{desk} has no partner. Add one: roamdesk partner add NAME --desk {desk.slug} --cpo"


def _partners(desk: Desk) -> Iterator[str]:
    from django.utils import timezone

    from roamdesk.partners.agreed import versions_with
    from roamdesk.partners.models import Partner
    from roamdesk.partners.procedures import version_in_force

    now = timezone.now()
    partners = [*Partner.objects.filter(desk=desk).order_by("name")]
    own = version_in_force(desk, now)
    versions = versions_with(partners, own, now)
    for partner in partners:
        known_by = ", ".join([*partner.operator_ids, *partner.provider_ids]) or "no id"
        yield f"{partner.name}  {' and '.join(partner.roles).upper()}  {known_by}  {partner.zone}"
        for role in partner.roles:
            yield from _readiness(partner, role, versions[partner.pk], own)
            yield f"    dial as {role.upper()}: {_dial(partner, role, now, desk.language)}"


def _readiness(partner: Partner, role: str, version: ProcedureVersion, own: ProcedureVersion) -> Iterator[str]:
    from roamdesk.partners.contact_form import contact_form
    from roamdesk.partners.procedures import procedure_at
    from roamdesk.procedure.readiness import readiness

    found = readiness(procedure_at(version.pk), role, contact_form(partner, role))
    by = "" if version == own else f", by {version}"
    yield f"    {'ready' if found.ready else 'not ready'} as {role.upper()}{by}"
    for gap in found.gaps:
        yield f"        {gap.text}: {gap.why} [{', '.join(gap.cites)}]"


def _dial(partner: Partner, role: str, now: datetime, language: str) -> str:
    from roamdesk.partners.dialling import number_to_dial

    dial = number_to_dial(partner, f"{role}_cc", now, language)
    if dial.now:
        return _number(dial.now)
    return _nobody(dial)


def _number(line: DialLine) -> str:
    who = line.person or line.purpose
    until = f"open until {line.closes_at:%d/%m %H:%M} UTC" if line.closes_at else "always open"
    verified = f"verified {line.verified_at:%d/%m/%Y}" if line.verified_at else "never verified"
    return f"{line.shown}  {who}, {until}, {verified}"


def _nobody(dial: Dial) -> str:
    line = dial.next_to_open
    if line is None:
        return "nobody, no number is given" if not dial.lines else "nobody, the hours say no time"
    return f"nobody now; {line.shown} opens {line.opens_at:%d/%m/%Y %H:%M} UTC"
