"""One session out of all that was said of it. Pure: the order in which it came does not matter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from roamdesk.charging.roaming.said import TimeSaid
from roamdesk.identifiers import label_key

Value = TypeVar("Value")
MOST_ENERGY_KWH = Decimal(1000)  # more in one session is usually Wh sent as kWh


class Kind(StrEnum):
    """The kinds of evidence, the weightiest first."""

    CDR = "cdr"
    ENDED = "ended"
    PROGRESS = "progress"
    STARTED = "started"
    ERROR = "error"
    STOP_AUTHORISED = "stop_authorised"
    REMOTE_STOP = "remote_stop"
    AUTHORISED = "authorised"
    REMOTE_START = "remote_start"
    RESERVED = "reserved"


class Grade(StrEnum):
    """What the evidence proves: allowed to charge, charging was seen, charging was accounted for."""

    AUTHORISED = "authorised"
    STARTED = "started"
    CDR = "cdr"


class Flag(StrEnum):
    """What is odd in the evidence. Nothing is corrected, it is said."""

    TWO_CDRS = "two_cdrs"
    TIME_WITHOUT_OFFSET = "time_without_offset"
    END_BEFORE_START = "end_before_start"
    OTHER_EVSE = "other_evse"
    OTHER_TOKEN = "other_token"
    NO_ENERGY = "no_energy"
    MUCH_ENERGY = "much_energy"
    NEGATIVE_ENERGY = "negative_energy"
    METER_DIFFERS = "meter_differs"


FLAG_READS: dict[Flag, str] = {
    Flag.TWO_CDRS: "Two different CDRs came for this session. The first one counts, both are kept.",
    Flag.TIME_WITHOUT_OFFSET: "A time came without its offset from UTC: it is shown as written, and not converted.",
    Flag.END_BEFORE_START: "The end lies before the start.",
    Flag.OTHER_EVSE: "The messages name different EVSEs.",
    Flag.OTHER_TOKEN: "The messages name different tokens.",
    Flag.NO_ENERGY: "The CDR says 0 kWh.",
    Flag.MUCH_ENERGY: "More than 1,000 kWh: perhaps Wh sent as kWh.",
    Flag.NEGATIVE_ENERGY: "The energy is below zero.",
    Flag.METER_DIFFERS: "The energy is not the difference of the meter values.",
}


@dataclass(frozen=True)
class Piece:
    """One piece of evidence. ``digest`` names its content: two pieces of one digest are one said twice.

    ``contract_key`` is without the check character, which not everybody sends.
    """

    kind: Kind
    digest: str
    received_at: datetime
    times: Mapping[str, TimeSaid] = field(default_factory=dict)
    evse_id: str = ""
    uid_key: str = ""
    contract_key: str = ""
    operator_id: str = ""
    provider_id: str = ""
    cpo_session_id: str = ""
    msp_session_id: str = ""
    energy_kwh: Decimal | None = None
    meter_start_kwh: Decimal | None = None
    meter_end_kwh: Decimal | None = None


@dataclass(frozen=True)
class SessionState:
    """Instants are aware UTC. ``started_at`` is when we first heard, where nobody said a start that can be read."""

    grade: Grade
    started_at: datetime
    ended_at: datetime | None
    observed_at: datetime
    charging: bool
    evse_id: str
    uid_key: str
    contract_key: str
    operator_id: str
    provider_id: str
    cpo_session_id: str
    msp_session_id: str
    energy_kwh: Decimal | None
    meter_start_kwh: Decimal | None
    flags: tuple[Flag, ...]


_PROVE_CHARGING = frozenset({Kind.STARTED, Kind.PROGRESS, Kind.ENDED})
_WEIGHT = {kind: place for place, kind in enumerate(Kind)}


def fold(evidence: Collection[Piece]) -> SessionState:
    """The session as the evidence has it: any order, any repetition. Raises ValueError for no evidence."""
    if not evidence:
        raise ValueError("A session needs one piece of evidence at least.")
    pieces = _weightiest_first(evidence)
    kinds = {piece.kind for piece in pieces}
    return SessionState(
        grade=_grade(kinds),
        started_at=_start(pieces) or min(piece.received_at for piece in pieces),
        ended_at=_end(pieces),
        observed_at=max(piece.received_at for piece in pieces),
        charging=not kinds & {Kind.CDR, Kind.ENDED},
        evse_id=_first(pieces, lambda piece: piece.evse_id) or "",
        uid_key=_first(pieces, lambda piece: piece.uid_key) or "",
        contract_key=_first(pieces, lambda piece: piece.contract_key) or "",
        operator_id=_first(pieces, lambda piece: piece.operator_id) or "",
        provider_id=_first(pieces, lambda piece: piece.provider_id) or "",
        cpo_session_id=_first(pieces, lambda piece: piece.cpo_session_id) or "",
        msp_session_id=_first(pieces, lambda piece: piece.msp_session_id) or "",
        energy_kwh=_energy(pieces),
        meter_start_kwh=_first(pieces, lambda piece: piece.meter_start_kwh),
        flags=tuple(sorted(_flags(pieces))),
    )


def _weightiest_first(evidence: Iterable[Piece]) -> list[Piece]:
    """Each digest once, by weight; of one weight, what came first stands first."""
    unique: dict[str, Piece] = {}
    for piece in sorted(evidence, key=lambda piece: piece.received_at):
        unique.setdefault(piece.digest, piece)
    return sorted(unique.values(), key=lambda piece: (_WEIGHT[piece.kind], piece.received_at, piece.digest))


def _grade(kinds: set[Kind]) -> Grade:
    if Kind.CDR in kinds:
        return Grade.CDR
    return Grade.STARTED if kinds & _PROVE_CHARGING else Grade.AUTHORISED


def _first(pieces: Iterable[Piece], of: Callable[[Piece], Value | None]) -> Value | None:
    return next((value for piece in pieces if (value := of(piece)) not in (None, "")), None)


def _said(pieces: Iterable[Piece], name: str) -> datetime | None:
    return _first(pieces, lambda piece: piece.times[name].at if name in piece.times else None)


def _start(pieces: list[Piece]) -> datetime | None:
    return _said(pieces, "session_start") or _said(pieces, "charging_start")


def _end(pieces: list[Piece]) -> datetime | None:
    """A session ends with its CDR; where that says no instant, when it came."""
    cdrs = [piece for piece in pieces if piece.kind is Kind.CDR]
    if not cdrs:
        return None
    return _said(cdrs, "session_end") or _said(cdrs, "charging_end") or cdrs[0].received_at


def _energy(pieces: list[Piece]) -> Decimal | None:
    """The first CDR's, else the end's, else the furthest progress."""
    for kind in (Kind.CDR, Kind.ENDED):
        said = [piece.energy_kwh for piece in pieces if piece.kind is kind and piece.energy_kwh is not None]
        if said:
            return said[0]
    return max((piece.energy_kwh for piece in pieces if piece.energy_kwh is not None), default=None)


def _flags(pieces: list[Piece]) -> set[Flag]:
    cdrs = [piece for piece in pieces if piece.kind is Kind.CDR]
    odd = {
        Flag.TWO_CDRS: len(cdrs) > 1,
        Flag.TIME_WITHOUT_OFFSET: any(said.at is None for piece in pieces for said in piece.times.values()),
        Flag.END_BEFORE_START: any(_runs_backwards(piece) for piece in pieces),
        Flag.OTHER_EVSE: len({label_key(piece.evse_id) for piece in pieces if piece.evse_id}) > 1,
        # A card and its contract are not known to be one here: only like is held against like.
        Flag.OTHER_TOKEN: max(
            len({piece.uid_key for piece in pieces} - {""}), len({piece.contract_key for piece in pieces} - {""})
        )
        > 1,
        Flag.NO_ENERGY: any(piece.energy_kwh == 0 for piece in cdrs),
        Flag.MUCH_ENERGY: any((piece.energy_kwh or 0) > MOST_ENERGY_KWH for piece in pieces),
        Flag.NEGATIVE_ENERGY: any((piece.energy_kwh or 0) < 0 for piece in pieces),
        Flag.METER_DIFFERS: any(_meter_differs(piece) for piece in cdrs),
    }
    return {flag for flag, holds in odd.items() if holds}


def _runs_backwards(piece: Piece) -> bool:
    pairs = (("session_start", "session_end"), ("charging_start", "charging_end"))
    instants = ((_said([piece], begin), _said([piece], end)) for begin, end in pairs)
    return any(begin is not None and end is not None and end < begin for begin, end in instants)


def _meter_differs(piece: Piece) -> bool:
    if piece.energy_kwh is None or piece.meter_start_kwh is None or piece.meter_end_kwh is None:
        return False
    return piece.meter_end_kwh - piece.meter_start_kwh != piece.energy_kwh
