"""``roamdesk stations``: the endpoint to which charging stations connect."""

from __future__ import annotations

import argparse
import sys

from roamdesk.server import options
from roamdesk.server.addresses import Address, taken_line
from roamdesk.server.commands import subparsers as sub
from roamdesk.server.database import database


def add_to(subparsers: sub.Subparsers) -> None:
    sub.add(subparsers, "stations", run, "The endpoint for charging stations only (OCPP).")


def run(arguments: argparse.Namespace) -> int:
    address = Address.of(options.STATIONS_LISTEN)
    if not address.is_free():
        print(taken_line(address, options.STATIONS_LISTEN), file=sys.stderr)
        return 1
    with database():
        import django

        django.setup()
        from roamdesk.ocpp.process import run as run_stations

        run_stations()
    return 0
