"""``roamdesk evse import``: fill the directory from a file."""

from __future__ import annotations

import argparse
from functools import partial

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.importing import Import, add_import, import_file

STORY = """\
The first row names the columns, in any order; label or evse_id has to be there:

  label        as printed on the EVSE (empty: the EVSE id)
  evse_id      for instance DE*NDL*E0417*1 (empty: the label)
  partner      whose it is (empty: by the EVSE id, else ours)
  address      street and town
  country      where it stands, two letters like DE (empty: as the EVSE id says)
  plug         type2_socket, type2_cable, type1_cable, ccs_cable, chademo_cable, household_socket, unknown
  place_hint   how people tell it from its neighbour, for instance: left socket
  station      identity of our registered station
  connector    its OCPP connectorId, for instance 1; in 2.x evseId/connectorId, for instance 2/1
  hotline      the driver hotline that roaming data names: dialled when nobody of the contact form can be

A bad row is said with row, column and reason and left out; the others go in. A known EVSE is corrected, an empty cell
changes nothing. The same file twice changes nothing.

  roamdesk evse import nordlade.csv --desk voltpass
"""


def add_to(subparsers: sub.Subparsers) -> None:
    evse = sub.add(subparsers, "evse", _import, "The directory of EVSEs, ours and the partners'.", STORY)
    actions = evse.add_subparsers(title="actions", metavar="ACTION", required=True)
    add_import(actions, _import, "Add or correct EVSEs from a CSV file.", STORY)


def _import(arguments: argparse.Namespace) -> int:
    return import_file(arguments, _evses)


def _evses() -> Import:
    from django.utils import timezone

    from roamdesk.charging.services import import_evses

    return partial(import_evses, at=timezone.now())
