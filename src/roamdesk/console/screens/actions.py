"""What can be done to a case beside its next step: other cases, the session that runs, what may be left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from roamdesk.cases.errors import Refused
from roamdesk.cases.models import Case, CaseLink
from roamdesk.cases.searching import search
from roamdesk.cases.selectors import CaseView
from roamdesk.cases.words import masked
from roamdesk.charging.matching import Match
from roamdesk.charging.models import Command
from roamdesk.charging.roaming.services import can_stop
from roamdesk.console import words
from roamdesk.console.screens.unlock import RUNNING, Attempt, attempt_of
from roamdesk.desks.models import Desk

NAMED = 4


@dataclass(frozen=True)
class Stop:
    """The session that a remote stop ends; ``key`` makes two presses of one button one command."""

    label: str
    ends: str
    key: str
    by_hub: bool = False


@dataclass(frozen=True)
class Actions:
    """``waivable`` are duties of ours that the procedure lets us decline, each rule with its words."""

    waivable: tuple[tuple[str, str], ...]
    stop: Stop | None
    stops: tuple[Attempt, ...]
    linked: tuple[Case, ...]

    @property
    def stopping(self) -> bool:
        return any(attempt.running for attempt in self.stops)


def actions_of(view: CaseView, match: Match | None, now: datetime, zone: str) -> Actions:
    """Runs in the desk's scope."""
    commands = [command for command in view.commands if command.kind == Command.Kind.REMOTE_STOP]
    return Actions(
        waivable=tuple((row.rule.id, row.title) for row in view.ours if row.rule.waivable),
        stop=_stop(view, match, commands, now, zone),
        stops=tuple(attempt_of(command, now, zone) for command in commands),
        linked=tuple(_linked(view.case)),
    )


def another_case(case: Case, named: str) -> Case:
    """The other case of this desk with this reference, or its end. Raises Refused where none or several fit."""
    return named_case(case.desk, named, but=case.pk)


def named_case(desk: Desk, named: str, but: int = 0) -> Case:
    """The case of this desk with this reference, or its end, that is not ``but``. Raises Refused as another_case."""
    wanted = named.strip()
    if not wanted:
        raise Refused("Type the reference of the case, or its end.")
    found = [each for each in search(desk, wanted) if each.pk != but and _is_named(each, wanted)]
    exact = [each for each in found if each.reference.casefold() == wanted.casefold()] or found
    if not exact:
        raise Refused(f"No {'other ' if but else ''}case of this desk has the reference {wanted[:60]}.")
    if len(exact) > 1:
        named_here = ", ".join(each.reference for each in exact[:NAMED])
        raise Refused(f"Several cases end so: {named_here}. Type the whole reference.")
    return exact[0]


def _is_named(case: Case, wanted: str) -> bool:
    references = [case.reference.casefold(), case.their_reference.casefold()]
    return any(reference.endswith(wanted.casefold()) for reference in references)


def _stop(view: CaseView, match: Match | None, commands: list[Command], now: datetime, zone: str) -> Stop | None:
    """None where no session of the User is known to run, or a stop is on its way."""
    session = match.session if match else None
    evse = view.case.evse
    on_its_way = any(command.state in RUNNING for command in commands)
    if session is None or not session.is_open or on_its_way or evse is None:
        return None
    if evse.station_id is None and not can_stop(view.case.desk, session.pk):
        return None
    token = f"with token {masked(session.token_key)}" if session.token_key else "without a token"
    since = words.moment(session.started_at, now, zone)
    return Stop(
        session.evse_label,
        f"the session {token}, which has run since {since}",
        f"stop-{len(commands) + 1}",
        by_hub=evse.station_id is None,
    )


def _linked(case: Case) -> Iterable[Case]:
    """In either direction."""
    links = CaseLink.objects.filter(Q(case=case) | Q(other=case)).select_related("case", "other")
    return {each.pk: each for link in links for each in (link.case, link.other) if each.pk != case.pk}.values()
