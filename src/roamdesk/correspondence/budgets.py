"""How much may leave by itself: what stops a loop when the headers of the other side lie.

The outbox is what is counted, so workers on many machines share it; the desk's row is locked while one of them
counts and writes. See docs/decisions/0010-loops-and-budgets.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db.models import QuerySet

from roamdesk.correspondence.addresses import MailRefused
from roamdesk.correspondence.models import MailRules, Message
from roamdesk.desks.models import Desk

MOST = 1_000_000
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class UsedUp(MailRefused):
    """A budget is used up; nothing was queued. A person can still write."""


def rules_of(desk: Desk) -> MailRules:
    """As the desk keeps them, else the defaults."""
    return MailRules.objects.filter(desk=desk).first() or MailRules(desk=desk)


def keep_rules(desk: Desk, changes: Mapping[str, bool | int]) -> MailRules:
    """Change some of a desk's rules. A budget of 0 lets nothing leave by itself. Raises ValueError with the mend."""
    if wrong := next((name for name, value in changes.items() if not 0 <= value <= MOST), None):
        raise ValueError(f"{wrong.replace('_', ' ')} is a number from 0 to {MOST}. Nothing was changed.")
    rules, _ = MailRules.objects.update_or_create(desk=desk, defaults=dict(changes))
    return rules


def demand_room(row: Message) -> None:
    """For a mail that is about to leave by itself, in the transaction that writes it. Raises UsedUp.

    One that is in the outbox already needs no more room.
    """
    desk = Desk.objects.select_for_update(no_key=True).get(pk=row.desk_id)
    before = Message.objects.filter(desk=desk, by_itself=True)
    if before.filter(key=row.key).exists():
        return
    rules, today = rules_of(desk), before.filter(queued_at__gt=row.queued_at - DAY)
    _demand(today, rules.per_desk, f"{desk} in a day")
    if row.about:
        _demand(today.filter(about=row.about), rules.per_case, "this case in a day")
    for address in row.to:
        _demand(today.filter(to__contains=[address]), rules.per_address, f"{address} in a day")
    if row.origin == Message.Origin.REPLIED:
        whom = {"partner": row.partner_id} if row.partner_id else {"to__overlap": row.to}
        replies = before.filter(origin=row.origin, queued_at__gt=row.queued_at - HOUR, **whom)
        _demand(replies, rules.replies_per_hour, f"replies to {row.partner or row.to[0]} in an hour")


def _demand(before: QuerySet[Message], most: int, where: str) -> None:
    if before.count() >= most:
        raise UsedUp(
            f"The budget of automatic mails for {where} is used up ({most}). Look whether a machine answers; you can "
            "still write by hand."
        )
