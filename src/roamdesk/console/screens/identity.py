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
    Verdict.MISMATCH: "What was said contradicts what is known",
    Verdict.NO_DATA: "No session is known here",
}
EVIDENCE = {
    "authorised": "Authorised: that it charges was not seen",
    "started": "Charging was seen",
    "cdr": "Closed by its CDR",
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
    evidence: str
    source: str


def match_of(view: CaseView, now: datetime) -> Match | None:
    """None before anything was said that can be compared, and on the MSP's side where no session is known."""
    known = view.plan.facts.values
    if PROOF.isdisjoint(known) or not known.keys() & {"evse_label", "token"}:
        return None
    match = match_now(view.case, now)
    return None if view.case.side == "msp" and match.verdict is Verdict.NO_DATA else match


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
        evidence=EVIDENCE.get(match.session.grade, "") if match.session else "",
        source="Roaming data" if view.case.side == "msp" else "Backend",
        accepted=f"accepted by {view.match.accepted_by}" if view.match and view.match.accepted_by else "",
    )


def _row(row: MatchRow) -> Row:
    hides = row.asked is Asked.TOKEN
    said, backend = (masked(text) if hides and text else text for text in (row.said, row.backend))
    return Row(ASKED[row.asked], said or "not asked", backend or "–", mark(ROWS[row.verdict], row.note))
