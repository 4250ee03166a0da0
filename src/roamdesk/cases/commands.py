"""Orders to a station that a case gives, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django_scopes import scope

from roamdesk.cases.actors import STATION, Actor
from roamdesk.cases.changing import about, changing, check_version
from roamdesk.cases.comparing import match_now
from roamdesk.cases.errors import Refused
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.services import record
from roamdesk.cases.settling import plan_of
from roamdesk.charging.matching import Match
from roamdesk.charging.models import Command, Evse
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.services import queue_remote_stop
from roamdesk.charging.services import CommandRefused, queue_command
from roamdesk.procedure import Machine

FACT_OF = {
    Outcome.UNLOCKED: "ok",
    Outcome.UNLOCK_FAILED: "failed",
    Outcome.NOT_SUPPORTED: "failed",
    Outcome.CALL_ERROR: "failed",
    Outcome.NO_ANSWER: "unknown",
    Outcome.CONNECTION_LOST: "unknown",
    Outcome.UNREADABLE: "unknown",
}


def request_unlock(case: Case, *, actor: Actor, at: datetime, key: str, expected_version: int | None = None) -> Command:
    """Send an Unlock to the case's EVSE. ``key`` makes a second press of the same button one command (S15).

    Raises Refused where no Unlock is owed, where no EVSE of ours is known, or after the last try.
    """
    return _order(case, Command.Kind.UNLOCK, _refuse_unlock, actor, at, key, expected_version)


def request_remote_stop(
    case: Case, *, actor: Actor, at: datetime, key: str, expected_version: int | None = None
) -> Command:
    """Stop the session of the User at the case's EVSE; a normal stop unlocks a cable of one's own too (S12, S15, A9).

    At a partner's EVSE the MSP asks through the hub. Raises Refused where what was said fits no running session:
    nobody else's is ended.
    """
    return _order(case, Command.Kind.REMOTE_STOP, _refuse_remote_stop, actor, at, key, expected_version)


def _order(
    case: Case,
    kind: Command.Kind,
    refuse: Callable[[Case, list[Command], Match], None],
    actor: Actor,
    at: datetime,
    key: str,
    expected_version: int | None,
) -> Command:
    with scope(desk=case.desk), transaction.atomic():
        with changing(case, part_of_more=True) as locked:
            given = list(Command.objects.filter(about=about(locked)))
            known = next((command for command in given if command.key == _key(locked, key)), None)
            if known:
                return known
            check_version(locked, expected_version)
            evse, match = _evse_within_reach(locked, kind), match_now(locked, at)
            refuse(locked, given, match)
            write(locked, "command", {"kind": kind.value, "evse": evse.label, "key": key[:80]}, actor, at)
        asked: dict[str, Any] = {"about": about(case), "key": _key(case, key), "requested_by": actor.name[:80]}
        if evse.station_id is None and match.session:
            return _by_hub(case, match.session.pk, evse, asked, at)
        return queue_command(case.desk, evse, kind, **asked, at=at, token=_token_of(match))


def _by_hub(case: Case, session_id: int, evse: Evse, asked: dict[str, Any], at: datetime) -> Command:
    try:
        return queue_remote_stop(case.desk, session_id, evse, **asked, at=at)
    except CommandRefused as refused:
        raise Refused(str(refused)) from None


def _refuse_remote_stop(case: Case, given: list[Command], match: Match) -> None:
    if match.session is None or not match.session.is_open:
        raise Refused("No running session fits what was said. Ask for token and start time, then stop it.")


def _token_of(match: Match) -> str:
    """The token of the one session that fits what was said; empty where that is not certain."""
    return match.session.token_key if match.session else ""


def _key(case: Case, key: str) -> str:
    return f"{about(case)}:{key}"[:80]


def _refuse_unlock(case: Case, given: list[Command], match: Match) -> None:
    procedure = procedure_of(case)
    if not any(rule.machine is Machine.UNLOCK for rule in plan_of(case).rules):
        raise Refused("The procedure asks for no Unlock now. Look at the next step.")
    answered = (Command.Kind.UNLOCK, Command.State.ANSWERED)
    tries = sum((command.kind, command.state) == answered for command in given)
    if tries >= procedure.tries.get("unlock", 3):
        raise Refused(f"The Unlock was tried {tries} times. Call the User, or promise a field visit.")


def _evse_within_reach(case: Case, kind: Command.Kind) -> Evse:
    """One of ours; for its MSP a partner's too, where a session can be stopped through a hub."""
    by_hub = kind is Command.Kind.REMOTE_STOP and case.side == "msp"
    if case.evse is None or (case.evse.station_id is None and not by_hub):
        raise Refused("No station of ours belongs to this label. Mend the label, or act in your own backend.")
    return case.evse


def command_finished(command: Command) -> None:
    """A station's answer, silence or late answer is noted; an Unlock's becomes a fact (listener of charging)."""
    if not command.about.startswith("case:"):
        return
    with scope(desk=command.desk):
        case = _surviving(command)
        if case is None:
            return
        at = command.answered_at or command.sent_at or command.queued_at
        with changing(case, part_of_more=True) as locked:
            data = {"command": command.pk, "outcome": command.outcome, "late": command.late, "detail": command.detail}
            write(locked, "command_result", data, STATION, at)
            unlocking = command.kind == Command.Kind.UNLOCK and command.outcome
            fact = FACT_OF.get(Outcome(command.outcome)) if unlocking else None
            if fact and not _is_overtaken(locked, command, fact):
                record(locked, {"unlock": fact}, STATION, at)


def _surviving(command: Command) -> Case | None:
    """The case that asked, or the one that it was merged into, to be locked: nothing but its row id is read yet."""
    pk = int(command.about.removeprefix("case:"))
    while row := Case.objects.filter(pk=pk).values_list("merged_into_id").first():
        if row[0] is None:
            return Case(pk=pk, desk=command.desk)
        pk = row[0]
    return None


def _is_overtaken(case: Case, command: Command, fact: str) -> bool:
    """Freed is freed; and a late failure says nothing any more once a newer command was answered."""
    if case.known["values"].get("freed") == "yes":
        return True
    newer = Command.objects.filter(about=command.about, kind=command.kind, pk__gt=command.pk)
    return command.late and fact == "failed" and newer.filter(state=Command.State.ANSWERED).exists()
