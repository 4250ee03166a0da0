"""``roamdesk token``: an MSP's tokens and Users from a file, and what is blocked."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from roamdesk.server.commands import subparsers as sub
from roamdesk.server.commands.at_desk import at_desk
from roamdesk.server.commands.importing import Import, add_import, import_file

if TYPE_CHECKING:
    from roamdesk.charging.models import Token
    from roamdesk.desks.models import Desk

STORY = """\
The first row names the columns, in any order; value has to be there:

  value            RFID UID, EVCO id or app token
  kind             rfid, contract, app (empty: as the value reads)
  contract_id      the EVCO id behind the card, for instance DE-VPS-C00120417
  printed_number   the number on the card
  user_name        who carries it
  phone            the User's number
  blocked          yes: no charging with it from now on; no: again
  blocked_because  why, for instance: lost

Tokens with the same name and number are one User's. A bad row is said with row, column and reason and left out; the
others go in. A known token is corrected, an empty cell changes nothing. The same file twice changes nothing. The file
holds personal data: delete it afterwards.

  roamdesk token import tokens.csv --desk voltpass
"""


BLOCK_STORY = """\
The token by its value, its contract id or the number printed on it, whole. A hub that asks whether it may charge is
told no from then on; a session that runs goes on. In a file the columns blocked and blocked_because say the same.

  roamdesk token block 04:A2:5B:1C:9D:4F:80 --desk voltpass --because lost
  roamdesk token unblock 04:A2:5B:1C:9D:4F:80 --desk voltpass
"""


def add_to(subparsers: sub.Subparsers) -> None:
    token = sub.add(subparsers, "token", _import, "Tokens and the Users who carry them.", STORY)
    actions = token.add_subparsers(title="actions", metavar="ACTION", required=True)
    add_import(actions, _import, "Add or correct tokens from a CSV file.", STORY)
    block = _named(actions, "block", _block, "No charging with a token from now on.")
    block.add_argument("--because", default="", help="why, for instance: lost")
    _named(actions, "unblock", _unblock, "Let a token charge again.")


def _named(actions: sub.Subparsers, name: str, run: sub.Run, about: str) -> argparse.ArgumentParser:
    parser = sub.add(actions, name, run, about, BLOCK_STORY)
    parser.add_argument("token", metavar="TOKEN", help="its value, contract id or printed number, whole")
    parser.add_argument("--desk", required=True, help="slug of the desk")
    return parser


def _import(arguments: argparse.Namespace) -> int:
    return import_file(arguments, _tokens)


def _tokens() -> Import:
    from django.utils import timezone

    from roamdesk.charging.services import import_tokens

    return partial(import_tokens, at=timezone.now())


def _block(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from django.utils import timezone

        from roamdesk.charging.roaming.services import block_token

        token = _token(desk, arguments.token)
        block_token(desk, token, because=arguments.because, at=timezone.now())
        token.refresh_from_db()
        why = f": {token.blocked_because}" if token.blocked_because else ""
        return f"{token} is blocked since {token.blocked_at:%d/%m/%Y %H:%M} UTC{why}."

    return at_desk(arguments.desk, work)


def _unblock(arguments: argparse.Namespace) -> int:
    def work(desk: Desk) -> str:
        from roamdesk.charging.roaming.services import unblock_token

        token = _token(desk, arguments.token)
        unblock_token(desk, token)
        return f"{token} may charge."

    return at_desk(arguments.desk, work)


def _token(desk: Desk, said: str) -> Token:
    """Raises ValueError where it is not one token."""
    from roamdesk.charging.selectors import find_tokens

    found = [hit.token for hit in find_tokens(desk, said) if hit.whole]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"{len(found)} tokens go by that. Name one by its own value.")
    raise ValueError("No token of this desk goes by that, whole. Nothing was changed.")
