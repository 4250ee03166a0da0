"""May this token charge? The answer of an MSP to a start at somebody's station, fast and without a trace."""

from __future__ import annotations

from datetime import datetime

from django_scopes import scope

from roamdesk.charging.models import Token
from roamdesk.charging.roaming.said import Decision, Refusal, TokenSaid
from roamdesk.desks.models import Desk
from roamdesk.desks.prepared import found


def authorise(desk: Desk, token: TokenSaid) -> Decision:
    """Whether the token is one of ours and not blocked.

    A hub asks every MSP about cards that are not theirs: of an unknown token nothing is stored.
    """
    if not token.key:
        return Decision(Refusal.UNREADABLE)
    known = _tokens(desk, token)
    if not known:
        return Decision(Refusal.UNKNOWN_TOKEN)
    usable = [one for one in known if one.blocked_at is None]
    contract = next((one.contract_id for one in usable or known if one.contract_id), "")
    return Decision(None if usable else Refusal.BLOCKED, contract)


def block_token(desk: Desk, token: Token, *, because: str, at: datetime) -> None:
    """No charging with it from ``at`` (UTC) on; blocked again, the first time stays."""
    with scope(desk=desk):
        open_ones = Token.objects.filter(desk=desk, pk=token.pk, blocked_at__isnull=True)
        open_ones.update(blocked_at=at, blocked_because=because[:80])


def unblock_token(desk: Desk, token: Token) -> None:
    with scope(desk=desk):
        Token.objects.filter(desk=desk, pk=token.pk).update(blocked_at=None, blocked_because="")


def _tokens(desk: Desk, token: TokenSaid) -> list[Token]:
    if uid := token.uid_key:
        return found(Token, "WHERE desk_id = %(desk)s AND key = %(key)s", {"desk": desk.pk, "key": uid})
    return found(Token, _OF_CONTRACT, {"desk": desk.pk, "key": token.stem_key})


_OF_CONTRACT = "WHERE desk_id = %(desk)s AND contract_key = %(key)s LIMIT 20"
