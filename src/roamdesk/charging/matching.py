"""Is the caller who they say they are? What was said, held against the sessions (S9, S25 to S27, A7).

Pure: values in, verdict and reasons out. A match needs the EVSE and one thing more, the token or the start
time, and nothing that disagrees. Where two Users fit, nobody is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from roamdesk.charging.keys import contract_stem
from roamdesk.identifiers import (
    IdentifierError,
    RfidUid,
    SameCard,
    address_words,
    label_key,
    sounds_key,
    token_key,
)

SHORTEST_PART = 4  # characters of a token or label that may stand for the whole
CLOCK_SKEW = timedelta(minutes=2)
NOT_COMPARED = "not compared"


class Verdict(StrEnum):
    MATCH = "match"
    AMBIGUOUS = "ambiguous"
    MISMATCH = "mismatch"
    NO_DATA = "no_data"


class Agreement(StrEnum):
    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_COMPARED = "not_compared"


class Asked(StrEnum):
    EVSE = "evse"
    TOKEN = "token"
    STARTED_AT = "started_at"
    ADDRESS = "address"


@dataclass(frozen=True)
class Said:
    """What the caller told; empty for what was not asked. ``started_at`` is aware UTC.

    ``contracts`` are those that the token is known to belong to, without check character.
    """

    token: str = ""
    evse_label: str = ""
    started_at: datetime | None = None
    address: str = ""
    contracts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SessionRecord:
    """A session as the backend knows it. Instants are aware UTC, ``observed_at`` is the age of the data."""

    pk: int
    started_at: datetime
    observed_at: datetime
    ended_at: datetime | None = None
    evse_label: str = ""
    evse_id: str = ""
    token_key: str = ""
    contract_id: str = ""
    address: str = ""
    session_id: str = ""
    transaction_id: str = ""
    charging: bool = True
    grade: str = ""  # charging.roaming Grade; empty for a session of our own station

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


@dataclass(frozen=True)
class Tolerances:
    """Procedure data (A7)."""

    start: timedelta = timedelta(minutes=15)
    ended_within: timedelta = timedelta(hours=24)


@dataclass(frozen=True)
class MatchRow:
    """One question: what was said, what the backend has, and how they compare in words."""

    asked: Asked
    said: str
    backend: str
    verdict: Agreement
    note: str


@dataclass(frozen=True)
class Match:
    """``sessions`` are the one that matches, those that could, or those held against; ``rows`` are the best's."""

    verdict: Verdict
    rows: tuple[MatchRow, ...]
    sessions: tuple[SessionRecord, ...]
    data_at: datetime | None
    reasons: tuple[str, ...]

    @property
    def session(self) -> SessionRecord | None:
        """The session of the caller, only when it is certain."""
        return self.sessions[0] if self.verdict is Verdict.MATCH else None


@dataclass(frozen=True)
class _Compared:
    session: SessionRecord
    rows: tuple[MatchRow, ...]

    @property
    def agreeing(self) -> frozenset[Asked]:
        return frozenset(row.asked for row in self.rows if row.verdict is Agreement.AGREES)

    @property
    def differs(self) -> bool:
        return any(row.verdict is Agreement.DIFFERS for row in self.rows)

    @property
    def proves(self) -> bool:
        enough = Asked.EVSE in self.agreeing and bool(self.agreeing & {Asked.TOKEN, Asked.STARTED_AT})
        return enough and not self.differs


def match_identity(said: Said, sessions: Sequence[SessionRecord], tolerances: Tolerances, now: datetime) -> Match:
    """Hold what was said against the sessions that are open or ended recently enough (``now`` is aware UTC).

    Raises ValueError for an instant without a zone.
    """
    _require_zone(said.started_at, now)
    recent = [one for one in sessions if one.ended_at is None or now - one.ended_at <= tolerances.ended_within]
    if not recent:
        return Match(Verdict.NO_DATA, _rows_of_nothing(said), (), None, (_no_session(tolerances),))
    compared = [_Compared(session, _rows(said, session, tolerances, now)) for session in recent]
    compared.sort(key=_likeness, reverse=True)
    proven = _one_user([one for one in compared if one.proves])
    if len(proven) == 1:
        return _match(Verdict.MATCH, proven, recent, _reasons(proven[0]))
    if proven:
        return _match(Verdict.AMBIGUOUS, proven, recent, _several(proven))
    possible = [one for one in compared if not one.differs]
    if possible:
        return _match(Verdict.AMBIGUOUS, possible, recent, _too_little(possible[0]))
    return _match(Verdict.MISMATCH, compared, recent, _reasons(compared[0]))


