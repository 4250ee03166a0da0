"""``roamdesk token import``: an MSP's tokens and Users from a file."""

from __future__ import annotations

import argparse

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.importing import Import, add_import, import_file

STORY = """\
The first row names the columns, in any order; value has to be there:

  value            RFID UID, EVCO id or app token
  kind             rfid, contract, app (empty: as the value reads)
  contract_id      the EVCO id behind the card, for instance DE-VPS-C00120417
  printed_number   the number on the card
  user_name        who carries it
  phone            the User's number

Tokens with the same name and number are one User's. A bad row is said with row, column and reason and left out; the
others go in. A known token is corrected, an empty cell changes nothing. The same file twice changes nothing. The file
holds personal data: delete it afterwards.

  roamdesk token import tokens.csv --desk voltpass
"""


def add_to(subparsers: sub.Subparsers) -> None:
    token = sub.add(subparsers, "token", _import, "Tokens and the Users who carry them.", STORY)
    actions = token.add_subparsers(title="actions", metavar="ACTION", required=True)
    add_import(actions, _import, "Add or correct tokens from a CSV file.", STORY)


def _import(arguments: argparse.Namespace) -> int:
    return import_file(arguments, _tokens)


def _tokens() -> Import:
    from roamdesk.charging.services import import_tokens

    return import_tokens
