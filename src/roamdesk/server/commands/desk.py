"""``roamdesk desk``: a company's support organisation on this installation, and what mails it sends by itself."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.at_desk import at_desk
from roamdesk.server.database import database

if TYPE_CHECKING:
    from roamdesk.desks.models import Desk

STORY = """\
For instance, a CPO and an MSP on one installation, who see nothing of each other:

  roamdesk desk add nordlade --name Nordlade --cpo --operator-id 'DE*NDL' --prefix NDL \\
      --mail-from support@nordlade.example --phone +493055501420
  roamdesk desk add voltpass --name VoltPass --msp --provider-id DE-VPS --prefix VPS \\
      --mail-from support@voltpass.example --phone +493055502420
"""

MAIL_STORY = """\
For instance, acknowledge what partners write, and never more than 4 times an hour to one of them:

  roamdesk desk mail voltpass --acknowledge yes --replies-per-hour 4

A budget that is used up stops the machine, not people: the case says so, and what is owed can be sent by hand.
"""


RETENTION_STORY = """\
Every night what is older is erased: Users' names, numbers and tokens in closed cases, what mails said that came or
were sent, tokens and raw texts of sessions, the log of exchanges with the hub. History, times and outcomes stay.

  roamdesk desk retention voltpass --days 60
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
    _add_mail(actions)
    about = "How long a desk keeps personal values; without --days it says how it is."
    retention = sub.add(actions, "retention", _retention, about, RETENTION_STORY)
    retention.add_argument("slug", help="which desk")
    retention.add_argument("--days", type=int, help="after a case closed, after a mail or news of a session came")


def _add_mail(actions: sub.Subparsers) -> None:
    about = "What may leave by itself at a desk, and how much; without options it says how it is."
    mail = sub.add(actions, "mail", _mail, about, MAIL_STORY)
    mail.add_argument("slug", help="which desk")
    mail.add_argument("--acknowledge", choices=["yes", "no"], help="answer each partner's mail once in a case")
    mail.add_argument("--replies-per-hour", type=int, help="acknowledgements to one partner")
    mail.add_argument("--per-case", type=int, help="automatic mails of one case in 24 hours")
    mail.add_argument("--per-address", type=int, help="automatic mails to one address in 24 hours")
    mail.add_argument("--per-desk", type=int, help="automatic mails of the desk in 24 hours, the last wall")


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


def _mail(arguments: argparse.Namespace) -> int:
    names = ("replies_per_hour", "per_case", "per_address", "per_desk")
    changes: dict[str, bool | int] = {
        name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None
    }
    if arguments.acknowledge:
        changes["acknowledges"] = arguments.acknowledge == "yes"

    def work(desk: Desk) -> str:
        from roamdesk.correspondence.budgets import keep_rules, rules_of

        rules = keep_rules(desk, changes) if changes else rules_of(desk)
        return (
            f"{desk} {'acknowledges' if rules.acknowledges else 'does not acknowledge'} mail. By itself leave at most: "
            f"{rules.replies_per_hour} acknowledgements an hour to one partner; in 24 hours {rules.per_case} mails of "
            f"a case, {rules.per_address} to an address, {rules.per_desk} of the desk."
        )

    return at_desk(arguments.slug, work)


def _retention(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.desks.services import keep_personal_values

        if arguments.days is not None:
            keep_personal_values(desk, arguments.days)
        return f"{desk} keeps personal values for {desk.keep_days} days."

    return at_desk(arguments.slug, work)
