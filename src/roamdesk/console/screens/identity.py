"""Identity: what was asked, said and found in the backend, a verdict a row, and the age of the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roamdesk.cases.comparing import PROOF, match_now
from roamdesk.cases.selectors import CaseView
from roamdesk.cases.words import masked
from roamdesk.charging.matching import Agreement, Asked, Match, MatchRow, Verdict
from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark

VERDICTS = {
    Verdict.MATCH: (State.DONE, "Match"),
    Verdict.AMBIGUOUS: (State.UNKNOWN, "Ambiguous"),
    Verdict.MISMATCH: (State.FAILED, "Mismatch"),
    Verdict.NO_DATA: (State.UNKNOWN, "No data"),
}
SAYS = {
    Verdict.MATCH: "One session fits, nothing contradicts",
    Verdict.AMBIGUOUS: "More than one session could be meant",
    Verdict.MISMATCH: "What was said contradicts the backend",
    Verdict.NO_DATA: "No session is known here",
}
ROWS = {Agreement.AGREES: State.DONE, Agreement.DIFFERS: State.FAILED, Agreement.NOT_COMPARED: State.UNKNOWN}
ASKED = {Asked.EVSE: "EVSE", Asked.TOKEN: "Token", Asked.STARTED_AT: "Started", Asked.ADDRESS: "Address"}


@dataclass(frozen=True)
class Row:
    asked: str
    said: str
    backend: str
    mark: Mark


@dataclass(frozen=True)
class IdentityPanel:
    mark: Mark
    headline: str
    reasons: tuple[str, ...]
    rows: tuple[Row, ...]
    age: str
    stale: bool
    accepted: str


def match_of(view: CaseView, now: datetime) -> Match | None:
    """None on the MSP's side, and before anything was said that can be compared."""
    known = view.plan.facts.values
    if view.case.side != "cpo" or PROOF.isdisjoint(known) or not known.keys() & {"evse_label", "token"}:
        return None
    return match_now(view.case, now)


def identity_panel(view: CaseView, match: Match | None, now: datetime) -> IdentityPanel | None:
    if match is None:
        return None
    state, word = VERDICTS[match.verdict]
    return IdentityPanel(
        mark=mark(state, word),
        headline=SAYS[match.verdict],
        reasons=() if match.verdict is Verdict.MATCH else match.reasons,
        rows=tuple(_row(row) for row in match.rows),
        age=words.age(match.data_at, now),
        stale=words.is_stale("sessions", match.data_at, now),
        accepted=f"accepted by {view.match.accepted_by}" if view.match and view.match.accepted_by else "",
    )


def _row(row: MatchRow) -> Row:
    hides = row.asked is Asked.TOKEN
    said, backend = (masked(text) if hides and text else text for text in (row.said, row.backend))
    return Row(ASKED[row.asked], said or "not asked", backend or "–", mark(ROWS[row.verdict], row.note))
