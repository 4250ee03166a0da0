"""A stuck cable from the first call to the closed case, against the same number of bare commits.

Every step is one transaction of the real verbs, on the same server as the bare commits, with the same durability
(fsync on, synchronous_commit on) and over the same kind of connection. A bare commit inserts one row of the size of
an event. Both take turns, in rounds. The relay and the station are left out: what they answer is told.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from django.db import transaction
from django_scopes import scope

from benchmarks.figures import Figure, figure
from benchmarks.people import AT, LABEL, TOKEN, Cast, cast
from roamdesk.cases import services
from roamdesk.cases.actors import STATION, Actor
from roamdesk.cases.commands import request_unlock
from roamdesk.cases.models import Case
from roamdesk.cases.notices import send_notice
from roamdesk.cases.services import Typed
from roamdesk.charging.models import Command
from roamdesk.charging.ports import Outcome
from roamdesk.charging.services import command_answered, command_sent
from roamdesk.correspondence import ports
from roamdesk.correspondence.models import Fate, Message

ROUNDS = 15
LIVES_A_ROUND = 8
KNOWN = {"event_time": "2026-03-10T09:00:00+00:00", "cdr_reason": "the session still runs"}

_keys = itertools.count()


def figures() -> Iterator[Figure]:
    people = cast("lifecycle")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as bare:
        bare.execute("CREATE TABLE IF NOT EXISTS bare_commit (id bigserial PRIMARY KEY, kind text, data jsonb)")
        _must_be_durable(bare)
        yield _figure("lifecycle_vs_commits", people, bare, _whole_life, "a whole case with its command and its mail")
        yield _figure("verbs_vs_commits", people, bare, _verbs_alone, "the same case, its verbs alone")


def _figure(name: str, people: Cast, bare: psycopg.Connection[Any], live: Callable[[Cast], int], what: str) -> Figure:
    live(people)
    ratios, ours, theirs = [], [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        commits = sum(live(people) for _ in range(LIVES_A_ROUND))
        between = time.perf_counter()
        bare_commits(bare, commits)
        ended = time.perf_counter()
        ratios.append((ended - between) / (between - began))
        ours.append((between - began) / commits * 1000)
        theirs.append((ended - between) / commits * 1000)
    detail = f"{what}: {_middle(ours):.2f} ms a commit against {_middle(theirs):.2f} ms bare"
    return figure(name, ratios, 0.5, at_least=True, detail=detail)


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _must_be_durable(bare: psycopg.Connection[Any]) -> None:
    for setting in ("fsync", "synchronous_commit"):
        assert bare.execute(f"SHOW {setting}").fetchone() == ("on",), setting


def bare_commits(bare: psycopg.Connection[Any], times: int) -> None:
    """One row of the size of an event each."""
    row = ["facts", '{"values": {"unlock": "failed"}, "rule": "do_unlock", "note": "' + "x" * 200 + '"}']
    for _ in range(times):
        bare.execute("INSERT INTO bare_commit (kind, data) VALUES (%s, %s)", row)


def _opened(people: Cast) -> Case:
    """One commit."""
    facts = {"caller": "partner", "problem": "cable_stuck", "evse_label": LABEL, "issue": "It does not come out."}
    return services.open_case(
        people.desk, side="cpo", facts=facts, partner=people.partner, actor=Actor.of(people.operator), at=AT
    )


def identified(people: Cast) -> Case:
    """Three commits."""
    do: dict[str, Any] = {"actor": Actor.of(people.operator), "at": AT}
    case = _opened(people)
    case = services.answer_step(
        case, "ask_identity_msp", 1, typed=Typed({"token": TOKEN}), expected_version=case.version, **do
    )
    return services.answer_step(case, "accept_identity", 1, expected_version=case.version, **do)


def _whole_life(people: Cast) -> int:
    """How many commits it took."""
    do: dict[str, Any] = {"actor": Actor.of(people.operator), "at": AT}
    case = identified(people)
    command = request_unlock(case, key=f"press-{next(_keys)}", **do)
    with scope(desk=people.desk):
        _unlocked(command)
    case = services.answer_step(case, "report_result", 1, **do)
    case = services.record_facts(case, KNOWN, expected_version=case.version, **do)
    message = send_notice(case, "mail_success", **do)
    with scope(desk=people.desk):
        _accepted(message)
        assert Case.objects.get(pk=case.pk).state == "closed"
    return 9


def _unlocked(command: Command) -> None:
    """Two commits."""
    command_sent(command, message_id=str(command.pk), request="[2]", at=AT)
    command_answered(command, Outcome.UNLOCKED, response="[3]", at=AT)


def _accepted(message: Message) -> None:
    """One commit: the relay's word, and what follows from it."""
    with transaction.atomic():
        message.state, message.accepted_at, message.next_attempt_at = Message.State.ACCEPTED, AT, None
        message.fates = dict.fromkeys(message.to, Fate.ACCEPTED)
        message.save()
        ports.message_changed(message)


def _verbs_alone(people: Cast) -> int:
    """How many commits it took."""
    do: dict[str, Any] = {"actor": Actor.of(people.operator), "at": AT}
    case = identified(people)
    case = services.record_facts(case, {"unlock": "ok"}, actor=STATION, at=AT)
    case = services.answer_step(case, "report_result", 1, **do)
    told = {"mailed_support": "successful", "mailed_focal_points": "successful"}
    case = services.record_facts(case, told, **do)
    assert case.state == "closed"
    return 6
