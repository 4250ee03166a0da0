"""Workers on many machines share one budget: of many that would send at once, as many do as there is room for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection
from django_scopes import scope, scopes_disabled

from roamdesk.correspondence import budgets
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Desk

Queue = Callable[..., Message]


def tried_at_once(queue: Queue, *keys: str) -> list[bool]:
    def leaves(key: str) -> bool:
        try:
            queue(key=key, by_itself=True)
        except budgets.UsedUp:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(leaves, keys))


def test_eight_at_once_share_the_room_for_three(queue: Queue, cpo_desk: Desk) -> None:
    with scope(desk=cpo_desk):
        budgets.keep_rules(cpo_desk, {"per_case": 3})
    assert sum(tried_at_once(queue, *(f"k{n}" for n in range(8)))) == 3
    with scopes_disabled():
        assert Message.objects.filter(by_itself=True).count() == 3


def test_the_same_mail_again_needs_no_more_room(queue: Queue, cpo_desk: Desk) -> None:
    with scope(desk=cpo_desk):
        budgets.keep_rules(cpo_desk, {"per_case": 1})
    assert tried_at_once(queue, *["k1"] * 8) == [True] * 8
    with scopes_disabled():
        assert Message.objects.count() == 1


def test_what_a_person_sent_and_what_left_yesterday_takes_no_room(queue: Queue, cpo_desk: Desk) -> None:
    with scope(desk=cpo_desk):
        budgets.keep_rules(cpo_desk, {"per_case": 1, "per_address": 1, "per_desk": 1})
    queue(key="by a person")
    queue(key="yesterday", by_itself=True)
    with scopes_disabled():
        Message.objects.filter(key="yesterday").update(queued_at=Message.objects.first().queued_at - timedelta(days=1))
    assert tried_at_once(queue, "today", "too much") in ([True, False], [False, True])


def test_another_desk_has_its_own_budget(queue: Queue, cpo_desk: Desk, msp_desk: Desk) -> None:
    with scope(desk=msp_desk):
        budgets.keep_rules(msp_desk, {"per_desk": 0})
    assert tried_at_once(queue, "k1") == [True]