def _require_zone(*instants: datetime | None) -> None:
    if any(instant is not None and instant.utcoffset() is None for instant in instants):
        raise ValueError("An instant carries no zone: give aware datetimes, in UTC.")


def _match(
    verdict: Verdict, found: Sequence[_Compared], recent: Sequence[SessionRecord], reasons: tuple[str, ...]
) -> Match:
    data_at = max(one.session.observed_at for one in found) if found else max(r.observed_at for r in recent)
    return Match(verdict, found[0].rows, tuple(one.session for one in found), data_at, reasons)


def _likeness(one: _Compared) -> tuple[int, int, bool, datetime]:
    differing = sum(row.verdict is Agreement.DIFFERS for row in one.rows)
    return len(one.agreeing), -differing, one.session.is_open, one.session.started_at


def _one_user(proven: list[_Compared]) -> list[_Compared]:
    """Several sessions of one token at one EVSE are one User: the likeliest, an open one first, is meant."""
    users = {(one.session.token_key, one.session.evse_label) for one in proven}
    return proven[:1] if len(users) == 1 and proven[0].session.token_key else proven


def _rows(said: Said, session: SessionRecord, tolerances: Tolerances, now: datetime) -> tuple[MatchRow, ...]:
    rows = [
        _evse_row(said.evse_label, session),
        _token_row(said, session),
        _start_row(said.started_at, session, tolerances, now),
    ]
    return (*rows, _address_row(said.address, session)) if said.address else tuple(rows)


def _evse_row(said: str, session: SessionRecord) -> MatchRow:
    row = MatchRow(Asked.EVSE, said, session.evse_label, Agreement.NOT_COMPARED, NOT_COMPARED)
    printed = [text for text in (session.evse_label, session.evse_id) if text]
    if not said or not printed:
        return row
    if label_key(said) in [label_key(text) for text in printed]:
        return replace(row, verdict=Agreement.AGREES, note="same")
    if sounds_key(said) in [sounds_key(text) for text in printed]:
        return replace(row, verdict=Agreement.AGREES, note="same, letter O or I read as a digit")
    part = sounds_key(said)
    if len(part) >= SHORTEST_PART and any(part in sounds_key(text) for text in printed):
        return replace(row, verdict=Agreement.AGREES, note=f"{len(part)} characters of it are the same")
    return replace(row, verdict=Agreement.DIFFERS, note="another EVSE")


def _token_row(said: Said, session: SessionRecord) -> MatchRow:
    row = MatchRow(Asked.TOKEN, said.token, session.token_key, Agreement.NOT_COMPARED, NOT_COMPARED)
    if not said.token or not (session.token_key or session.contract_id):
        return row
    note = _same_token(said.token, session) or _by_contract(said.contracts, session)
    if note:
        return replace(row, verdict=Agreement.AGREES, note=note)
    return replace(row, verdict=Agreement.DIFFERS, note="another token")


def _same_token(said: str, session: SessionRecord) -> str:
    """How the token agrees, in words; empty when it does not."""
    try:
        key = token_key(said)
    except IdentifierError:
        return ""
    if key == session.token_key:
        return _same_whole(key)
    contracts = {contract_stem(text) for text in (session.token_key, session.contract_id)} - {""}
    if contract_stem(said) in contracts:
        return "same contract"
    if _reversed(key, session.token_key):
        return "same bytes in the other order, as some readers say them"
    ends = [known for known in (session.token_key, session.contract_id) if known]
    if len(key) >= SHORTEST_PART and any(_ends_with(known, key) for known in ends):
        return f"last {len(key)} the same"
    return ""


