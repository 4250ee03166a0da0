"""What a person must look at in a case besides what the procedure owes: a mark in words, until somebody has."""

from __future__ import annotations

from datetime import datetime

from roamdesk.cases import settling
from roamdesk.cases.actors import Actor
from roamdesk.cases.changing import changing
from roamdesk.cases.errors import Refused
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case

LONGEST = 400


def call_for_attention(case: Case, because: str, actor: Actor, at: datetime) -> None:
    """In a case that is being changed; the same words once. The newest stand first."""
    if because in case.attention:
        return
    case.attention = f"{because} {case.attention}".strip()[:LONGEST]
    write(case, "attention", {"because": because}, actor, at)


def attend(case: Case, *, actor: Actor, at: datetime) -> Case:
    """Somebody has looked at it; a case that waited for that alone closes. Raises Refused where nothing is marked."""
    with changing(case) as locked:
        if not locked.attention:
            raise Refused("Somebody has looked at it already.")
        locked.attention = ""
        write(locked, "attended", {}, actor, at)
        settling.settle(locked, actor, at)
    return locked
