"""``roamdesk station``: register charging stations, put labels on their connectors, see who came."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.at_desk import at_desk

if TYPE_CHECKING:
    from roamdesk.desks.models import Desk

STORY = """\
A station, its password read from standard input, and the label that is printed on it:

  echo 'a-password-of-24-letters' | roamdesk station add BER-TRY-001 --desk nordlade --address 'Probeweg 1, Berlin'
  roamdesk station label BER-TRY-001 'DE*NDL*E9001*1' --desk nordlade --connector 1 --plug type2_socket
  roamdesk station list --desk nordlade

It then connects to ws://HOST:9000/BER-TRY-001 with HTTP Basic user BER-TRY-001.
"""


def add_to(subparsers: sub.Subparsers) -> None:
    station = sub.add(subparsers, "station", _list, "Charging stations of a desk.", STORY)
    actions = station.add_subparsers(title="actions", metavar="ACTION", required=True)
    _parser_of_add(actions)
    _parser_of_label(actions)
    parser = sub.add(actions, "list", _list, "Stations with their labels, and whom the installation refused.")
    parser.add_argument("--desk", required=True, help="slug of the desk")


def _parser_of_add(actions: sub.Subparsers) -> None:
    parser = sub.add(actions, "add", _add, "Let a station connect.", STORY)
    parser.add_argument("identity", help="the last part of the address that it connects to")
    parser.add_argument("--desk", required=True, help="slug of the desk")
    parser.add_argument("--profile", type=int, choices=(0, 1, 2), default=1, help="security profile (default: 1)")
    parser.add_argument("--address", default="", help="street and town")


def _parser_of_label(actions: sub.Subparsers) -> None:
    parser = sub.add(actions, "label", _label, "Say which label belongs to which connector.", STORY)
    parser.add_argument("identity", help="the station")
    parser.add_argument("label", help="as printed on it")
    parser.add_argument("--desk", required=True, help="slug of the desk")
    parser.add_argument("--evse-id", default="", help="where it differs from the label")
    parser.add_argument("--evse", type=int, default=1, help="OCPP 2.x evseId; 1 for 1.6 (default: 1)")
    parser.add_argument("--connector", type=int, default=1, help="OCPP connectorId (default: 1)")
    parser.add_argument("--plug", default="unknown", help="for instance type2_socket (default: unknown)")
    parser.add_argument("--hint", default="", help="how people tell it from its neighbour, for instance: left socket")


def _add(arguments: argparse.Namespace) -> int:
    password = sys.stdin.readline().rstrip("\n") if arguments.profile else ""
    return at_desk(arguments.desk, lambda desk: _register(desk, arguments, password))


def _register(desk: Desk, arguments: argparse.Namespace, password: str) -> str:
    from roamdesk.charging.services import register_station

    station = register_station(
        desk,
        arguments.identity,
        password=password,
        security_profile=arguments.profile,
        address=arguments.address,
    )
    return f"{station} may connect to {desk}. Next: roamdesk station label {station} LABEL --desk {desk.slug}"


def _label(arguments: argparse.Namespace) -> int:
    return at_desk(arguments.desk, lambda desk: _put_label(desk, arguments))


def _put_label(desk: Desk, arguments: argparse.Namespace) -> str:
    from roamdesk.charging.services import label_connector

    evse = label_connector(
        desk,
        arguments.identity,
        arguments.label,
        evse_id=arguments.evse_id,
        evse_number=arguments.evse,
        connector_number=arguments.connector,
        plug=arguments.plug,
        place_hint=arguments.hint,
    )
    return f"{evse} is connector {evse.connector_number} of {arguments.identity}: {evse.get_plug_display()}."


def _list(arguments: argparse.Namespace) -> int:
    return at_desk(arguments.desk, lambda desk: "\n".join(_lines(desk)) or "No station is registered.")


def _lines(desk: Desk) -> Iterator[str]:
    from roamdesk.charging.models import RefusedStation, Station

    for station in Station.objects.filter(desk=desk).prefetch_related("evses").order_by("identity"):
        seen = f"last seen {station.last_seen_at:%d/%m/%Y %H:%M} UTC" if station.last_seen_at else "never seen"
        yield f"{station.identity}  {f'connected, {station.version}' if station.is_connected else seen}"
        for evse in station.evses.all():
            place = f"{evse.evse_number}/{evse.connector_number}"
            yield f"    {evse.label}  connector {place}  {evse.status or 'no status yet'}"
    refused = RefusedStation.objects.order_by("-last_at")[:20]
    if refused:
        yield "Refused on the whole installation (they belong to no desk):"
    for knock in refused:
        last = f"{knock.last_at:%d/%m %H:%M} UTC"
        yield f"    {knock.identity}  {knock.reason}  {knock.times} times, last {last}"