def _by_contract(contracts: frozenset[str], session: SessionRecord) -> str:
    return "same contract" if contract_stem(session.token_key) in contracts else ""


def _same_whole(key: str) -> str:
    uid = _uid(key)
    return f"same, all {len(uid.octets)} bytes" if uid else "same"


def _reversed(said: str, known: str) -> bool:
    one, other = _uid(said), _uid(known)
    return one is not None and other is not None and one.same_card(other) is SameCard.REVERSED


def _uid(key: str) -> RfidUid | None:
    try:
        return RfidUid.parse(key)
    except IdentifierError:
        return None


def _ends_with(known: str, end: str) -> bool:
    key = label_key(known)
    return len(key) > len(end) and key.endswith(end)


def _start_row(said: datetime | None, session: SessionRecord, tolerances: Tolerances, now: datetime) -> MatchRow:
    backend = _clock(session.started_at)
    if said is None:
        return MatchRow(Asked.STARTED_AT, "", backend, Agreement.NOT_COMPARED, NOT_COMPARED)
    row = MatchRow(Asked.STARTED_AT, _clock(said), backend, Agreement.NOT_COMPARED, "in the future: ask again")
    if said > now + CLOCK_SKEW:
        return row
    apart, allowed = abs(said - session.started_at), tolerances.start
    agrees = Agreement.AGREES if apart <= allowed else Agreement.DIFFERS
    return replace(row, verdict=agrees, note=f"{_minutes(apart)} min apart, {_minutes(allowed)} allowed")


def _address_row(said: str, session: SessionRecord) -> MatchRow:
    row = MatchRow(Asked.ADDRESS, said, session.address, Agreement.NOT_COMPARED, NOT_COMPARED)
    words = address_words(said)
    if not words or not session.address:
        return row
    known = set(address_words(session.address))
    missing = [word for word in words if word not in known]
    if missing:
        return replace(row, verdict=Agreement.DIFFERS, note=f"not in the address: {' '.join(missing)[:80]}")
    return replace(row, verdict=Agreement.AGREES, note="same, as far as it was said")


def _rows_of_nothing(said: Said) -> tuple[MatchRow, ...]:
    values = (
        (Asked.EVSE, said.evse_label),
        (Asked.TOKEN, said.token),
        (Asked.STARTED_AT, _clock(said.started_at) if said.started_at else ""),
        (Asked.ADDRESS, said.address),
    )
    return tuple(MatchRow(asked, text, "", Agreement.NOT_COMPARED, NOT_COMPARED) for asked, text in values if text)


_NAMES = {
    Asked.EVSE: "EVSE",
    Asked.TOKEN: "Token",
    Asked.STARTED_AT: "Start time",
    Asked.ADDRESS: "Address",
}


def _reasons(one: _Compared) -> tuple[str, ...]:
    return tuple(f"{_NAMES[row.asked]}: {row.note}" for row in one.rows)


def _several(proven: Sequence[_Compared]) -> tuple[str, ...]:
    return (f"{len(proven)} sessions fit. Ask for the token, or for a closer start time.",)


def _too_little(best: _Compared) -> tuple[str, ...]:
    if Asked.EVSE not in best.agreeing:
        ask = "The EVSE was not compared. Ask for the EVSE label."
    else:
        ask = "Only the EVSE agrees. Ask for the token or the start time."
    return (ask, *_reasons(best))


def _no_session(tolerances: Tolerances) -> str:
    hours = int(tolerances.ended_within.total_seconds() // 3600)
    return f"No session is known here, open or ended within {hours} h."


def _clock(instant: datetime) -> str:
    return f"{instant:%d/%m/%Y %H:%M} UTC"


def _minutes(span: timedelta) -> int:
    """Whole minutes, rounded up, so that a minute too far never reads as allowed."""
    return -(-span // timedelta(minutes=1))
