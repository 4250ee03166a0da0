"""The log of exchanges holds tokens: it is kept for a while only."""

from __future__ import annotations

from datetime import datetime, timedelta

from django_scopes import scope

from roamdesk.desks.models import Desk
from roamdesk.oicp.models import Exchange


def forget_exchanges(now: datetime) -> int:
    """Drop of each desk the exchanges that are older than it keeps personal values (``now`` in UTC); how many."""
    return sum(_of_desk(desk, now - timedelta(days=desk.keep_days)) for desk in Desk.objects.all())


def _of_desk(desk: Desk, before: datetime) -> int:
    with scope(desk=desk):
        return Exchange.objects.filter(desk=desk, at__lt=before, unfolded=False).delete()[0]
