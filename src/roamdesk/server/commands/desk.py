"""``roamdesk desk add``: a company's support organisation on this installation."""

from __future__ import annotations

import argparse
import sys

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.database import database

STORY = """\
For instance, a CPO and an MSP on one installation, who see nothing of each other:

  roamdesk desk add nordlade --name Nordlade --cpo --operator-id 'DE*NDL' --prefix NDL \\
      --mail-from support@nordlade.example --phone +493055501420
  roamdesk desk add voltpass --name VoltPass --msp --provider-id DE-VPS --prefix VPS \\
      --mail-from support@voltpass.example --phone +493055502420
"""


def add_to(subparsers: sub.Subparsers) -> None:
    desk = sub.add(subparsers, "desk", run, "Desks of this installation.")
    actions = desk.add_subparsers(title="actions", metavar="ACTION", required=True)
    parser = sub.add(actions, "add", run, "Add a desk.", STORY)
    parser.add_argument("slug", help="how addresses name it, for instance voltpass")
    parser.add_argument("--name", required=True, help="how people call it")
    parser.add_argument("--msp", action="store_true", help="it plays the MSP side")
    parser.add_argument("--cpo", action="store_true", help="it plays the CPO side")
    parser.add_argument("--operator-id", action="append", default=[], help="for instance DE*NDL; may be repeated")
    parser.add_argument("--provider-id", action="append", default=[], help="for instance DE-VPS; may be repeated")
    parser.add_argument("--prefix", required=True, help="first letters of its case references, four at most")
    parser.add_argument("--mail-from", required=True, help="sender of its notices")
    parser.add_argument("--phone", default="", help="its call centre, for instance +493055501420")
    parser.add_argument("--zone", default="Europe/Berlin", help="IANA time zone (default: %(default)s)")
    parser.add_argument("--country", default="DE", help="for holidays (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    with database():
        import django

        django.setup()
        from roamdesk.server.prepare import prepare_tables

        prepare_tables()  # the first command of an installation
        return _add(arguments)


def _add(arguments: argparse.Namespace) -> int:
    from django.core.exceptions import ValidationError

    from roamdesk.desks.services import add_desk

    try:
        desk = add_desk(
            arguments.slug,
            name=arguments.name,
            plays_msp=arguments.msp,
            plays_cpo=arguments.cpo,
            operator_ids=arguments.operator_id,
            provider_ids=arguments.provider_id,
            reference_prefix=arguments.prefix,
            mail_from=arguments.mail_from,
            call_centre_number=arguments.phone,
            zone=arguments.zone,
            country=arguments.country,
        )
    except ValidationError as problem:
        print("\n".join(problem.messages), file=sys.stderr)
        return 1
    print(f"{desk.name} is set up. Next: roamdesk user add NAME --desk {desk.slug} --role administrator")
    return 0
