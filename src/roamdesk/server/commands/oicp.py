"""``roamdesk oicp``: the roaming hub."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from roamdesk.server import options
from roamdesk.server.addresses import Address, taken_line
from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.at_desk import at_desk
from roamdesk.server.database import database

if TYPE_CHECKING:
    from roamdesk.desks.models import Desk

STORY = """\
The desk as a partner of a roaming hub that speaks OICP 2.3, as MSP, as CPO, or as both.

  roamdesk oicp connect --desk voltpass --url https://service-qa.hubject.com --provider-id DE-VPS \\
      --certificate voltpass.pem --key voltpass.key --root hubject-qa-root.pem --caller "Hubject QA"
  roamdesk oicp ping --desk voltpass
  roamdesk oicp port          what the hub calls; `serve` runs it when ROAMDESK_OICP_LISTEN is set
"""


def add_to(subparsers: sub.Subparsers) -> None:
    oicp = sub.add(subparsers, "oicp", _ping, "The roaming hub (OICP 2.3).", STORY)
    actions = oicp.add_subparsers(title="actions", metavar="ACTION", required=True)
    sub.add(actions, "port", _port, "The port that the hub calls, only.")
    _add_connect(actions)
    ping = sub.add(actions, "ping", _ping, "Certificate, reachability and rights, in plain words.")
    ping.add_argument("--desk", required=True, metavar="SLUG")


def _add_connect(actions: sub.Subparsers) -> None:
    connect = sub.add(actions, "connect", _connect, "Connect a desk with a hub, or change how it is.")
    connect.add_argument("--desk", required=True, metavar="SLUG")
    connect.add_argument("--url", required=True, help="of the hub, without /api/oicp")
    connect.add_argument("--provider-id", default="", help="as MSP (EMP), for instance DE-VPS")
    connect.add_argument("--operator-id", default="", help="as CPO, for instance DE*NDL")
    connect.add_argument("--certificate", type=Path, required=True, help="PEM file with chain, issued by the hub")
    connect.add_argument("--key", type=Path, required=True, help="PEM file with its private key")
    connect.add_argument("--root", type=Path, required=True, help="PEM file with the hub's root and intermediates")
    connect.add_argument(
        "--caller",
        action="append",
        default=[],
        metavar="NAME",
        help="common name of the hub's own certificate",
    )
    connect.add_argument("--subs", action="store_true", help="sub-operators or sub-providers are registered under us")


def _port(arguments: argparse.Namespace) -> int:
    if not options.OICP_LISTEN.text():
        print(
            f"No address takes calls of a hub. Set one, for instance {options.OICP_LISTEN.name}=127.0.0.1:8443",
            file=sys.stderr,
        )
        return 1
    address = Address.of(options.OICP_LISTEN)
    if not address.is_free():
        print(taken_line(address, options.OICP_LISTEN), file=sys.stderr)
        return 1
    with database():
        import django

        django.setup()
        from roamdesk.oicp.port import run

        try:
            run()
        except (OSError, ValueError) as problem:
            print(f"The port for the hub cannot be opened: {problem}", file=sys.stderr)
            return 1
    return 0


def _connect(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.oicp.connecting import connect
        from roamdesk.oicp.transport import Credentials

        hub = connect(
            desk, base_url=arguments.url, operator_id=arguments.operator_id, provider_id=arguments.provider_id,
            credentials=Credentials(arguments.certificate, arguments.key, arguments.root),
            callers=arguments.caller, with_subs=arguments.subs,
        )  # fmt: skip
        return (
            f"{desk} is connected with {hub.base_url}. The hub calls it below /oicp/{desk.slug} of "
            f"{options.OICP_LISTEN.name}. See whether it works: roamdesk oicp ping --desk {desk.slug}"
        )

    return at_desk(arguments.desk, work)


def _ping(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.oicp.looking import look

        return "\n".join(look(desk, datetime.now(UTC)))

    return at_desk(arguments.desk, work)
