"""Identity: what the caller said, held against the backend each time it changes (S9, S25 to S27, A7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from roamdesk.cases.actors import BACKEND
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.snapshot import facts_of, keep
from roamdesk.cases.telling import put_away
from roamdesk.cases.words import full
from roamdesk.charging.matching import Match, Said, Tolerances, match_identity
from roamdesk.charging.selectors import contracts_of, sessions_for
from roamdesk.charging.services import record_match
from roamdesk.identifiers import label_key
from roamdesk.procedure import Entry, Procedure, advance

SAID = frozenset({"token", "evse_label", "session_start", "station_address"})
PROOF = frozenset({"token", "session_start"})


def compare(case: Case, told: Iterable[str], at: datetime) -> None:
    """Match anew when something was told that can be compared, and keep verdict and reasons as an event.

    A CPO compares with its backend; a label alone proves nobody. Taken back, nothing is compared any more.
    An MSP knows its User: of what partners said of sessions it takes the session's id.
    """
    procedure = procedure_of(case)
    known = case.known["values"]
    if case.side == "msp" and "token" in known and not SAID.isdisjoint(told):
        _take_session(case, procedure, at)
        return
    if case.side != "cpo" or "match" not in procedure.facts or SAID.isdisjoint(told):
        return
    if not PROOF.isdisjoint(known):
        match = match_now(case, at)
        record_match(case.desk, match, about=f"case:{case.pk}", at=at)
        _keep(case, procedure, match.verdict.value, _of_session(case, match, procedure), at)
    elif "match" in known:
        _keep(case, procedure, None, {}, at)


def _take_session(case: Case, procedure: Procedure, at: datetime) -> None:
    """Silent where no session fits, or one is known already."""
    match = match_now(case, at)
    values = {name: value for name, value in _of_session(case, match, procedure).items() if name != "token"}
    if match.session is None or not values:
        return
    data = {"verdict": match.verdict.value, "grade": match.session.grade, "values": values}
    event = write(case, "matched", data, BACKEND, at)
    keep(case, advance(procedure, facts_of(case), [Entry(event.at, values)]))


def _of_session(case: Case, match: Match, procedure: Procedure) -> dict[str, Any]:
    """The one session that fits has the whole token, and stands in for a CDR that is not issued yet (A10)."""
    session, known = match.session, case.known["values"]
    if session is None:
        return {}
    found: dict[str, Any] = {}
    id = session.session_id or session.transaction_id
    if id and "session_id" not in known and "session_id" in procedure.facts:
        found["session_id"] = id
    if session.grade == "cdr" and "cdr_id" not in known and "cdr_id" in procedure.facts:
        found["cdr_id"] = session.session_id
    said = label_key(full(case, "token", known["token"])) if "token" in known else ""
    if said and session.token_key != said and session.token_key.endswith(said):
        found |= put_away(case, procedure, {"token": session.token_key})
    return found


def _keep(case: Case, procedure: Procedure, verdict: str | None, more: dict[str, Any], at: datetime) -> None:
    values = {"match": verdict, **more}
    event = write(case, "matched", {"verdict": verdict or "nothing", "values": values}, BACKEND, at)
    keep(case, advance(procedure, facts_of(case), [Entry(event.at, values)]))


def match_now(case: Case, at: datetime) -> Match:
    """What was said against the sessions as they are now, row by row. Runs in the desk's scope."""
    said = _said(case)
    found = sessions_for(case.desk, evse=case.evse, token=said.token, now=at)
    if case.side == "msp" and found:
        said = replace(said, contracts=contracts_of(case.desk, said.token))
    return match_identity(said, found, _tolerances(procedure_of(case)), at)


def _said(case: Case) -> Said:
    known = case.known["values"]
    start = known.get("session_start")
    return Said(
        token=full(case, "token", known["token"]) if "token" in known else "",
        evse_label=known.get("evse_label", ""),
        started_at=datetime.fromisoformat(start) if start else None,
        address=known.get("station_address", ""),
    )


def _tolerances(procedure: Procedure) -> Tolerances:
    given = procedure.tolerances
    return Tolerances(
        start=given.get("session_start", timedelta(minutes=15)),
        ended_within=given.get("session_ended", timedelta(hours=24)),
    )
